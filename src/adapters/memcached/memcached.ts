import type { Statistics } from '../../index.ts';
import { notStored } from './failures.ts';
import type { ServerLocation } from './hash-ring.ts';
import type { FailureDetails } from './issues.ts';
import type { MemcachedOptions } from './options.ts';
import { CALLBACK, KEY, promised, Queries } from './queries.ts';
import {
  type Callback,
  type ListCallback,
  Query,
  type QueryParts,
  type ServerClient,
  type Validation,
} from './query.ts';
import {
  type CacheDump,
  type DumpedItem,
  define,
  type ServerStatus,
  type ServerVersion,
  toCacheDump,
  toItems,
  toSlabs,
  toStatus,
  toVersion,
} from './replies.ts';
import { decodeValue, encodeValue } from './values.ts';

/** A Unix time that is over: what a negative lifetime asks for. */
const EXPIRED = 1_000_000_000;

/** Anything but a function: `promisify` of `node:util` would take a method for one that has its callback there. */
type NoFunction = string | number | boolean | null | (object & { apply?: never });

type StoreType = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';

const VALUE: Validation[number] = ['value', String];
const LIFETIME: Validation[number] = ['lifetime', Number];

/**
 * The API of the npm package `memcached` 2.2 on this client's connections. Every method takes a callback last, as
 * there, or returns a promise without one. Keys, values and flags lie where `memcached` puts them.
 */
export class Memcached extends Queries {
  /** A value, `undefined` for a miss; of a list of keys what {@link Memcached.getMulti} has. */
  // biome-ignore lint/suspicious/noExplicitAny: what lies in the cache is the caller's to know, as in `memcached`.
  get(key: string | string[]): Promise<any>;
  get(key: string[], callback: ListCallback): void;
  get(key: string, callback: Callback): void;
  get(key: string | string[], callback?: Callback | ListCallback): unknown {
    if (Array.isArray(key)) return this.getMulti(key, callback as ListCallback);
    const full = this.namespace + key;
    const run: QueryParts['run'] = async (client, wireKey) => {
      const { value, flags } = await client.get(wireKey);
      return value === null ? undefined : decodeValue(value, flags);
    };
    return this.ask(callback as Callback | undefined, { type: 'get', key: full, line: () => `get ${full}`, run });
  }

  /** `{ [key]: value, cas }`, `undefined` for a miss. The key is there with its namespace. */
  // biome-ignore lint/suspicious/noExplicitAny: the same.
  gets(key: string): Promise<any>;
  gets(key: string, callback: Callback): void;
  gets(key: string, callback?: Callback): unknown {
    const full = this.namespace + key;
    const run: QueryParts['run'] = async (client, wireKey) => {
      const { value, flags, cas } = await client.get(wireKey, { cas: true });
      return value === null ? undefined : { [full]: decodeValue(value, flags), cas: String(cas) };
    };
    return this.ask(callback, { type: 'gets', key: full, line: () => `gets ${full}`, run });
  }

  /**
   * An object with the values of the keys that were found. The errors are a list, where servers failed or a value can't be
   * read; the promise rejects with the first when all servers failed.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the same.
  getMulti(keys: string[]): Promise<Record<string, any>>;
  getMulti(keys: string[], callback: ListCallback): void;
  getMulti(keys: string[], callback?: ListCallback): unknown {
    if (callback === undefined) {
      return promised((resolve, reject) => {
        this.#getMulti(keys, (errors, found, answered) => (errors && !answered ? reject(errors[0]) : resolve(found)));
      });
    }
    this.#getMulti(keys, (errors, found) => callback.call(undefined, errors, found));
    return undefined;
  }

  /** Without a callback `lifetime` may be left out: the value has none, then. */
  set(key: string, value: NoFunction): Promise<boolean>;
  set(key: string, value: unknown, lifetime: number): Promise<boolean>;
  set(key: string, value: unknown, lifetime: number, callback: Callback<boolean>): void;
  set(key: string, value: unknown, lifetime?: number, callback?: Callback<boolean>): unknown {
    return this.#store('set', key, value, callback === undefined ? (lifetime ?? 0) : lifetime, callback);
  }

