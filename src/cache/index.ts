export { Cache } from './cache.ts';
export type { LoadMany } from './loader.ts';
export type { NearOptions } from './near.ts';
export type {
  CacheCompute,
  CacheEvents,
  CacheGetOptions,
  CacheGetOrSetOptions,
  CacheOptions,
  CacheSetOptions,
  CacheWrapOptions,
  InvalidateTagsOptions,
  Lifetimes,
  SchemaOutput,
} from './options.ts';
export type { PartOptions } from './parts.ts';
export type { Schema } from './schema.ts';
export type { CacheStats } from './stats.ts';
