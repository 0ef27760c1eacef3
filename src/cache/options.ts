import { checkCommandOptions } from '../client/commands/command.ts';
import type { Engine } from '../client/engine.ts';
import { type GetOrSetOptions, type Plan, toPlan } from '../client/get-or-set/plan.ts';
import { invalid, invalidType } from '../errors.ts';
import { checkWellFormed } from '../protocol/request.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { plain } from './keys.ts';
import { MOST_TAGS } from './limits.ts';
import type { NearOptions } from './near.ts';
import type { PartOptions } from './parts.ts';
import type { Schema } from './schema.ts';

/** For how long what is stored lives; all times are in seconds. */
export interface Lifetimes {
  /** How long a value is fresh; 0 is for ever. @default the client's `expires` */
  expires?: number | undefined;
  /** How long after that `getOrSet` may still serve it while one caller makes a new one. @default 0 */
  staleFor?: number | undefined;
  /** How far `expires` is shortened by chance, from 0 to 1: at 0.1 up to a tenth. @default 0 */
  jitter?: number | undefined;
}

/** Options of {@link Cache}; those of `getOrSet` and `set` are defaults of theirs. */
export interface CacheOptions<TIn = unknown, TOut = unknown> extends Lifetimes, PartOptions {
  /** The prefix of its keys, and what `clear` clears. @default '' */
  namespace?: string | undefined;
  /** For how long a computed `null` is kept, in seconds; 0 is not at all. @default `expires` */
  misses?: number | undefined;
  /** How long a computation may take, after which another process takes over, in seconds. @default 30 */
  lockFor?: number | undefined;
  /** Turns values into bytes and back; the client's own has no part in it. @default structuredSerializer() */
  serializer?: Serializer<TIn, TOut> | undefined;
  /** Values in memory, before the servers; `true` has the defaults. @default none */
  near?: NearOptions | true | undefined;
}

/** Options of `set` and `setMany`. */
export interface CacheSetOptions extends Lifetimes {
  /** What invalidates the value: at most 100 texts. */
  tags?: readonly string[] | undefined;
}

/** Options of `get` and `getMany`. */
export interface CacheGetOptions<TSchema extends Schema | undefined = Schema | undefined> {
  /** A Standard Schema, as of zod, valibot or arktype: a value that it refuses is a miss. */
  schema?: TSchema;
}

/** Options of `getOrSet`. */
export interface CacheGetOrSetOptions<TSchema extends Schema | undefined = Schema | undefined>
  extends CacheSetOptions,
    CacheGetOptions<TSchema> {
  /** As that of the cache. */
  misses?: number | undefined;
  /** As that of the cache. */
  lockFor?: number | undefined;
  /** Ends this call's wait; the computation goes on for the others. */
  signal?: AbortSignal | undefined;
}

/** Makes the value of a key. `signal` is aborted when it has taken too long. */
export type CacheCompute<T> = (context: { signal: AbortSignal }) => T | Promise<T>;

/** What a schema makes of a value. */
export type SchemaOutput<TSchema> = TSchema extends Schema<infer TOut> ? TOut : never;

/** Options of `wrap`. */
export interface CacheWrapOptions<TArguments extends readonly unknown[], TSchema extends Schema | undefined>
  extends Omit<CacheGetOrSetOptions<TSchema>, 'tags' | 'signal'> {
  /** The key for the arguments of a call. */
  key: (...given: TArguments) => string;
  /** The tags, or what makes them of the arguments of a call. */
  tags?: readonly string[] | ((...given: TArguments) => readonly string[]) | undefined;
}

/** Options of `invalidateTags`. */
export interface InvalidateTagsOptions {
  /** For how many seconds `getOrSet` still serves the old values, while one caller makes a new one. @default 0 */
  staleFor?: number | undefined;
}

/** Events of a cache. */
export interface CacheEvents {
  /** A read that became a miss, or something that was not stored: the server's error, or what could not be read. */
  error: [error: Error];
}

/** Tags, each once and percent-encoded, and at most so many. Throws `ERR_INVALID_ARGUMENT`. */
export function checkTags(tags: unknown, most?: number): string[] {
  if (!Array.isArray(tags)) throw invalidType('tags', 'an array of strings', tags);
  const distinct = new Set<string>();
  for (const tag of tags as unknown[]) {
    if (typeof tag !== 'string' || !tag) throw invalidType('tag', 'a non-empty string', tag);
    checkWellFormed(tag);
    distinct.add(plain(tag));
  }
  if (most && distinct.size > most) throw invalid('tags', `at most ${most} of them`, distinct.size);
  return [...distinct];
}

/** Defaults with the options of a call over them. */
export interface CallPlan {
  readonly plan: Plan;
  readonly tags: readonly string[];
  readonly schema: Schema | undefined;
  /** Whether a computed `null` lives for `plan.misses`. */
  readonly limitsMisses: boolean;
}

/** What a call takes from the cache where its own options lack it. */
const DEFAULTED = ['expires', 'staleFor', 'jitter', 'misses', 'lockFor'] as const;

/** Throws `ERR_INVALID_ARGUMENT` for invalid options, and an aborted signal's reason. */
export function toCallPlan(
  defaults: CacheOptions,
  options: CacheGetOrSetOptions | undefined,
  engine: Engine,
): CallPlan {
  const given = options ?? {};
  checkCommandOptions(given, engine.log);
  const merged: GetOrSetOptions = {};
  for (const name of DEFAULTED) merged[name] = given[name] ?? defaults[name];
  const plan = toPlan(merged, engine);
  const { schema } = given;
  if (schema !== undefined && schema !== null && typeof schema['~standard']?.validate !== 'function') {
    throw invalidType('schema', 'a Standard Schema', schema);
  }
  return {
    plan,
    tags: checkTags(given.tags ?? [], MOST_TAGS),
    schema: schema ?? undefined,
    limitsMisses: merged.misses !== undefined,
  };
}