  /** An error with `notStored` where the key has a value. */
  add(key: string, value: unknown, lifetime: number): Promise<boolean>;
  add(key: string, value: unknown, lifetime: number, callback: Callback<boolean>): void;
  add(key: string, value: unknown, lifetime: number, callback?: Callback<boolean>): unknown {
    return this.#store('add', key, value, lifetime, callback);
  }

  /** An error with `notStored` where the key has no value. */
  replace(key: string, value: unknown, lifetime: number): Promise<boolean>;
  replace(key: string, value: unknown, lifetime: number, callback: Callback<boolean>): void;
  replace(key: string, value: unknown, lifetime: number, callback?: Callback<boolean>): unknown {
    return this.#store('replace', key, value, lifetime, callback);
  }

  /** Stores a value unless it has changed since {@link Memcached.gets} gave this `cas`; `false` where it has. */
  cas(key: string, value: unknown, cas: string, lifetime: number): Promise<boolean>;
  cas(key: string, value: unknown, cas: string, lifetime: number, callback: Callback<boolean>): void;
  cas(key: string, value: unknown, cas: string, lifetime: number, callback?: Callback<boolean>): unknown {
    return this.#store('cas', key, value, lifetime, callback, cas);
  }

  /** An error with `notStored` where the key has no value. */
  append(key: string, value: NoFunction): Promise<boolean>;
  append(key: string, value: unknown, callback: Callback<boolean>): void;
  append(key: string, value: unknown, callback?: Callback<boolean>): unknown {
    return this.#store('append', key, value, 0, callback);
  }

  /** An error with `notStored` where the key has no value. */
  prepend(key: string, value: NoFunction): Promise<boolean>;
  prepend(key: string, value: unknown, callback: Callback<boolean>): void;
  prepend(key: string, value: unknown, callback?: Callback<boolean>): unknown {
    return this.#store('prepend', key, value, 0, callback);
  }

  /** The new number; `false` where there is none. */
  incr(key: string, amount: number): Promise<number | false>;
  incr(key: string, amount: number, callback: Callback<number | false>): void;
  incr(key: string, amount: number, callback?: Callback<number | false>): unknown {
    return this.#count('incr', key, amount, callback);
  }

  /** The new number, at least 0; `false` where there is none. */
  decr(key: string, amount: number): Promise<number | false>;
  decr(key: string, amount: number, callback: Callback<number | false>): void;
  decr(key: string, amount: number, callback?: Callback<number | false>): unknown {
    return this.#count('decr', key, amount, callback);
  }

  /** Whether there was something to delete. */
  del(key: string): Promise<boolean>;
  del(key: string, callback: Callback<boolean>): void;
  del(key: string, callback?: Callback<boolean>): unknown {
    const full = this.namespace + key;
    const run: QueryParts['run'] = (client, wireKey) => client.delete(wireKey);
    return this.ask(callback, {
      type: 'delete',
      key: full,
      redundancyEnabled: true,
      line: () => `delete ${full}`,
      run,
    });
  }

  /** Whether there was something to touch. */
  touch(key: string, lifetime: number): Promise<boolean>;
  touch(key: string, lifetime: number, callback: Callback<boolean>): void;
  touch(key: string, lifetime: number, callback?: Callback<boolean>): unknown {
    const full = this.namespace + key;
    const line = () => `touch ${full} ${lifetime}`;
    const run: QueryParts['run'] = (client, wireKey) => client.touch(wireKey, toExpires(lifetime));
    return this.ask(callback, { type: 'touch', key: full, lifetime, validate: [KEY, LIFETIME, CALLBACK], line, run });
  }

  /** `{ server, version, major, minor, bugfix }` of each server. */
  version(): Promise<ServerVersion[]>;
  version(callback: ListCallback<ServerVersion[]>): void;
  version(callback?: ListCallback): unknown {
    return this.askAll('version', callback, async (client, server) => toVersion(server, first(await client.version())));
  }

  /** Empties every server: `true` for each. */
  flush(): Promise<boolean[]>;
  flush(callback: ListCallback<boolean[]>): void;
  flush(callback?: ListCallback): unknown {
    return this.askAll('flush_all', callback, async (client) => {
      const result = first(await client.flush());
      if (result instanceof Error) throw result;
      return result;
    });
  }

