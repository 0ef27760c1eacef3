import { DEBUGGING, framed } from '../debug.ts';
import { checkKey } from '../protocol/key.ts';
import { type FlushOptions, flushAll, type Outcome, type Statistics, statsOfAll, versionOfAll } from './admin.ts';
import type { ErrorOrNull } from './callback.ts';
import type { CommandOptions } from './command.ts';
import { ClientCommands } from './commands.ts';
import { toExpiration } from './expiration.ts';
import { type Compute, GetOrSet, type GetOrSetOptions } from './get-or-set.ts';
import type { Key } from './keys.ts';
import {
  deleteMulti,
  type GetMultiOptions,
  getMulti,
  type MultiResult,
  type SetMultiOptions,
  setMulti,
} from './multi.ts';
import { toInsertOptions, toOptions, trailing } from './old-arguments.ts';
import { type ClientOptions, checkOptions } from './options.ts';
import { type ByServer, byServer, flushResults, statsResults } from './results.ts';
import type { Found, GetWithCasResult, Narrowed } from './retrieval.ts';
import { makeServers, type ServerList } from './servers.ts';
import type { Stored } from './stored.ts';
import { isTraced, traceCall } from './telemetry.ts';
import { type CommandTrace, noteOutcomes } from './trace.ts';
import { type UpdateOptions, update } from './update.ts';

type StatsCallback = (error: ErrorOrNull, server: string, stats: Statistics | null) => void;

/**
 * A memcached client. Each command takes a callback last or, without one, returns a promise; whatever goes wrong, bad
 * arguments included, reaches the callback or the promise as an error, nearly always a `MemcacheError`.
 */
export class Client<TIn = string | Uint8Array, TOut = Buffer | null> extends ClientCommands<TIn, TOut> {
  readonly #getOrSet = new GetOrSet(this);

  /**
   * A client for a list of servers: `[user:pass@]host[:port[:weight]],…`, `memcached://` URLs, unix sockets, or an array
   * of these and of objects. Left out, it is `MEMCACHIER_SERVERS`, then `MEMCACHE_SERVERS`, then `localhost:11211`.
   * Nothing is connected yet. Throws `ERR_INVALID_ARGUMENT` for servers or options that can't be meant.
   */
  static create<TIn = string | Uint8Array, TOut = Buffer | null>(
    servers?: ServerList | null,
    options?: ClientOptions<TIn, TOut> | null,
  ): Client<TIn, TOut> {
    checkOptions(options ?? {});
    // Servers made by hand speak the binary protocol, as MemJS's do; these find out what theirs speaks.
    const given = { ...options, protocol: options?.protocol ?? 'auto' };
    const found = servers || !options?.discovery ? makeServers(servers, given) : [];
    return new Client(found, given);
  }

  /**
   * Reads many keys: one pipelined request for every 256 keys of a server. The map has the hits; a server that failed
   * is in `errors`. Rejects only when all failed.
   */
  getMulti<T extends Narrowed<TOut> = TOut, TKey extends Key = string>(
    keys: Iterable<TKey>,
    options?: GetMultiOptions | null,
  ): Promise<MultiResult<GetWithCasResult<Found<T, TOut>>, TKey>> {
    type Result = MultiResult<GetWithCasResult<Found<T, TOut>>, TKey>;
    const run = (trace?: CommandTrace) =>
      this.whenKnown(
        () => this.calls.begin((call) => getMulti(this, call, keys, toOptions(options), trace)),
        options?.signal,
      );
    return this.#call('getMulti', keys, run) as Promise<Result>;
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
    const given = toInsertOptions<SetMultiOptions>(options);
    const run = (trace?: CommandTrace) =>
      this.whenKnown(() => this.calls.begin((call) => setMulti(this, call, entries, given, trace)), given.signal);
    return this.#call('setMulti', entries, run);
  }

  /** Deletes many keys; `false` for each that was not there, otherwise like `getMulti`. */
  deleteMulti<TKey extends Key = string>(
    keys: Iterable<TKey>,
    options?: CommandOptions | null,
  ): Promise<MultiResult<boolean, TKey>> {
    const run = (trace?: CommandTrace) =>
      this.whenKnown(
        () => this.calls.begin((call) => deleteMulti(this, call, keys, toOptions(options), trace)),
        options?.signal,
      );
    return this.#call('deleteMulti', keys, run) as Promise<MultiResult<boolean, TKey>>;
  }

  /**
   * Reads a value, has `change` make a new one of it, and stores that if the item has not changed meanwhile; otherwise
   * again, up to `retries` times. A missing item is `null` for `change`; `undefined` from it leaves everything as it
   * is. Resolves with what `change` returned last. `update<Cart>(key, (cart) => …)` says what the value is.
   */
  update<T extends Narrowed<TOut> = NonNullable<TOut>, TNew extends TIn | undefined = Extract<T, TIn> | undefined>(
    key: Key,
    change: (value: T | null) => TNew | Promise<TNew>,
    options?: UpdateOptions | null,
  ): Promise<TNew> {
    // What the value is, is the caller's promise.
    const run = (trace?: CommandTrace) =>
      this.calls.begin((call) =>
        update(this, call, key, change as (value: TOut | null) => TNew | Promise<TNew>, toOptions(options), trace),
      );
    return this.#call('update', key, run);
  }

