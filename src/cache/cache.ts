import { EventEmitter } from 'node:events';
import { untilAborted } from '../client/aborts.ts';
import { type AnyClient, engineOf } from '../client/any-client.ts';
import { checkIterable } from '../client/commands/multi.ts';
import type { Engine } from '../client/engine.ts';
import { type Emitter, emitBy } from '../client/events.ts';
import type { Stored } from '../client/get-or-set/stored.ts';
import { checkOptions } from '../client/options.ts';
import { checkFunction } from '../errors.ts';
import type { StructuredInput } from '../serializers/structured.ts';
import { Codec } from './codec.ts';
import { Computations, hasTags, type Note, type Task } from './computations.ts';
import type { Encoded } from './envelope.ts';
import { deleteHome, orRepaired } from './home.ts';
import { INSIDE } from './inside.ts';
import { Items } from './items.ts';
import { CacheKeys } from './keys.ts';
import { Loader, type LoadMany } from './loader.ts';
import { eachNear, Near } from './near.ts';
import {
  type CacheCompute,
  type CacheEvents,
  type CacheGetOptions,
  type CacheGetOrSetOptions,
  type CacheOptions,
  type CacheSetOptions,
  type CacheWrapOptions,
  type CallPlan,
  checkTags,
  type InvalidateTagsOptions,
  type SchemaOutput,
  toCallPlan,
} from './options.ts';
import { Parts } from './parts.ts';
import { type Schema, validated } from './schema.ts';
import type { CacheStats } from './stats.ts';
import { Versions } from './versions.ts';

// biome-ignore lint/correctness/noUnusedVariables: the parameters have to be those of the class.
export interface Cache<TIn = StructuredInput, TOut = unknown> extends Emitter<CacheEvents> {}