  /** Statistics of each server. */
  stats(): Promise<ServerStatus[]>;
  stats(callback: ListCallback<ServerStatus[]>): void;
  stats(callback?: ListCallback): unknown {
    return this.#statistics('stats', '', toStatus, callback);
  }

  /** Settings of each server. */
  settings(): Promise<ServerStatus[]>;
  settings(callback: ListCallback<ServerStatus[]>): void;
  settings(callback?: ListCallback): unknown {
    return this.#statistics('stats settings', 'settings', toStatus, callback);
  }

  /** Statistics of each server's slab classes. */
  slabs(): Promise<ServerStatus[]>;
  slabs(callback: ListCallback<ServerStatus[]>): void;
  slabs(callback?: ListCallback): unknown {
    return this.#statistics('stats slabs', 'slabs', toSlabs, callback);
  }

  /** Statistics of the items in each server's slab classes. */
  items(): Promise<ServerStatus[]>;
  items(callback: ListCallback<ServerStatus[]>): void;
  items(callback?: ListCallback): unknown {
    return this.#statistics('stats items', 'items', toItems, callback);
  }

  /** Some items of a slab class of one server. */
  cachedump(server: string, slabid: number, number: number): Promise<CacheDump>;
  cachedump(server: string, slabid: number, number: number, callback: Callback<NonNullable<CacheDump>>): void;
  cachedump(server: string, slabid: number, number: number, callback?: Callback): unknown {
    const line = () => `stats cachedump ${slabid} ${number}`;
    const run: QueryParts['run'] = async (client) =>
      toCacheDump(first(await client.statsWithKey(`cachedump ${slabid} ${number}`)));
    const validate: Validation = [['number', Number], ['slabid', Number], CALLBACK];
    return this.ask(callback, { type: 'stats cachedump', number, slabid, validate, line, run }, server);
  }

  /** The same as `incr`, `decr`, `del`, `flush`, `settings`, `slabs` and `items`. */
  declare increment: Memcached['incr'];
  declare decrement: Memcached['decr'];
  declare delete: Memcached['del'];
  declare flushAll: Memcached['flush'];
  declare statsSettings: Memcached['settings'];
  declare statsSlabs: Memcached['slabs'];
  declare statsItems: Memcached['items'];

  #store(
    type: StoreType,
    key: string,
    value: unknown,
    lifetime: unknown,
    callback: Callback | undefined,
    cas?: string,
  ): Promise<unknown> | undefined {
    const full = this.namespace + key;
    const { text, flags, failure } = encoded(value);
    const length = Buffer.byteLength(text ?? '');
    const line = () =>
      `${[type, full, flags, lifetime, length, cas].filter((word) => word !== undefined).join(' ')}\r\n${text}`;
    const run: QueryParts['run'] = async (client, wireKey) => {
      if (failure !== undefined) throw failure;
      const { maxValue } = this.configuration;
      if (length > maxValue) throw new Error(`The length of the value is greater than ${maxValue}`);
      const options = { expires: toExpires(lifetime as number), flags };
      if (type === 'cas') return client.set(wireKey, text as string, { ...options, cas: toCas(cas) });
      if (type === 'append' || type === 'prepend') return stored(await client[type](wireKey, text as string));
      return stored(await client[type](wireKey, text as string, options));
    };
    const validate = [KEY, VALUE, LIFETIME, CALLBACK];
    return this.ask(callback, { type, key: full, value: text, lifetime, cas, validate, line, run });
  }

  #count(type: 'incr' | 'decr', key: string, amount: number, callback: Callback | undefined): unknown {
    const full = this.namespace + key;
    const method = type === 'incr' ? 'increment' : 'decrement';
    const run: QueryParts['run'] = async (client, wireKey) => {
      const exact = Number.isInteger(amount) && !Number.isSafeInteger(amount) ? BigInt(amount) : amount;
      const { success, value } = await client[method](wireKey, exact, { initial: null, bigint: true });
      return success && Number(value);
    };
    const validate: Validation = [KEY, ['value', Number], CALLBACK];
    const line = () => `${type} ${full} ${amount}`;
    return this.ask(callback, { type, key: full, value: amount, validate, redundancyEnabled: true, line, run });
  }

  #getMulti(
    keys: string[],
    settle: (errors: unknown[] | undefined, found: Record<string, unknown>, answered: boolean) => void,
  ): void {
    if (!Array.isArray(keys)) {
      settle([new Error('Argument "key" is not a valid Array.')], {}, false);
      return;
    }
    const found: Record<string, unknown> = {};
    const errors: unknown[] = [];
    let answered = false;
    if (keys.length === 0) settle(undefined, found, false);
    let waiting = -1;
    const fulls = keys.map((key) => this.namespace + key);
    this.multi(fulls, (server, group = [], _index, total) => {
      if (waiting < 0) waiting = total;
      const callback: Callback = (error, unreadable) => {
        if (!error) answered = true;
        if (error || unreadable) errors.push(error || unreadable);
        if (--waiting === 0) settle(errors.length > 0 ? errors : undefined, found, answered);
      };
      const validate: Validation = [['key', Array], CALLBACK];
      const line = () => `get ${group.join(' ')}`;
      const run: QueryParts['run'] = (client, _key, wireKeys) =>
        readMany(client, group, wireKeys, found, this.namespace);
      this.command(() => new Query({ type: 'get', key: group, validate, line, callback, run }), server);
    });
  }

  #statistics(
    type: string,
    group: string,
    make: (server: string, statistics: Statistics) => unknown,
    callback: ListCallback | undefined,
  ): unknown {
    return this.askAll(type, callback, async (client, server) =>
      make(server, first(group === '' ? await client.stats() : await client.statsWithKey(group))),
    );
  }
}

