import type { ServerLike } from '../cluster/command.ts';
import { hashCode } from '../cluster/distribution/modulo.ts';
import { isOurs, Router } from '../cluster/router.ts';
import type { ServerOptions } from '../cluster/server.ts';
import { sendFrame } from '../connection/frame-transport.ts';
import { checkFrame } from '../protocol/binary/frame.ts';
import type { Response } from '../protocol/binary/message.ts';
import { checkKey } from '../protocol/key.ts';
import { Op } from '../protocol/op.ts';
import type { WireKey } from '../protocol/request.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { type FlushOptions, flushAll, quitCommand, type Statistics, statsOfAll } from './admin.ts';
import { type ErrorOrNull, invoke } from './callback.ts';
import { type ClientCommand, type CommandOptions, invalid } from './command.ts';
import { CounterCommand, type CounterResult, type IncrementDecrementOptions } from './counters.ts';
import { toExpiration } from './expiration.ts';
import { counterArguments, insertArguments, toCallback, trailing } from './old-arguments.ts';
import {
  type ClientOptions,
  checkOptions,
  type ResolvedOptions,
  resolveOptions,
  resolveSerializer,
} from './options.ts';
import { FrameCommand } from './perform.ts';
import { flushResults, statsResults } from './results.ts';
import { type GetOptions, type GetResult, type GetWithCasResult, RetrievalCommand } from './retrieval.ts';
import { makeServers, type ServerList } from './servers.ts';
import { ChangeCommand, type ChangeOptions, fillAppend, fillInsert, type InsertOptions } from './storage.ts';

type SuccessCallback = (error: ErrorOrNull, success: boolean | null) => void;
type CounterCallback = (error: ErrorOrNull, success: boolean | null, value?: number | null) => void;
type StatsCallback = (error: ErrorOrNull, server: string, stats: Statistics | null) => void;

/**
 * A memcached client. Each command takes a callback last or, without one, returns a promise; whatever goes wrong, bad
 * arguments included, reaches the callback or the promise as an error, nearly always a `MemcacheError`.
 */
export class Client<TIn = string | Uint8Array, TOut = Buffer | null> {
  servers: readonly ServerLike[];
  /** The number of the last command, uint32. It is the opaque of frames for transports of the caller's own. */
  seq = 0;
  readonly options: ResolvedOptions & ClientOptions<TIn, TOut> & ServerOptions;
  serializer: Serializer<TIn, TOut>;
  /** Brings commands to servers. @internal */
  readonly router: Router;

  /**
   * A client for servers made by hand: `Server`s, or anything with MemJS's server contract. Most will want
   * {@link Client.create}. Throws `ERR_INVALID_ARGUMENT` for options that can't be meant.
   */
  constructor(servers: readonly ServerLike[], options?: (ClientOptions<TIn, TOut> & ServerOptions) | null) {
    checkOptions(options ?? {});
    this.servers = servers;
    this.options = resolveOptions(options ?? {});
    this.serializer = resolveSerializer(this.options.serializer);
    this.router = new Router(this);
  }

  /**
   * A client for a list of servers: `[user:pass@]host[:port],…`, `memcached://` URLs, unix sockets, or an array of
   * these and of objects. Left out, it is `MEMCACHIER_SERVERS`, then `MEMCACHE_SERVERS`, then `localhost:11211`.
   * Nothing is connected yet. Throws `ERR_INVALID_ARGUMENT` for servers or options that can't be meant.
   */
  static create<TIn = string | Uint8Array, TOut = Buffer | null>(
    servers?: ServerList | null,
    options?: (ClientOptions<TIn, TOut> & ServerOptions) | null,
  ): Client<TIn, TOut> {
    checkOptions(options ?? {});
    return new Client(makeServers(servers, options ?? {}), options);
  }

  /** The index in `servers` of the server for a key. May be replaced on an instance, by a hash ring for instance. */
  getServer(key: WireKey): number | string {
    return hashCode(typeof key === 'string' ? key : Buffer.from(key).toString()) % this.servers.length;
  }