/**
 * A cache for an application, on a client of memcached. `undefined` is a miss, `null` a value.
 *
 * Reads never fail because a server is away: it is a miss, an event `error` and a number in `stats()`. Writes and
 * invalidations reject then. Each key and each tag belongs to one server and never fails over, so that no second copy can
 * be missed by an invalidation. Invalid arguments reject with `ERR_INVALID_ARGUMENT` or `ERR_INVALID_KEY`.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are there, by emitBy.
export class Cache<TIn = StructuredInput, TOut = unknown> {
  readonly #engine: Engine;
  /** A call's options with the defaults of the cache; throws `ERR_INVALID_ARGUMENT`. */
  readonly #toPlan: (options: CacheGetOrSetOptions | undefined) => CallPlan;
  readonly #keys: CacheKeys;
  readonly #versions: Versions;
  readonly #codec: Codec;
  readonly #items: Items;
  readonly #near: Near | undefined;
  readonly #computations: Computations;
  readonly #events = new EventEmitter();
  readonly #stats: CacheStats = {
    hits: 0,
    near: 0,
    revalidated: 0,
    misses: 0,
    computed: 0,
    stale: 0,
    unreadable: 0,
    errors: 0,
    bytes: 0,
  };

  /** Throws `ERR_INVALID_ARGUMENT` for what is no client, and for invalid options. */
  constructor(client: AnyClient, options: CacheOptions<TIn, TOut> = {}) {
    // Not in a static block, with which bundlers can't leave out a cache that nobody uses.
    emitBy(Cache.prototype, (cache) => cache.#events);
    // Those of a client have the same serializer.
    checkOptions(options);
    const engine = engineOf(client);
    toCallPlan({}, options, engine);
    const defaults = { ...options };
    this.#toPlan = (given) => toCallPlan(defaults, given, engine);
    this.#engine = engine;
    const keys = new CacheKeys(engine, options.namespace ?? '');
    this.#keys = keys;
    this.#versions = new Versions(engine);
    this.#near = options.near ? new Near(engine, options.near) : undefined;
    // What goes in is checked by the types where values are stored.
    const codec = new Codec(options.serializer as never, Boolean(this.#near), engine);
    this.#codec = codec;
    const items = new Items(engine, keys, this.#versions, new Parts(engine, keys, options), this.#near, this.#stats);
    this.#items = items;
    INSIDE.set(this, { engine, keys, codec, items });
    this.#computations = new Computations(engine, items, codec, (what, error) => this.#note(what, error));
  }

  /** The value of a key, `undefined` for a miss. `get<User>(key)` says what it is, unless a schema does. */
  get<TSchema extends Schema>(
    key: string,
    options: CacheGetOptions<TSchema> & { schema: TSchema },
  ): Promise<SchemaOutput<TSchema> | undefined>;
  get<T = TOut>(key: string, options?: CacheGetOptions<undefined>): Promise<T | undefined>;
  get(key: string, options?: CacheGetOptions): Promise<unknown> {
    // What is at hand takes no step more than it must.
    const stored = options === undefined ? this.#near?.atHand(key) : undefined;
    const value = stored && this.#codec.known(stored);
    if (value === undefined) return this.#get(key, options);
    this.#stats.near++;
    this.#stats.hits++;
    return Promise.resolve(value);
  }

  async #get(key: string, options: CacheGetOptions | undefined): Promise<unknown> {
    const schema = this.#schemaOf(options);
    return this.#engine.calls.hold(() => this.#find(key, schema));
  }

  /** The values of many keys: a `Map` of the hits. */
  getMany<TSchema extends Schema>(
    keys: Iterable<string>,
    options: CacheGetOptions<TSchema> & { schema: TSchema },
  ): Promise<Map<string, SchemaOutput<TSchema>>>;
  getMany<T = NonNullable<TOut>>(keys: Iterable<string>, options?: CacheGetOptions<undefined>): Promise<Map<string, T>>;
  async getMany(keys: Iterable<string>, options?: CacheGetOptions): Promise<Map<string, unknown>> {
    const schema = this.#schemaOf(options);
    checkIterable(keys);
    return this.#engine.calls.hold(() => present(keys, (key) => this.#find(key, schema)));
  }

  /** Whether a key has a value. */
  async has(key: string): Promise<boolean> {
    const wire = this.#keys.value(key);
    if (this.#near?.trusted(wire)) return true;
    return (await this.#engine.calls.hold(() => this.#computations.look(wire)))?.worth === 'fresh';
  }

  /** Stores a value; rejects when its server is away. */
  async set(key: string, value: TIn, options?: CacheSetOptions): Promise<true> {
    const call = this.#toPlan(options);
    await this.#store(this.#keys.value(key), this.#codec.encode(value), call);
    return true;
  }

  /** Stores many values alike; rejects when one of their servers is away, with the others stored. */
  async setMany(entries: Iterable<readonly [key: string, value: TIn]>, options?: CacheSetOptions): Promise<true> {
    const call = this.#toPlan(options);
    // Where a key stands twice, the last value counts.
    const values = new Map(checkIterable(entries));
    const encoded = Array.from(values, ([key, value]) => [this.#keys.value(key), this.#codec.encode(value)] as const);
    await all(encoded.map(([wire, item]) => this.#store(wire, item, call)));
    return true;
  }

  /** Deletes a value; whether there was an item. Rejects when its server is away. */
  async delete(key: string): Promise<boolean> {
    return this.#delete(this.#keys.value(key));
  }

  /** Deletes many values, by key whether there was an item; rejects when one of their servers is away. */
  async deleteMany(keys: Iterable<string>): Promise<Map<string, boolean>> {
    const wires = Array.from(new Set(checkIterable(keys)), (key) => [key, this.#keys.value(key)] as const);
    return new Map(await all(wires.map(async ([key, wire]) => [key, await this.#delete(wire)] as const)));
  }

  /**
   * The value of a key; where there is none, `compute` makes it, once at a time for a key among all processes. What it
   * throws reaches all who wait and stores nothing, and so does what `schema` refuses of it. `undefined` is not stored.
   */
  getOrSet<TSchema extends Schema>(
    key: string,
    compute: CacheCompute<unknown>,
    options: CacheGetOrSetOptions<TSchema> & { schema: TSchema },
  ): Promise<SchemaOutput<TSchema>>;
  getOrSet<T extends TIn | null | undefined>(
    key: string,
    compute: CacheCompute<T>,
    options?: CacheGetOrSetOptions<undefined>,
  ): Promise<Stored<T, TOut>>;
  async getOrSet(key: string, compute: CacheCompute<unknown>, options?: CacheGetOrSetOptions): Promise<unknown> {
    checkFunction('compute', compute);
    return untilAborted(this.#compute(key, compute, this.#toPlan(options)), options?.signal);
  }

  /**
   * The values of many ids, as a `Map` by id: `keyOf` says under which key each is, and `load` makes those that are
   * missing, in one call, as a `Map` by id or as an array in the order of the ids that it was given. What it has no value
   * for, or `undefined`, is left out.
   */
  getOrSetMany<TId, TSchema extends Schema>(
    ids: Iterable<TId>,
    keyOf: (id: TId) => string,
    load: LoadMany<TId, unknown>,
    options: CacheGetOrSetOptions<TSchema> & { schema: TSchema },
  ): Promise<Map<TId, SchemaOutput<TSchema>>>;
  getOrSetMany<TId, T extends TIn | null | undefined>(
    ids: Iterable<TId>,
    keyOf: (id: TId) => string,
    load: LoadMany<TId, T>,
    options?: CacheGetOrSetOptions<undefined>,
  ): Promise<Map<TId, Exclude<Stored<T, TOut>, undefined>>>;
  async getOrSetMany<TId>(
    ids: Iterable<TId>,
    keyOf: (id: TId) => string,
    load: LoadMany<TId, unknown>,
    options?: CacheGetOrSetOptions,
  ): Promise<Map<TId, unknown>> {
    checkFunction('keyOf', keyOf);
    checkFunction('load', load);
    const call = this.#toPlan(options);
    const keys = new Map(Array.from(new Set(checkIterable(ids)), (id) => [id, keyOf(id)]));
    for (const key of keys.values()) this.#keys.value(key);
    const loader = new Loader(load, keys.keys());
    const served = present(keys.keys(), (id) => {
      const passed = (): void => loader.passed(id);
      const compute = ({ signal }: { signal: AbortSignal }): unknown => loader.load(id, signal);
      return this.#compute(keys.get(id) as string, compute, call, passed).finally(passed);
    });
    return untilAborted(served, options?.signal);
  }

  /** A function with the cache before it: what it returns for a key is computed once. */
  wrap<TArguments extends readonly unknown[], TSchema extends Schema>(
    compute: (...given: TArguments) => unknown,
    options: CacheWrapOptions<TArguments, TSchema> & { schema: TSchema },
  ): (...given: TArguments) => Promise<SchemaOutput<TSchema>>;
  wrap<TArguments extends readonly unknown[], T extends TIn | null | undefined>(
    compute: (...given: TArguments) => T | Promise<T>,
    options: CacheWrapOptions<TArguments, undefined>,
  ): (...given: TArguments) => Promise<Stored<T, TOut>>;
  wrap<TArguments extends readonly unknown[]>(
    compute: (...given: TArguments) => unknown,
    options: CacheWrapOptions<TArguments, Schema | undefined>,
  ): (...given: TArguments) => Promise<unknown> {
    checkFunction('function to wrap', compute);
    checkFunction('option key', options?.key);
    const { key: keyOf, tags, ...others } = options;
    const cache = this;
    // What `key` and `tags` throw is a rejection, too.
    return async function (this: unknown, ...given: TArguments) {
      const own = { ...others, tags: typeof tags === 'function' ? tags(...given) : tags };
      return cache.getOrSet(
        keyOf(...given),
        () => compute.apply(this, given as never) as never,
        own as CacheSetOptions,
      );
    };
  }

  /**
   * Invalidates all values with one of these tags, for all processes, by one command a tag. A read that begins after it
   * has resolved gives none of them. Rejects when the server of a tag is away.
   */
  async invalidateTags(tags: readonly string[], options: InvalidateTagsOptions = {}): Promise<void> {
    const { staleFor } = toCallPlan({ expires: 1 }, options, this.#engine).plan;
    const ended = new Set(checkTags(tags));
    const keys = Array.from(ended, (tag) => this.#keys.tag(tag));
    await this.#ending(
      (stored) => stored.tags.some(([tag]) => ended.has(tag)),
      () => all(keys.map((key) => (staleFor > 0 ? this.#versions.endSoftly(key, staleFor) : this.#versions.end(key)))),
    );
  }

  /** Invalidates the whole namespace, on every server and for all processes, by one command. */
  async clear(): Promise<void> {
    await this.#ending(
      () => true,
      () => this.#versions.end(this.#keys.version),
    );
  }

  /** What this cache has done so far. */
  stats(): CacheStats {
    return { ...this.#stats, bytes: this.#near?.bytes ?? 0 };
  }

  /** Throws for invalid options. */
  #schemaOf(options: CacheGetOptions | undefined): Schema | undefined {
    return options === undefined ? undefined : this.#toPlan(options).schema;
  }

  async #find(key: string, schema: Schema | undefined): Promise<unknown> {
    const wire = this.#keys.value(key);
    let value: unknown;
    try {
      const stored = this.#near?.trusted(wire);
      if (stored) value = await this.#readNear(stored, schema);
      else {
        const found = await this.#computations.look(wire, this.#near?.admits(wire, key));
        if (found?.stored && found.worth === 'fresh') value = await this.#read(found.stored, found.shared, schema);
      }
    } catch (error) {
      this.#note('unreadable', error);
    }
    return this.#count(value);
  }

  #readNear(stored: Encoded, schema: Schema | undefined): unknown {
    this.#stats.near++;
    return this.#read(stored, true, schema);
  }

  #read(encoded: Encoded, shared: boolean, schema: Schema | undefined): unknown {
    const value = this.#codec.decode(encoded, shared);
    return schema ? validated(schema, value) : value;
  }

  async #store(wire: string, encoded: Encoded, { plan, tags }: CallPlan): Promise<void> {
    const items = this.#items;
    await this.#writing(wire, async () => {
      const putting = { encoded, ground: await items.ground(tags), plan, isMiss: false };
      await items.put(putting, (item) => items.store(wire, item));
    });
  }

  #delete(wire: string): Promise<boolean> {
    return this.#writing(wire, () => deleteHome(this.#engine, wire));
  }

  /** Whatever this client has in memory that rests on what ends is not given from here on. */
  async #ending(restsOnIt: Parameters<Near['forget']>[0], end: () => Promise<unknown>): Promise<void> {
    const forget = (): void => eachNear(this.#engine, (near) => near.forget(restsOnIt));
    forget();
    try {
      await this.#engine.calls.hold(end);
    } finally {
      forget();
    }
  }

  /** Nobody joins a computation that was begun before a write of this client. */
  #writing<T>(wire: string, write: () => Promise<T>): Promise<T> {
    const { watched } = this.#engine;
    return this.#engine.calls.hold(async () => {
      watched.written(wire);
      try {
        return await this.#items.writing(wire, () => orRepaired(this.#engine, wire, write));
      } finally {
        watched.written(wire);
      }
    });
  }

  async #compute(key: string, compute: Task['compute'], call: CallPlan, onWait?: () => void): Promise<unknown> {
    const wire = this.#keys.value(key);
    const { schema, tags } = call;
    const stored = this.#near?.trusted(wire);
    try {
      if (stored && hasTags(stored, tags)) return this.#count(await this.#readNear(stored, schema));
    } catch (error) {
      this.#note('unreadable', error);
    }
    const admitted = this.#near?.admits(wire, key);
    const read = async (encoded: Encoded, shared: boolean): Promise<unknown> => this.#read(encoded, shared, schema);
    const task = { ...call, key: wire, compute, admitted, read, onWait };
    const { value, from } = await this.#engine.calls.hold((caller) => this.#computations.run(task, caller));
    this.#stats[from]++;
    return value;
  }

  #count(value: unknown): unknown {
    this.#stats[value === undefined ? 'misses' : 'hits']++;
    return value;
  }

  /** An `error` that nobody listens to would throw. */
  #note(what: Parameters<Note>[0], error?: unknown): void {
    this.#stats[what]++;
    if (what !== 'computed' && this.#events.listenerCount('error')) this.#events.emit('error', error);
  }
}

/** What there is for keys, each asked for once. */
async function present<TKey>(keys: Iterable<TKey>, find: (key: TKey) => Promise<unknown>): Promise<Map<TKey, unknown>> {
  const pairs = Array.from(new Set(keys), async (key) => [key, await find(key)] as const);
  return new Map((await Promise.all(pairs)).filter(([, value]) => value !== undefined));
}

/** Waits for all, and then rejects with the error of the first that has failed. */
async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