  /**
   * The value of a key; where there is none, `compute` makes it, once at a time for a key: callers in this process
   * share the computation, those in others wait for it or, for `staleFor` seconds after it has expired, get the old
   * value. What `compute` throws reaches all who wait and stores nothing; `null` and `undefined` are returned and not
   * stored. A server that can't be reached is logged, and the value computed. The result is what `compute` returns, as
   * the serializer gives it back.
   */
  getOrSet<T extends TIn | null | undefined>(
    key: Key,
    compute: Compute<T>,
    options?: GetOrSetOptions | number | null,
  ): Promise<Stored<T, TOut>> {
    // Without a list of servers the caller computes, as with servers that can't be reached. Whatever is found or made has
    // been through the serializer, so it is of the type that comes out of it.
    const given = toInsertOptions<GetOrSetOptions>(options);
    const run = async (trace?: CommandTrace): Promise<unknown> => {
      await this.whenKnown(() => Promise.resolve(), given.signal).catch(() => {});
      return this.#getOrSet.run(key, compute, given, trace);
    };
    return this.#call('getOrSet', key, run) as Promise<Stored<T, TOut>>;
  }

  /**
   * Empties every server. For each, under `host:port`, the result is `true` or the error; the callback gets the last
   * error besides.
   */
  flush(options?: FlushOptions): Promise<Record<string, true | Error>>;
  flush(callback: (lastError: ErrorOrNull, results: Record<string, true | Error>) => void): void;
  flush(options: FlushOptions, callback: (lastError: ErrorOrNull, results: Record<string, true | Error>) => void): void;
  flush(first?: unknown, second?: unknown): unknown {
    const { options, callback } = trailing<FlushOptions>(first, second);
    const flush = () => flushAll(this, options, toExpiration(options.expires ?? 0, this));
    const outcomes = this.#ask('flush', flush, options.signal);
    return flushResults(outcomes, callback);
  }

  /**
   * The general statistics of every server. The promise resolves with those that answered, and with `errors`, which is
   * not enumerable, of the others by `host:port`; it rejects when none did. The callback is called once for each server.
   */
  stats(options?: CommandOptions): Promise<ByServer<Statistics>>;
  stats(callback: StatsCallback): void;
  stats(first?: unknown, second?: unknown): unknown {
    return this.statistics('', first, second);
  }

  /** One group of statistics of every server, such as `settings` or `items`; otherwise like `stats`. */
  statsWithKey(key: string, options?: CommandOptions): Promise<ByServer<Statistics>>;
  statsWithKey(key: string, callback: StatsCallback): void;
  statsWithKey(key: string, second?: unknown, third?: unknown): unknown {
    return this.statistics(key, second, third);
  }

  /** Sets the counting statistics of every server back to 0; otherwise like `stats`. */
  resetStats(options?: CommandOptions): Promise<ByServer<Statistics>>;
  resetStats(callback: StatsCallback): void;
  resetStats(first?: unknown, second?: unknown): unknown {
    return this.statistics('reset', first, second);
  }

  /** The version of every server, by `host:port`; otherwise like `stats`. */
  async version(options?: CommandOptions | null): Promise<ByServer<string>> {
    const ask = () => versionOfAll(this, toOptions(options));
    return byServer(await this.#ask('version', ask, options?.signal));
  }

  /** The same as `quit`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }

  /** Makes a call of several commands, which is one to those who listen. */
  #call<T>(command: string, keys: unknown, run: (trace?: CommandTrace) => Promise<T>): Promise<T> {
    const outcome = isTraced() ? traceCall(this, command, keys, run) : run();
    return DEBUGGING ? framed(outcome) : outcome;
  }

  /** Asks every server; what `ask` throws becomes a rejection. */
  async #ask<T>(
    command: string,
    ask: () => Promise<Outcome<T>[]>,
    signal: AbortSignal | null | undefined,
  ): Promise<Outcome<T>[]> {
    if (!isTraced()) return this.whenKnown(ask, signal);
    return traceCall(this, command, undefined, async (trace) => noteOutcomes(await this.whenKnown(ask, signal), trace));
  }

  private statistics(group: unknown, second: unknown, third: unknown): unknown {
    const { options, callback } = trailing<CommandOptions>(second, third);
    return statsResults(
      (each) =>
        this.#ask(
          statsName(group),
          () => {
            if (group !== '') checkKey(group);
            return statsOfAll(this, group as string, options, each);
          },
          options.signal,
        ),
      callback,
    );
  }
}

/** The method that asks for a group of statistics. */
function statsName(group: unknown): string {
  if (group === '') return 'stats';
  return group === 'reset' ? 'resetStats' : 'statsWithKey';
}