  /** The server for a key; the next one instead of one that is left alone; `null` when all are. */
  server(key: WireKey): ServerLike | null {
    const total = this.servers.length;
    const first = total > 1 ? Number(this.getServer(key)) : 0;
    for (let step = 0; step < total; step++) {
      const server = this.servers[(first + step) % total];
      if (server === undefined) throw invalid('getServer', 'the index of a server', first);
      if (!server.wakeupAt || server.wakeupAt <= Date.now()) return server;
    }
    return null;
  }

  /** Reads a key; a miss is `null` for value and flags. */
  get(key: string, options: GetOptions & { cas: true }): Promise<GetWithCasResult<TOut>>;
  get(key: string, options?: GetOptions): Promise<GetResult<TOut>>;
  get(key: string, callback: (error: ErrorOrNull, value: TOut, flags: Buffer | null) => void): void;
  get(
    key: string,
    options: GetOptions,
    callback: (error: ErrorOrNull, value: TOut, flags: Buffer | null) => void,
  ): void;
  get(key: string, second?: unknown, third?: unknown): unknown {
    const { options, callback } = trailing<GetOptions>(second, third);
    const command = new RetrievalCommand(Op.Get, key, this);
    const promise = command.expect(callback);
    try {
      checkKey(key);
      command.configure(options);
      command.returnCas = options.cas === true;
      this.send(command);
    } catch (error) {
      refuse(command, error);
    }
    return promise;
  }

