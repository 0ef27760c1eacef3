import { nextTick } from '../clock.ts';
import type { ServerLike } from '../cluster/command.ts';
import { Log } from '../cluster/log.ts';
import { isOurs, Router } from '../cluster/router.ts';
import { asText, choose, isAway } from '../cluster/selection.ts';
import type { Server } from '../cluster/server.ts';
import { sendFrame } from '../connection/frame-transport.ts';
import type { MemcacheError } from '../errors.ts';
import { checkFrame, opaqueOf } from '../protocol/binary/frame.ts';
import type { Response } from '../protocol/binary/message.ts';
import type { WireKey } from '../protocol/request.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { untilAborted } from './aborts.ts';
import { quitCommand } from './admin.ts';
import { type ErrorOrNull, invoke } from './callback.ts';
import { type ClientCommand, invalid } from './command.ts';
import { Fleet } from './fleet.ts';
import { hintAtEvent, hintAtOptions } from './hints.ts';
import { KeyMaker } from './keys.ts';
import { toCallback } from './old-arguments.ts';
import { OpenCalls } from './open-calls.ts';
import {
  type ClientOptions,
  checkOptions,
  type ResolvedOptions,
  resolveOptions,
  resolveSerializer,
} from './options.ts';
import { FrameCommand } from './perform.ts';
import { isTraced, traceCommand } from './telemetry.ts';

/** What each event of a client hands over. */
export interface ClientEvents {
  /** A server is back. */
  up: [server: Server];
  /** A server is ejected or can't be reached. */
  down: [server: Server, error: MemcacheError];
  /** Keys of which a server may have had an old value were deleted there. */
  repaired: [server: Server, keys: string[]];
  /** A server may still have old values of these keys. */
  unrepaired: [server: Server, keys: string[]];
  /** Never: what goes wrong reaches the command. It is there for `events.once` and the like, which listen to it. */
  error: [error: never];
}

/** What a client is before it has commands: its servers and options, and the ways to disconnect from them. */
export class ClientCore<TIn = string | Uint8Array, TOut = Buffer | null> {
  servers: readonly Server[];
  /** The number of the last command, uint32. It is the opaque of frames for custom transports. */
  seq = 0;
  readonly options: ResolvedOptions & ClientOptions<TIn, TOut>;
  serializer: Serializer<TIn, TOut>;
  /** Writes the log lines. @internal */
  readonly log: Log;
  /** Brings commands to servers. @internal */
  readonly router: Router;
  readonly #fleet: Fleet;
  /** The calls under way that are made of several commands. @internal */
  readonly calls = new OpenCalls();
  /** Makes the keys for the wire. @internal */
  readonly keyMaker: KeyMaker;

  /**
   * A client for servers made by hand: `Server`s, or anything with MemJS's server contract. Most will want
   * `Client.create`. Throws `ERR_INVALID_ARGUMENT` for options that can't be meant.
   */
  constructor(servers: readonly ServerLike[], options?: ClientOptions<TIn, TOut> | null) {
    checkOptions(options ?? {});
    if (!Array.isArray(servers)) throw invalid('servers', 'an array of servers', servers);
    // Typed as in @types/memjs; what is not a Server has as much of one as MemJS's contract asks for.
    this.servers = servers as readonly Server[];
    this.options = resolveOptions(options ?? {});
    this.log = new Log(this.options);
    hintAtOptions(this.options, this.log);
    this.serializer = resolveSerializer(this.options.serializer);
    this.#fleet = new Fleet(this);
    this.keyMaker = new KeyMaker(this.options.keyPrefix, this.options.hashLongKeys);
    this.router = new Router(this);
  }

  /** The index in `servers` of the server for a key. May be replaced on an instance, by a hash ring for instance. */
  getServer(key: string): number | string {
    return this.#fleet.selection.index(key, this.servers);
  }

  /**
   * The server for a key; instead of one that is ejected the next in the order of the distribution, or one of the
   * spare pool; `null` when all are ejected.
   */
  server(key: WireKey): Server | undefined {
    const { servers } = this;
    const { gutter, gutterSelection, selection } = this.#fleet;
    const first = servers.length > 1 ? Number(this.getServer(asText(key))) : 0;
    let chosen: ServerLike | undefined;
    if (gutter.length === 0) {
      const ownOrder = this.getServer === ClientCore.prototype.getServer ? selection : undefined;
      chosen = choose(key, servers, first, ownOrder);
    } else {
      chosen = servers[first];
      if (chosen === undefined || isAway(chosen)) chosen = gutterSelection.after(asText(key), gutter);
    }
    // Typed as in @types/memjs, which says undefined where MemJS answers null: programs written for either go on.
    return (chosen ?? null) as unknown as undefined;
  }

  /** How many servers there are, spare ones included. @internal */
  get fleetSize(): number {
    return this.servers.length + this.#fleet.gutter.length;
  }

