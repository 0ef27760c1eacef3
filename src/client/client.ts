import { makeServers, type ServerList } from '../cluster/server-list.ts';
import { Op } from '../protocol/op.ts';
import type { ErrorOrNull } from './commands/callback.ts';
import { ChangeCommand, type ChangeOptions, TouchCommand } from './commands/change.ts';
import { type CommandOptions, NO_OPTIONS } from './commands/command.ts';
import { CountCommand, type CounterResult, type IncrementDecrementOptions } from './commands/count.ts';
import { InspectCommand, type Inspection } from './commands/inspect.ts';
import { deleteMulti, type GetMultiOptions, getMulti, type SetMultiOptions, setMulti } from './commands/multi.ts';
import type { MultiResult } from './commands/multi-call.ts';
import {
  type Found,
  type GetIfChangedOptions,
  type GetIfChangedResult,
  type GetOptions,
  type GetResult,
  type GetWithCasResult,
  type Narrowed,
  ReadCommand,
  ReadIfChangedCommand,
  TouchingReadCommand,
} from './commands/read.ts';
import { AppendCommand, type InsertOptions, StoreCommand } from './commands/store.ts';
import { type UpdateOptions, update } from './commands/update.ts';
import { type Compute, GetOrSet } from './get-or-set/get-or-set.ts';
import { type InvalidateOptions, invalidate } from './get-or-set/invalidate.ts';
import type { ComputeMany } from './get-or-set/many/answers.ts';
import { getOrSetMulti } from './get-or-set/many/get-or-set-multi.ts';
import type { GetOrSetOptions } from './get-or-set/plan.ts';
import type { Stored, StoredWithMisses } from './get-or-set/stored.ts';
import { hintAtServers } from './hints.ts';
import type { Key } from './keys.ts';
import {
  counterArguments,
  expirationFirst,
  insertArguments,
  optionsFirst,
  toInsertOptions,
  toOptions,
  trailing,
} from './memjs/arguments.ts';
import { type ClientOptions, checkOptions, copyOptions } from './options.ts';
import { ServerCommands } from './server-commands.ts';

type SuccessCallback = (error: ErrorOrNull, success: boolean | null) => void;
type CounterCallback = (error: ErrorOrNull, success: boolean | null, value?: number | null) => void;
type InspectCallback = (error: ErrorOrNull, found: Inspection | null) => void;
type GetCallback<T> = (error: ErrorOrNull, value: T, flags: Buffer | null) => void;

/**
 * A memcached client. Each command takes a callback last or, without one, returns a promise; whatever goes wrong, bad
 * arguments included, reaches the callback or the promise as an error, nearly always a `MemcacheError`. Any command may end
 * with `ERR_TIMEOUT`, `ERR_CONNECT`, `ERR_CLOSED`, `ERR_NO_SERVERS`, `ERR_INVALID_KEY` or `ERR_INVALID_ARGUMENT`; what else
 * one may end with is said there. All times are in seconds. Names in quotes are sections of memcached's `protocol.txt`.
 */
export class Client<TIn = string | Uint8Array, TOut = Buffer | null> extends ServerCommands<TIn, TOut> {
  /** Made when it is first used, as its code is loaded then. */
  #getOrSet: GetOrSet | undefined;

  /**
   * A client for a list of servers: `[user:pass@]host[:port[:weight]],…`, `memcached://` URLs, unix sockets, or an array
   * of these and of objects. Left out, it is `MEMCACHIER_SERVERS`, then `MEMCACHE_SERVERS`, then `localhost:11211`.
   * Nothing is connected yet. Throws `ERR_INVALID_ARGUMENT` for invalid servers or options.
   */
  static create<TIn = string | Uint8Array, TOut = Buffer | null>(
    servers?: ServerList | null,
    options?: ClientOptions<TIn, TOut> | null,
  ): Client<TIn, TOut> {
    checkOptions(options ?? {});
    // Servers made by hand speak the binary protocol, as MemJS's do; these find out what theirs speaks.
    const given = { ...copyOptions(options ?? {}), protocol: options?.protocol ?? 'auto' };
    const found = servers || !options?.discovery ? makeServers(servers, given) : [];
    const client = new Client<TIn, TOut>(found, given);
    hintAtServers(servers, client.engine.log);
    return client;
  }

