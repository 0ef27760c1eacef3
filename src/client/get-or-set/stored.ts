import type { JsonOutput } from '../../serializers/json.ts';
import type { JsonForm } from '../../serializers/json-form.ts';

/**
 * What comes back of a value of type `T` through a serializer that gives `TOut`: the same type where it gives whatever
 * went in (`unknown`), the JSON form with `jsonSerializer`, a `Buffer` without a serializer. `null` and `undefined`
 * stay what they are.
 */
export type Stored<T, TOut> = Extract<T, null | undefined> | OfSerializer<Widened<NonNullable<T>>, TOut>;

/** The same where `misses` keeps what is `undefined` as `null`. */
export type StoredWithMisses<T, TOut> = Stored<undefined extends T ? Exclude<T, undefined> | null : T, TOut>;

type OfSerializer<T, TOut> = [T] extends [never]
  ? never
  : unknown extends TOut
    ? T
    : JsonOutput extends TOut
      ? JsonForm<T>
      : NonNullable<TOut>;

type IsUnion<T, TAll = T> = T extends unknown ? ([TAll] extends [T] ? false : true) : never;

/** `string` of `'text'`: what was made this time need not be what lies in the cache. Unions were meant as they are. */
type Widened<T> = [IsUnion<T>] extends [false] ? Primitive<T> : T;

type Primitive<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends bigint
      ? bigint
      : T extends boolean
        ? boolean
        : T;