  /** Stores a value. With `cas`, `false` when the item has changed or is gone. */
  set(key: string, value: TIn, options?: InsertOptions): Promise<boolean>;
  set(key: string, value: TIn, callback: SuccessCallback): void;
  set(key: string, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** @deprecated options come before the callback */
  set(key: string, value: TIn, callback: SuccessCallback | null, expires: number): void;
  set(key: string, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.insert(Op.Set, key, value, third, fourth);
  }

  /** Stores a value where there is none yet, otherwise `false`. */
  add(key: string, value: TIn, options?: InsertOptions): Promise<boolean>;
  add(key: string, value: TIn, callback: SuccessCallback): void;
  add(key: string, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** @deprecated options come before the callback */
  add(key: string, value: TIn, callback: SuccessCallback | null, expires: number): void;
  add(key: string, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.insert(Op.Add, key, value, third, fourth);
  }

  /** Stores a value where there is one already, otherwise `false`. */
  replace(key: string, value: TIn, options?: InsertOptions): Promise<boolean>;
  replace(key: string, value: TIn, callback: SuccessCallback): void;
  replace(key: string, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** @deprecated options come before the callback */
  replace(key: string, value: TIn, callback: SuccessCallback | null, expires: number): void;
  replace(key: string, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.insert(Op.Replace, key, value, third, fourth);
  }

  /** Puts something behind a value; `false` where there is none. Flags and expiration stay as they are. */
  append(key: string, value: TIn, options?: ChangeOptions): Promise<boolean>;
  append(key: string, value: TIn, callback: SuccessCallback): void;
  append(key: string, value: TIn, options: ChangeOptions | null, callback: SuccessCallback): void;
  append(key: string, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.change(Op.Append, key, third, fourth, (command) => fillAppend(command, value, this));
  }

  /** Puts something in front of a value; `false` where there is none. Flags and expiration stay as they are. */
  prepend(key: string, value: TIn, options?: ChangeOptions): Promise<boolean>;
  prepend(key: string, value: TIn, callback: SuccessCallback): void;
  prepend(key: string, value: TIn, options: ChangeOptions | null, callback: SuccessCallback): void;
  prepend(key: string, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.change(Op.Prepend, key, third, fourth, (command) => fillAppend(command, value, this));
  }

  /** Deletes a key; `false` where there is none. */
  delete(key: string, options?: ChangeOptions): Promise<boolean>;
  delete(key: string, callback: SuccessCallback): void;
  delete(key: string, options: ChangeOptions | null, callback: SuccessCallback): void;
  delete(key: string, second?: unknown, third?: unknown): unknown {
    return this.change(Op.Delete, key, second, third);
  }

  /** Gives a key a new expiration, in seconds; `false` where there is none. @default the client's `expires` */
  touch(key: string, expires?: number, options?: CommandOptions): Promise<boolean>;
  touch(key: string, callback: SuccessCallback): void;
  touch(key: string, expires: number, callback: SuccessCallback): void;
  touch(key: string, expires: number, options: CommandOptions | null, callback: SuccessCallback): void;
  touch(key: string, expires?: unknown, third?: unknown, fourth?: unknown): unknown {
    const [given, second, last] =
      typeof expires === 'function' ? [undefined, expires, third] : [expires, third, fourth];
    return this.change(Op.Touch, key, second, last, (command) => {
      command.expiration = toExpiration(given as number | undefined, this.options);
    });
  }

  /** Adds to a counter of 64 bits, which wraps; a missing one is created with `initial`. */
  increment(
    key: string,
    amount: number | bigint,
    options: IncrementDecrementOptions & { bigint: true },
  ): Promise<CounterResult<bigint>>;
  increment(key: string, amount: number | bigint, options?: IncrementDecrementOptions): Promise<CounterResult>;
  increment(key: string, amount: number | bigint, callback: CounterCallback): void;
  increment(
    key: string,
    amount: number | bigint,
    options: IncrementDecrementOptions | null,
    callback: CounterCallback,
  ): void;
  /** @deprecated options come before the callback */
  increment(key: string, amount: number, callback: CounterCallback, expires: number, initial?: number): void;
  increment(key: string, amount: unknown, third?: unknown, fourth?: unknown, fifth?: unknown): unknown {
    return this.count(Op.Increment, key, amount, third, fourth, fifth);
  }

  /** Takes from a counter of 64 bits, which stops at 0; a missing one is created with `initial`. */
  decrement(
    key: string,
    amount: number | bigint,
    options: IncrementDecrementOptions & { bigint: true },
  ): Promise<CounterResult<bigint>>;
  decrement(key: string, amount: number | bigint, options?: IncrementDecrementOptions): Promise<CounterResult>;
  decrement(key: string, amount: number | bigint, callback: CounterCallback): void;
  decrement(
    key: string,
    amount: number | bigint,
    options: IncrementDecrementOptions | null,
    callback: CounterCallback,
  ): void;
  /** @deprecated options come before the callback */
  decrement(key: string, amount: number, callback: CounterCallback, expires: number, initial?: number): void;
  decrement(key: string, amount: unknown, third?: unknown, fourth?: unknown, fifth?: unknown): unknown {
    return this.count(Op.Decrement, key, amount, third, fourth, fifth);
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
    const outcomes = attempt(() => flushAll(this, options, toExpiration(options.expires ?? 0, this.options)));
    return flushResults(outcomes, callback);
  }

  /**
   * The general statistics of every server. The promise resolves with those that answered and rejects when none did;
   * the callback is called once for each server.
   */
  stats(options?: CommandOptions): Promise<Record<string, Statistics>>;
  stats(callback: StatsCallback): void;
  stats(first?: unknown, second?: unknown): unknown {
    return this.statistics('', first, second);
  }

  /** One group of statistics of every server, such as `settings` or `items`; otherwise like `stats`. */
  statsWithKey(key: string, options?: CommandOptions): Promise<Record<string, Statistics>>;
  statsWithKey(key: string, callback: StatsCallback): void;
  statsWithKey(key: string, second?: unknown, third?: unknown): unknown {
    return this.statistics(key, second, third);
  }

  /** Sets the counting statistics of every server back to 0; otherwise like `stats`. */
  resetStats(options?: CommandOptions): Promise<Record<string, Statistics>>;
  resetStats(callback: StatsCallback): void;
  resetStats(first?: unknown, second?: unknown): unknown {
    return this.statistics('reset', first, second);
  }

  /**
   * Waits for every answer, then takes leave of each server and closes. Never rejects. A command after it opens a new
   * connection.
   */
  async quit(): Promise<void> {
    this.incrSeq();
    do {
      await this.router.idle();
      await Promise.all(this.servers.map((server) => (isOurs(server) ? server.quit() : this.quitTransport(server))));
    } while (this.router.retrying);
  }

  /**
   * Closes every connection at once. Waiting commands fail with `ERR_CLOSED` and are not retried; a command after it
   * opens a new connection.
   */
  close(): void {
    this.router.close();
    for (const server of this.servers) server.close();
  }

  /**
   * Sends a binary frame built by hand to the server of `key`. `seq` has to be the frame's opaque; `callback` gets the
   * answer in MemJS's form; `retries` are the attempts in all.
   */
  perform(
    key: string,
    request: Buffer,
    seq: number,
    callback?: ((error: ErrorOrNull, response: Response | null) => void) | null,
    retries?: number,
  ): void {
    const refused = (error: unknown): void => {
      if (callback) process.nextTick(invoke, callback, error, null);
    };
    try {
      checkFrame(request);
      const command = new FrameCommand(key, request, seq, this);
      command.expect(toCallback(callback ?? null));
      if (retries) command.attempts = retries;
      this.router.dispatch(command);
    } catch (error) {
      refused(error);
    }
  }

  /** Moves `seq` on. */
  incrSeq(): void {
    this.seq = (this.seq + 1) >>> 0;
  }

  private insert(op: Op, key: string, value: unknown, third: unknown, fourth: unknown): unknown {
    const command = new ChangeCommand(op, key, this);
    const { options, callback } = insertArguments(command.label, third, fourth, this.options.logger);
    const promise = command.expect(callback);
    try {
      checkKey(key);
      command.configure(options);
      fillInsert(command, value, options, this);
      this.send(command);
    } catch (error) {
      refuse(command, error);
    }
    return promise;
  }

  private change(
    op: Op,
    key: string,
    second: unknown,
    third: unknown,
    fill?: (command: ChangeCommand) => void,
  ): unknown {
    const { options, callback } = trailing<ChangeOptions>(second, third);
    const command = new ChangeCommand(op, key, this);
    const promise = command.expect(callback);
    try {
      checkKey(key);
      command.configure(options);
      fill?.(command);
      this.send(command);
    } catch (error) {
      refuse(command, error);
    }
    return promise;
  }

  private count(op: Op, key: string, amount: unknown, third: unknown, fourth: unknown, fifth: unknown): unknown {
    const command = new CounterCommand(op, key, this);
    const { options, callback } = counterArguments(command.label, third, fourth, fifth, this.options.logger);
    const promise = command.expect(callback);
    try {
      checkKey(key);
      command.fill(amount, options, this);
      this.send(command);
    } catch (error) {
      refuse(command, error);
    }
    return promise;
  }

  private statistics(group: unknown, second: unknown, third: unknown): unknown {
    const { options, callback } = trailing<CommandOptions>(second, third);
    return statsResults(
      (each) =>
        attempt(() => {
          if (group !== '') checkKey(group);
          return statsOfAll(this, group as string, options, each);
        }),
      callback,
    );
  }

  private send(command: ClientCommand): void {
    this.incrSeq();
    this.router.dispatch(command);
  }

  private async quitTransport(server: Exclude<ServerLike, { quit(): unknown }>): Promise<void> {
    const command = quitCommand(this);
    const answered = command.expect(undefined) as Promise<unknown>;
    sendFrame(server, command, this.seq, TRANSPORT_PATIENCE);
    await answered.catch(() => {});
    server.close();
  }
}

/** How long a transport of the caller's own may take to say goodbye, in milliseconds. */
const TRANSPORT_PATIENCE = 1500;

/** Hands an error to who waits; never before the call has returned. */
function refuse(command: ClientCommand, error: unknown): void {
  process.nextTick(() => command.reject(error));
}

/** What `make` throws becomes a rejection. */
async function attempt<T>(make: () => Promise<T>): Promise<T> {
  return make();
}
