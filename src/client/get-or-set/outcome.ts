import { type ErrorCode, invalid, MemcacheError } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import type { StoreItem } from '../../protocol/request.ts';
import type { Serializer } from '../../serializers/serializer.ts';
import { fillItem, toItem } from '../commands/store.ts';
import type { Engine } from '../engine.ts';
import { Copies, storedOf } from './copies.ts';
import { type Life, lifeOf, type Plan } from './plan.ts';

/** What a computation came to, as it is stored. */
export interface ToStore {
  item: StoreItem;
  life: Life;
}

/** What is stored of what was made; nothing of a `null` that is not kept. Throws what the serializer can't write. */
export async function toStored(engine: Engine, made: unknown, plan: Plan): Promise<ToStore | undefined> {
  const isMiss = made === null || made === undefined;
  if (isMiss && plan.misses === 0) return undefined;
  const life = lifeOf(plan, isMiss);
  const item: StoreItem = { value: '', flags: 0, expiration: 0 };
  await fillItem(item, Op.Set, isMiss ? null : made, { expires: life.whole }, engine);
  return { item, life };
}

/** Serializers that give `null` back for a stored `null`. */
const takesNull = new WeakMap<Serializer<unknown, unknown>, boolean>();

/** Throws `ERR_INVALID_ARGUMENT` where `null` is to be kept by a serializer that does not take it. */
export function checkMisses({ misses }: Plan, engine: Engine): void {
  if (misses === 0) return;
  const { serializer } = engine;
  const takes = takesNull.get(serializer) ?? keepsNull(engine);
  takesNull.set(serializer, takes);
  if (!takes) throw invalid('misses', 'left out, since the serializer can not store null', misses);
}

function keepsNull(engine: Engine): boolean {
  try {
    return new Copies(engine, storedOf(toItem(Op.Set, null, { expires: 0 }, engine))).isMiss;
  } catch {
    return false;
  }
}

/** Errors with which a server refuses a value, so that it is there to take the right to make it back. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['ERR_VALUE_TOO_LARGE', 'ERR_OUT_OF_MEMORY', 'ERR_SERVER']);

export function isRefusal(error: unknown): boolean {
  return error instanceof MemcacheError && REFUSALS.has(error.code);
}

/** Logs what went wrong with the cache while the caller has its value. */
export function logFailure(engine: Engine, what: string, error: unknown): void {
  if (error instanceof MemcacheError && error.code === 'ERR_CLOSED') return;
  const [reason, server] =
    error instanceof MemcacheError ? [error.message, error.server] : ['the computation failed', undefined];
  engine.log.failure(server ?? '', `memts: A value for getOrSet could not be ${what}: ${reason}`);
}
