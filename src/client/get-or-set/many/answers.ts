import { invalidType } from '../../../errors.ts';
import { keyId } from '../../../protocol/keyed.ts';
import type { Key } from '../../keys.ts';
import type { ComputeContext } from '../computation.ts';

/** Values by key: a Map, pairs of a key and a value, or an object with the keys as its names. */
export type ByKey<TKey extends Key, TValue> = Iterable<readonly [TKey, TValue]> | { readonly [key: string]: TValue };

/** Makes the values of keys. `signal` is aborted when it has taken too long. */
export type ComputeMany<TKey extends Key, TValue> = (
  keys: TKey[],
  context: ComputeContext,
) => ByKey<TKey, TValue> | Promise<ByKey<TKey, TValue>>;

/** What a computation has answered, by the ids of the caller's keys. Throws `ERR_INVALID_ARGUMENT`. */
export function readAnswers(made: unknown): Map<string, unknown> {
  if (typeof made !== 'object' || made === null) throw nothingFound(made);
  const pairs = Symbol.iterator in made ? (made as Iterable<unknown>) : Object.entries(made);
  const answers = new Map<string, unknown>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || !isKey(pair[0])) throw nothingFound(pair);
    answers.set(keyId(pair[0]), pair[1]);
  }
  return answers;
}

function isKey(value: unknown): value is Key {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function nothingFound(found: unknown): Error {
  return invalidType('result of compute', 'a Map, pairs of a key and a value, or an object by key', found);
}