  /**
   * Reads a key ("Retrieval command"); a miss is `null` for value and flags. `get<User>(key)` says what the value is.
   * With `ifNoneMatch`, the CAS of a value that the caller has, `unchanged` says whether that is still the one: then it
   * is not sent again (by memcached from 1.6.40 on, over the meta protocol). Such a CAS is good for the run of the server
   * that it came from. A server that has CAS switched off makes it `ERR_UNSUPPORTED`.
   */
  get<T extends Narrowed<TOut> = TOut>(
    key: Key,
    options: GetIfChangedOptions,
  ): Promise<GetIfChangedResult<Found<T, TOut>>>;
  get<T extends Narrowed<TOut> = TOut>(
    key: Key,
    options: GetOptions & { cas: true },
  ): Promise<GetWithCasResult<Found<T, TOut>>>;
  get<T extends Narrowed<TOut> = TOut>(key: Key, options?: GetOptions): Promise<GetResult<Found<T, TOut>>>;
  get<T extends Narrowed<TOut> = TOut>(key: Key, callback: GetCallback<Found<T, TOut>>): void;
  get<T extends Narrowed<TOut> = TOut>(
    key: Key,
    options: GetOptions | GetIfChangedOptions,
    callback: GetCallback<Found<T, TOut>>,
  ): void;
  get(key: Key, second?: unknown, third?: unknown): unknown {
    // As most calls are: nothing has to be put into order.
    if (second === undefined && third === undefined)
      return new ReadCommand(Op.Get, key, NO_OPTIONS, this.engine).submit();
    const { options, callback } = trailing<GetOptions>(second, third);
    const { ifNoneMatch } = options as Partial<GetIfChangedOptions>;
    const isPlain = ifNoneMatch === undefined || ifNoneMatch === null;
    const Command = isPlain ? ReadCommand : ReadIfChangedCommand;
    return new Command(Op.Get, key, options, this.engine).submit(callback);
  }

  /**
   * What an item is, without its value ("Meta Get"); `null` for a miss. The look changes neither `idle` nor `fetched`.
   * Over the meta protocol; otherwise `ERR_UNSUPPORTED`.
   */
  inspect(key: Key, options?: CommandOptions | null): Promise<Inspection | null>;
  inspect(key: Key, callback: InspectCallback): void;
  inspect(key: Key, options: CommandOptions | null, callback: InspectCallback): void;
  inspect(key: Key, second?: unknown, third?: unknown): unknown {
    const { options, callback } = optionsFirst<CommandOptions>(second, third);
    return new InspectCommand(Op.Inspect, key, options, this.engine).submit(callback);
  }

  /** Reads a key and gives it a new expiration ("Get And Touch"), in seconds; otherwise like `get`. */
  getAndTouch<T extends Narrowed<TOut> = TOut>(
    key: Key,
    expires: number,
    options: GetOptions & { cas: true },
  ): Promise<GetWithCasResult<Found<T, TOut>>>;
  getAndTouch<T extends Narrowed<TOut> = TOut>(
    key: Key,
    expires: number,
    options?: GetOptions,
  ): Promise<GetResult<Found<T, TOut>>>;
  getAndTouch<T extends Narrowed<TOut> = TOut>(key: Key, expires: number, callback: GetCallback<Found<T, TOut>>): void;
  getAndTouch(key: Key, expires?: unknown, third?: unknown, fourth?: unknown): unknown {
    const [seconds, second, last] = expirationFirst(expires, third, fourth);
    const { options, callback } = trailing<GetOptions>(second, last);
    return new TouchingReadCommand(key, seconds, options, this.engine).submit(callback);
  }