/** Types by the names that `@types/memcached` gives them. */
export declare namespace Memcached {
  type options = MemcachedOptions;
  type CommandData = Query;
  type EventNames = 'issue' | 'failure' | 'reconnecting' | 'reconnect' | 'remove';
  type IssueData = FailureDetails;
  type Location = ServerLocation;
  type StatusData = ServerStatus;
  type VersionData = ServerVersion;
  type CacheDumpData = DumpedItem;
}

const { prototype } = Memcached;
prototype.increment = prototype.incr;
prototype.decrement = prototype.decr;
prototype.delete = prototype.del;
prototype.flushAll = prototype.flush;
prototype.statsSettings = prototype.settings;
prototype.statsSlabs = prototype.slabs;
prototype.statsItems = prototype.items;

export default Memcached;

/**
 * Puts the values that are found among others, each by its key without the namespace. Resolves with what is wrong with the
 * first of them that can't be read, if there is one.
 */
async function readMany(
  client: ServerClient,
  keys: readonly string[],
  wireKeys: string[],
  found: Record<string, unknown>,
  namespace: string,
): Promise<unknown> {
  const hits = await client.getMulti(wireKeys);
  let unreadable: unknown;
  for (let i = 0; i < keys.length; i++) {
    const hit = hits.get(wireKeys[i] as string);
    if (hit === undefined || hit.value === null) continue;
    const key = (keys[i] as string).slice(namespace.length);
    try {
      const value = decodeValue(hit.value, hit.flags);
      // What would be the object's prototype is defined, which takes long; all other names are assigned.
      if (key !== '__proto__') found[key] = value;
      else define(found, key, value);
    } catch (error) {
      unreadable ??= error;
    }
  }
  return unreadable;
}

/** A value as it is stored, or what JSON could not do with it. */
function encoded(value: unknown): { text: string | undefined; flags: number; failure?: unknown } {
  try {
    const { text, flags = 0 } = encodeValue(value) ?? {};
    return { text, flags };
  } catch (failure) {
    return { text: '', flags: 0, failure };
  }
}

function stored(done: boolean): true {
  if (!done) throw notStored();
  return true;
}

/** The one server's response. */
function first<T>(answers: Record<string, T>): T {
  return Object.values(answers)[0] as T;
}

function toExpires(lifetime: number): number {
  return lifetime < 0 ? EXPIRED : lifetime;
}

/** Programs that keep it as a number get what that stands for. */
function toCas(cas: unknown): bigint {
  if (!/^\d+$/.test(String(cas))) throw new Error('Argument "cas" is not a valid String.');
  return BigInt(String(cas));
}
