import type { Server, ServerLike } from '../../cluster/server.ts';
import type { Serializer } from '../../serializers/serializer.ts';
import { Engine } from '../engine.ts';
import { EventSource } from '../events.ts';
import type { Key } from '../keys.ts';
import type { ClientOptions, ResolvedOptions } from '../options.ts';
import { toCallback } from './arguments.ts';
import { FrameCommand, type PerformCallback } from './perform.ts';

/** What a client of MemJS has besides its commands: the fields, the choice of a server, and frames built by hand. */
export class MemjsBase<TIn, TOut> extends EventSource {
  readonly options: ResolvedOptions & ClientOptions<TIn, TOut>;

  /**
   * A client for servers made by hand: `Server`s, or anything with MemJS's server contract. Most will want
   * `Client.create`. Throws `ERR_INVALID_ARGUMENT` for invalid options.
   */
  constructor(servers: readonly ServerLike[], options?: ClientOptions<TIn, TOut> | null) {
    super();
    const engine = new Engine(servers, options ?? {}, this, MemjsBase.prototype.getServer);
    // Not enumerable, so that inspections show what a client has and not how it works.
    Object.defineProperty(this, 'engine', { value: engine });
    this.options = engine.options as ResolvedOptions & ClientOptions<TIn, TOut>;
  }

  /** The servers; an array that may be changed, or replaced. */
  get servers(): readonly Server[] {
    return this.engine.fleet.servers;
  }

  set servers(servers: readonly Server[]) {
    this.engine.fleet.servers = servers;
  }

  /** Turns values into bytes and back; it may be replaced. */
  get serializer(): Serializer<TIn, TOut> {
    return this.engine.serializer as Serializer<TIn, TOut>;
  }

  set serializer(serializer: Serializer<TIn, TOut>) {
    this.engine.serializer = serializer as Serializer<unknown, unknown>;
  }

  /** The number of the last command, uint32. It is the opaque of frames for custom transports. */
  get seq(): number {
    return this.engine.numbers.last;
  }

  set seq(seq: number) {
    this.engine.numbers.last = seq;
  }

  /** Moves `seq` on. */
  incrSeq(): void {
    this.engine.numbers.next();
  }

  /** The index in `servers` of the server for a key. May be replaced on an instance, by a hash ring for instance. */
  getServer(key: string): number | string {
    return this.engine.fleet.index(key);
  }

  /**
   * The server for a key; instead of one that is ejected the next in the order of the distribution, or one of the
   * spare pool; `null` when all are ejected.
   */
  server(key: Key): Server | undefined {
    // Typed as in @types/memjs, which says undefined where MemJS answers null: programs written for either go on.
    return (this.engine.fleet.server(key) ?? null) as unknown as undefined;
  }

  /**
   * Sends a binary frame built by hand to the server of `key`. `seq` has to be the frame's opaque; `callback` gets the
   * response in MemJS's form; `retries` are the attempts in all.
   */
  perform(key: string, request: Buffer, seq: number, callback?: PerformCallback | null, retries?: number): void {
    new FrameCommand(key, request, seq, retries, this.engine).submit(toCallback(callback ?? null));
  }
}