  /**
   * Stores a value ("Storage commands"). With `cas`, `false` when the item has changed or is gone. `ERR_VALUE_TOO_LARGE`
   * for more than the server takes (1 MB, or its `-I`), `ERR_OUT_OF_MEMORY` where it can make no room.
   */
  set(key: Key, value: TIn, options?: InsertOptions): Promise<boolean>;
  set(key: Key, value: TIn, callback: SuccessCallback): void;
  set(key: Key, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** With an expiration in the place of the options, as in the packages `memcached` and `memcache`. */
  set(key: Key, value: TIn, expires: number, callback: SuccessCallback): void;
  set(key: Key, value: TIn, expires: number): Promise<boolean>;
  /** @deprecated options come before the callback */
  set(key: Key, value: TIn, callback: SuccessCallback | null, expires: number): void;
  set(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    const { options, callback } = insertArguments(Op.Set, third, fourth, this.engine.log);
    return new StoreCommand(Op.Set, key, value, options, this.engine).submit(callback);
  }

  /** Stores a value where there is none yet, otherwise `false`. Errors are those of `set`. */
  add(key: Key, value: TIn, options?: InsertOptions): Promise<boolean>;
  add(key: Key, value: TIn, callback: SuccessCallback): void;
  add(key: Key, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** With an expiration in the place of the options, as in the packages `memcached` and `memcache`. */
  add(key: Key, value: TIn, expires: number, callback: SuccessCallback): void;
  add(key: Key, value: TIn, expires: number): Promise<boolean>;
  /** @deprecated options come before the callback */
  add(key: Key, value: TIn, callback: SuccessCallback | null, expires: number): void;
  add(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    const { options, callback } = insertArguments(Op.Add, third, fourth, this.engine.log);
    return new StoreCommand(Op.Add, key, value, options, this.engine).submit(callback);
  }

  /** Stores a value where there is one already, otherwise `false`. Errors are those of `set`. */
  replace(key: Key, value: TIn, options?: InsertOptions): Promise<boolean>;
  replace(key: Key, value: TIn, callback: SuccessCallback): void;
  replace(key: Key, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** With an expiration in the place of the options, as in the packages `memcached` and `memcache`. */
  replace(key: Key, value: TIn, expires: number, callback: SuccessCallback): void;
  replace(key: Key, value: TIn, expires: number): Promise<boolean>;
  /** @deprecated options come before the callback */
  replace(key: Key, value: TIn, callback: SuccessCallback | null, expires: number): void;
  replace(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    const { options, callback } = insertArguments(Op.Replace, third, fourth, this.engine.log);
    return new StoreCommand(Op.Replace, key, value, options, this.engine).submit(callback);
  }

  /**
   * Puts something behind a value; `false` where there is none, and where the item would become larger than the server
   * takes, to which it answers the same. Flags and expiration stay as they are.
   */
  append(key: Key, value: TIn, options?: ChangeOptions): Promise<boolean>;
  append(key: Key, value: TIn, callback: SuccessCallback): void;
  append(key: Key, value: TIn, options: ChangeOptions | null, callback: SuccessCallback): void;
  append(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    const { options, callback } = trailing<ChangeOptions>(third, fourth);
    return new AppendCommand(Op.Append, key, value, options, this.engine).submit(callback);
  }

  /** Puts something in front of a value; otherwise like `append`. */
  prepend(key: Key, value: TIn, options?: ChangeOptions): Promise<boolean>;
  prepend(key: Key, value: TIn, callback: SuccessCallback): void;
  prepend(key: Key, value: TIn, options: ChangeOptions | null, callback: SuccessCallback): void;
  prepend(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    const { options, callback } = trailing<ChangeOptions>(third, fourth);
    return new AppendCommand(Op.Prepend, key, value, options, this.engine).submit(callback);
  }

  /** Deletes a key ("Deletion"); `false` where there is none. */
  delete(key: Key, options?: ChangeOptions): Promise<boolean>;
  delete(key: Key, callback: SuccessCallback): void;
  delete(key: Key, options: ChangeOptions | null, callback: SuccessCallback): void;
  delete(key: Key, second?: unknown, third?: unknown): unknown {
    const { options, callback } = trailing<ChangeOptions>(second, third);
    return new ChangeCommand(Op.Delete, key, options, this.engine).submit(callback);
  }

  /** Gives a key a new expiration ("Touch"), in seconds; `false` where there is none. @default the client's `expires` */
  touch(key: Key, expires?: number, options?: CommandOptions): Promise<boolean>;
  touch(key: Key, callback: SuccessCallback): void;
  touch(key: Key, expires: number, callback: SuccessCallback): void;
  touch(key: Key, expires: number, options: CommandOptions | null, callback: SuccessCallback): void;
  touch(key: Key, expires?: unknown, third?: unknown, fourth?: unknown): unknown {
    const [seconds, second, last] = expirationFirst(expires, third, fourth);
    const { options, callback } = trailing<ChangeOptions>(second, last);
    return new TouchCommand(key, seconds, options, this.engine).submit(callback);
  }

  /**
   * Adds to a counter of 64 bits, which wraps ("Increment/Decrement"); a missing one is created with `initial`.
   * `ERR_NOT_NUMERIC` where the value is no number, `ERR_COUNTER_RANGE` where the result is past 2^53 − 1 without `bigint`.
   */
  increment(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions & { bigint: true },
  ): Promise<CounterResult<bigint>>;
  increment(key: Key, amount: number | bigint, options?: IncrementDecrementOptions): Promise<CounterResult>;
  increment(key: Key, amount: number | bigint, callback: CounterCallback): void;
  increment(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions | null,
    callback: CounterCallback,
  ): void;
  /** @deprecated options come before the callback */
  increment(key: Key, amount: number, callback: CounterCallback, expires: number, initial?: number): void;
  increment(key: Key, amount: unknown, third?: unknown, fourth?: unknown, fifth?: unknown): unknown {
    const { options, callback } = counterArguments(Op.Increment, third, fourth, fifth, this.engine.log);
    return new CountCommand(Op.Increment, key, amount, options, this.engine).submit(callback);
  }

  /** Takes from a counter, which stops at 0; otherwise like `increment`. */
  decrement(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions & { bigint: true },
  ): Promise<CounterResult<bigint>>;
  decrement(key: Key, amount: number | bigint, options?: IncrementDecrementOptions): Promise<CounterResult>;
  decrement(key: Key, amount: number | bigint, callback: CounterCallback): void;
  decrement(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions | null,
    callback: CounterCallback,
  ): void;
  /** @deprecated options come before the callback */
  decrement(key: Key, amount: number, callback: CounterCallback, expires: number, initial?: number): void;
  decrement(key: Key, amount: unknown, third?: unknown, fourth?: unknown, fifth?: unknown): unknown {
    const { options, callback } = counterArguments(Op.Decrement, third, fourth, fifth, this.engine.log);
    return new CountCommand(Op.Decrement, key, amount, options, this.engine).submit(callback);
  }

  /**
   * Reads many keys: one pipelined request for every 256 keys of a server. The map has the hits; a server that failed
   * is in `errors`. Rejects only when all failed.
   */
  getMulti<T extends Narrowed<TOut> = TOut, TKey extends Key = string>(
    keys: Iterable<TKey>,
    options?: GetMultiOptions | null,
  ): Promise<MultiResult<GetWithCasResult<Found<T, TOut>>, TKey>> {
    return getMulti(this.engine, keys, toOptions(options)) as Promise<never>;
  }

  /** Stores many values, each under its key; `true` for each that was stored, otherwise like `getMulti`. */
  setMulti(
    entries: Iterable<readonly [string, TIn]>,
    options?: SetMultiOptions | number | null,
  ): Promise<MultiResult<boolean>>;
  setMulti(
    entries: Iterable<readonly [Key, TIn]>,
    options?: SetMultiOptions | number | null,
  ): Promise<MultiResult<boolean, Key>>;
  setMulti(entries: Iterable<readonly [Key, TIn]>, options?: SetMultiOptions | number | null): Promise<unknown> {
    return setMulti(this.engine, entries, toInsertOptions<SetMultiOptions>(options));
  }

  /** Deletes many keys; `false` for each that was not there, otherwise like `getMulti`. */
  deleteMulti<TKey extends Key = string>(
    keys: Iterable<TKey>,
    options?: CommandOptions | null,
  ): Promise<MultiResult<boolean, TKey>> {
    return deleteMulti(this.engine, keys, toOptions(options)) as Promise<MultiResult<boolean, TKey>>;
  }

  /**
   * Reads a value, has `change` make a new one of it, and stores that if the item has not changed meanwhile; otherwise
   * again, up to `retries` times. A missing item is `null` for `change`; `undefined` from it leaves everything as it
   * is. Resolves with what `change` returned last, or rejects with what it throws, or with
   * `ERR_BUSY` after `retries`. `update<Cart>(key, (cart) => …)` says what the value is.
   */
  update<T extends Narrowed<TOut> = NonNullable<TOut>, TNew extends TIn | undefined = Extract<T, TIn> | undefined>(
    key: Key,
    change: (value: T | null) => TNew | Promise<TNew>,
    options?: UpdateOptions | null,
  ): Promise<TNew> {
    // What the value is, is the caller's promise.
    return update(this.engine, key, change as (value: unknown) => TNew, toOptions(options)) as Promise<TNew>;
  }

  /**
   * The value of a key; where there is none, `compute` makes it, once at a time for a key: callers in this process share
   * the computation, those in others wait for it or, for `staleFor` seconds after it has expired, get the old value. A
   * computation ends with `ERR_TIMEOUT` after `lockFor` seconds. What `compute` throws reaches all who wait and stores
   * nothing; `null` and `undefined` are returned and not stored, unless `misses` has them kept as `null`. A server that
   * can't be reached is logged, and the value computed. The result is what `compute` returns, as the serializer gives it
   * back. What is computed while the key is deleted, set or flushed is not stored.
   */
  getOrSet<T extends TIn | null | undefined>(
    key: Key,
    compute: Compute<T>,
    options: GetOrSetOptions & { misses: number },
  ): Promise<StoredWithMisses<T, TOut>>;
  getOrSet<T extends TIn | null | undefined>(
    key: Key,
    compute: Compute<T>,
    options?: GetOrSetOptions | number | null,
  ): Promise<Stored<T, TOut>>;
  getOrSet(key: Key, compute: Compute<unknown>, options?: GetOrSetOptions | number | null): Promise<unknown> {
    // Whatever is found or made has been through the serializer, so it is of the type that comes out of it.
    return attempt(() => {
      this.#getOrSet ??= new GetOrSet(this.engine);
      return this.#getOrSet.call(key, compute, toInsertOptions(options));
    });
  }

  /**
   * The values of many keys: one batch to read, `compute` for all that are missing and that no other caller makes, one
   * batch to store. Those that others make are waited for after that; `compute` is called again only for keys whose
   * computer died or gave up. It returns a Map, pairs of a key and a value, or an object by key. A key without a
   * value is absent from the result, and the next caller tries; other keys are ignored and logged. Keys that can't be sent,
   * and values that can't be stored, are in `errors`. What `compute` throws, or that it took longer than `lockFor`, rejects
   * the call. Otherwise like `getOrSet`.
   */
  getOrSetMulti<T extends TIn | null | undefined, TKey extends Key = string>(
    keys: Iterable<TKey>,
    compute: ComputeMany<TKey, T>,
    options: GetOrSetOptions & { misses: number },
  ): Promise<MultiResult<StoredWithMisses<T, TOut>, TKey>>;
  getOrSetMulti<T extends TIn | null | undefined, TKey extends Key = string>(
    keys: Iterable<TKey>,
    compute: ComputeMany<TKey, T>,
    options?: GetOrSetOptions | number | null,
  ): Promise<MultiResult<Stored<T, TOut>, TKey>>;
  getOrSetMulti(
    keys: Iterable<Key>,
    compute: ComputeMany<Key, unknown>,
    options?: GetOrSetOptions | number | null,
  ): Promise<unknown> {
    return attempt(() => getOrSetMulti(this.engine, keys, compute, toInsertOptions(options)));
  }

  /**
   * Makes a value count as expired from now on: `getOrSet` serves it for `staleFor` seconds more, while one caller computes
   * it again. Left out, or 0, it is deleted. What is being computed meanwhile is not stored. A value never lives longer by
   * it over the meta protocol; over binary and classic it has `staleFor` seconds from now. `false` where there is none.
   */
  invalidate(key: Key, options?: InvalidateOptions | null): Promise<boolean> {
    return attempt(() => invalidate(this.engine, key, toOptions(options)));
  }
}

/** A call of something that is loaded when it is first used, which fails where that can't be loaded. */
function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}
