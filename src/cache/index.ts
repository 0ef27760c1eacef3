export type {
  CacheCompute,
  CacheEvents,
  CacheWrapOptions,
  InvalidateTagsOptions,
  SchemaOutput,
} from './cache.ts';
export { Cache } from './cache.ts';
export type { LoadMany } from './loader.ts';
export type { NearOptions } from './near.ts';
export type { CacheGetOptions, CacheGetOrSetOptions, CacheOptions, CacheSetOptions, Lifetimes } from './options.ts';
export type { Schema } from './schema.ts';
export type { CacheStats } from './stats.ts';
