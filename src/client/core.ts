import type { ServerLike } from '../cluster/command.ts';
import { hashCode } from '../cluster/distribution/modulo.ts';
import { isOurs, Router } from '../cluster/router.ts';
import type { Server, ServerOptions } from '../cluster/server.ts';
import { sendFrame } from '../connection/frame-transport.ts';
import { checkFrame, opaqueOf } from '../protocol/binary/frame.ts';
import type { Response } from '../protocol/binary/message.ts';
import type { WireKey } from '../protocol/request.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { quitCommand } from './admin.ts';
import { type ErrorOrNull, invoke } from './callback.ts';
import { type ClientCommand, invalid } from './command.ts';
import { KeyMaker } from './keys.ts';
import { toCallback } from './old-arguments.ts';
import {
  type ClientOptions,
  checkOptions,
  type ResolvedOptions,
  resolveOptions,
  resolveSerializer,
} from './options.ts';
import { FrameCommand } from './perform.ts';

/** What a client is before it has commands: its servers and options, and the ways to take leave of them. */
export class ClientCore<TIn = string | Uint8Array, TOut = Buffer | null> {
  servers: readonly Server[];
  /** The number of the last command, uint32. It is the opaque of frames for transports of the caller's own. */
  seq = 0;
  readonly options: ResolvedOptions & ClientOptions<TIn, TOut> & ServerOptions;
  serializer: Serializer<TIn, TOut>;
  /** Brings commands to servers. @internal */
  readonly router: Router;
  /** Makes the keys for the wire. @internal */
  readonly keyMaker: KeyMaker;

  /**
   * A client for servers made by hand: `Server`s, or anything with MemJS's server contract. Most will want
   * `Client.create`. Throws `ERR_INVALID_ARGUMENT` for options that can't be meant.
   */
  constructor(servers: readonly ServerLike[], options?: (ClientOptions<TIn, TOut> & ServerOptions) | null) {
    checkOptions(options ?? {});
    // Typed as in @types/memjs; what is not a Server has as much of one as MemJS's contract asks for.
    this.servers = servers as readonly Server[];
    this.options = resolveOptions(options ?? {});
    this.serializer = resolveSerializer(this.options.serializer);
    this.keyMaker = new KeyMaker(this.options.keyPrefix, this.options.hashLongKeys);
    this.router = new Router(this);
  }

  /** The index in `servers` of the server for a key. May be replaced on an instance, by a hash ring for instance. */
  getServer(key: string): number | string {
    return hashCode(key) % this.servers.length;
  }

  /** The server for a key; the next one instead of one that is left alone; `null` when all are. */
  server(key: WireKey): Server | undefined {
    const total = this.servers.length;
    const first = total > 1 ? Number(this.getServer(typeof key === 'string' ? key : Buffer.from(key).toString())) : 0;
    for (let step = 0; step < total; step++) {
      const server = this.servers[(first + step) % total];
      if (server === undefined) throw invalid('getServer', 'the index of a server', first);
      if (!isAway(server)) return server;
    }
    // MemJS answers null, @types/memjs says undefined: programs written for either go on to work.
    return null as unknown as undefined;
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
      if (opaqueOf(request) !== seq >>> 0) throw invalid('seq', "the frame's opaque", seq);
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

  /** Sends a command to the server of its key. */
  protected send(command: ClientCommand): void {
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
/** A server that is left alone is so until its time is over and it has answered a probe. */
function isAway(server: Server): boolean {
  const { wakeupAt } = server;
  return wakeupAt ? wakeupAt > Date.now() || server.down === true : false;
}

/** How long a transport of the caller's own may take to say goodbye, in milliseconds. */
const TRANSPORT_PATIENCE = 1500;