  /**
   * Opens a connection to every server now. Never needed, since commands connect by themselves. Rejects with an
   * `AggregateError` of what went wrong with the servers that failed.
   */
  connect(): Promise<void> {
    return this.whenKnown(() => this.#connectAll());
  }

  /** Calls `listener` with each event of that name; `events.once(client, 'up')` works as well. */
  on<TEvent extends keyof ClientEvents>(event: TEvent, listener: (...given: ClientEvents[TEvent]) => void): this {
    hintAtEvent(event, this.log);
    this.#fleet.events.on(event, listener);
    return this;
  }

  /** Calls `listener` with the next event of that name only. */
  once<TEvent extends keyof ClientEvents>(event: TEvent, listener: (...given: ClientEvents[TEvent]) => void): this {
    hintAtEvent(event, this.log);
    this.#fleet.events.once(event, listener);
    return this;
  }

  /** Takes a listener off again. */
  off<TEvent extends keyof ClientEvents>(event: TEvent, listener: (...given: ClientEvents[TEvent]) => void): this {
    this.#fleet.events.off(event, listener);
    return this;
  }

  /** The same as `off`. */
  removeListener<TEvent extends keyof ClientEvents>(
    event: TEvent,
    listener: (...given: ClientEvents[TEvent]) => void,
  ): this {
    return this.off(event, listener);
  }

  /**
   * Waits for every response, those of `getOrSet`, `update` and the commands for many keys included, then disconnects
   * from each server and closes. Computations under way may finish, which takes `lockFor` at most; waits for other
   * processes end at once with `ERR_CLOSED`. Nothing of the client's own opens a connection afterwards, so the process
   * can end. Never rejects. A command after it opens a new connection.
   */
  async quit(): Promise<void> {
    this.incrSeq();
    const heldUp = this.#fleet.unknown;
    await this.calls.leave();
    let retried: number;
    do {
      await this.#fleet.settled();
      // What waited for a list of servers has only begun now.
      if (heldUp) await this.calls.leave();
      ({ retried } = this.router);
      await this.router.idle();
      await Promise.all(this.#fleet.all.map((server) => (isOurs(server) ? server.quit() : this.quitTransport(server))));
      // A command that was sent again meanwhile has opened another connection.
    } while (this.router.retrying || this.router.retried !== retried);
    await this.#fleet.quit();
    this.log.flush();
  }

  /**
   * Closes every connection at once. Waiting commands, and what is made of several, fail with `ERR_CLOSED` and are not
   * retried; what a computation for `getOrSet` returns later is not stored. A command after it opens a new connection.
   */
  close(): void {
    this.calls.close();
    this.router.close();
    this.#fleet.close();
    for (const server of this.#fleet.all) server.close();
    this.log.flush();
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
      if (callback) nextTick(invoke, callback, error, null);
    };
    try {
      checkFrame(request);
      if (opaqueOf(request) !== seq >>> 0) throw invalid('seq', "the frame's opaque", seq);
      const command = new FrameCommand(key, request, seq, this);
      command.expect(toCallback(callback ?? null));
      if (retries) command.attempts = retries;
      if (isTraced()) traceCommand(this, this.beginPerform, command);
      else this.#route(command);
    } catch (error) {
      refused(error);
    }
  }

  private beginPerform(command: FrameCommand): void {
    try {
      this.#route(command);
    } catch (error) {
      command.refuse(error);
    }
  }

  /** Moves `seq` on. */
  incrSeq(): void {
    this.seq = (this.seq + 1) >>> 0;
  }

  /** Sends a command to the server of its key. */
  protected send(command: ClientCommand): void {
    this.incrSeq();
    this.#route(command);
  }

  #route(command: ClientCommand): void {
    if (this.#fleet.dormant) this.#fleet.wake();
    if (this.#fleet.unknown) this.router.hold(command, this.#fleet.known());
    else this.router.dispatch(command);
  }

  /** Does something that asks several servers, as soon as the client knows which there are. */
  protected whenKnown<T>(ask: () => Promise<T>, signal?: AbortSignal | null): Promise<T> {
    if (this.#fleet.dormant) this.#fleet.wake();
    if (!this.#fleet.unknown) return ask();
    const known = this.#fleet.known();
    // What is no signal is refused by what is asked.
    return (signal instanceof AbortSignal ? untilAborted(known, signal) : known).then(ask);
  }

  async #connectAll(): Promise<void> {
    const opened = await Promise.allSettled(
      this.servers.map((server) => (isOurs(server) ? server.connect() : undefined)),
    );
    const errors = opened.filter((result) => result.status === 'rejected').map(({ reason }) => reason as Error);
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of ${opened.length} servers failed`);
  }

  private async quitTransport(server: Exclude<ServerLike, { quit(): unknown }>): Promise<void> {
    const command = quitCommand(this);
    const answered = command.expect(undefined) as Promise<unknown>;
    sendFrame(server, command, this.seq, TRANSPORT_PATIENCE);
    await answered.catch(() => {});
    server.close();
  }
}
/** How long a custom transport may take to say goodbye, in milliseconds. */
const TRANSPORT_PATIENCE = 1500;
