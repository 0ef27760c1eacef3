import type { Engine } from '../client/engine.ts';
import type { Codec } from './codec.ts';
import type { Items } from './items.ts';
import type { CacheKeys } from './keys.ts';

/** What is behind a cache, for what else of this library is built on one. */
export interface Inside {
  readonly engine: Engine;
  readonly keys: CacheKeys;
  readonly codec: Codec;
  readonly items: Items;
}

export const INSIDE = new WeakMap<object, Inside>();

export function insideOf(cache: object): Inside {
  return INSIDE.get(cache) as Inside;
}
