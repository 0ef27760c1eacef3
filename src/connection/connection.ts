import type { Socket } from 'node:net';
import { clearTimeout, monotonicNow, nextTick, setImmediate, setTimeout } from '../clock.ts';
import { type ErrorCode, MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { Decoder, Protocol, ReplyQueue } from '../protocol/protocol.ts';
import type { Reply } from '../protocol/reply.ts';
import { AbandonedRequest, type Holder, Request } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import { isPlainKey } from '../protocol/text/write.ts';
import { connect, type Endpoint, type Reader, readyEvent } from './connector.ts';
import { DeadlineTimer } from './deadline.ts';
import { type Credentials, logIn } from './handshake.ts';
import { type Failure, HandshakeRequest } from './handshake-request.ts';
import type { Introduction, Rebuff } from './introduction.ts';
import { OutputBuffer } from './output-buffer.ts';
import { AUTH_FAILED, notSpoken, probe } from './probe.ts';
import type { Peer } from './telemetry.ts';
import { Turn } from './turn.ts';
import { WaitingQueue } from './waiting-queue.ts';

export interface ConnectionOptions {
  /** The server's name in errors. */
  name: string;
  endpoint: Endpoint;
  introduction: Introduction;
  /** What the server is taken to speak: commands are sent at once, but values not before it has shown that it does. */
  assumed: Protocol | undefined;
  credentials: Credentials | undefined;
  /** Bounds an attempt at a command, in milliseconds. */
  timeout: number;
  /** Bounds everything up to the first command, in milliseconds. */
  conntimeout: number;
}

/** Gets what becomes of a connection. */
export interface ConnectionOwner {
  /** Commands may be sent. */
  onReady(connection: Connection): void;
  /** The server has answered something. */
  onAnswered(now: number): void;
  /** The connection takes no further commands, but some that it has may still be answered. */
  onRetired(connection: Connection): void;
  /** The connection is over; called once, before what waited on it fails. */
  onClosed(connection: Connection, error: MemcacheError): void;
}

/** What ends a connection that nobody needs any more; nobody gets an error. */
const CLOSED = 'The connection was closed by the client';

type State = 'opening' | 'ready' | 'retired' | 'closed';

/** Asks the server to close the connection; the response, if any, is of no interest. */
class QuitRequest extends Request {
  constructor(timeout: number) {
    super(Op.Quit, '');
    this.timeout = timeout;
  }

  override settle(): void {}

  override fail(): void {}
}

/**
 * One socket. Requests are encoded as they come and leave in one write at the end of the turn; answers come in the
 * order of the requests and settle them from the head of the queue.
 */
export class Connection implements ReplyQueue, Holder, Reader {
  /** Why the introduction came to nothing, where another one may do better. */
  rebuff: Rebuff | undefined;
  /** Whether the server has answered anything. */
  proven = false;
  private state: State = 'opening';
  private closedBy: MemcacheError | undefined;
  /** Whether the socket has been opened. */
  private reached = false;
  /** Private for real, so that no inspection shows the password. */
  readonly #options: ConnectionOptions;
  private readonly owner: ConnectionOwner;
  /** What is spoken; the handshake may find that the server needs a variant of it. */
  protocol: Protocol;
  private readonly socket: Socket;
  private readonly decoder: Decoder;
  private readonly output = new OutputBuffer();
  private readonly turn: Turn;
  private readonly deadlines = new DeadlineTimer((now) => this.sweep(now));
  private readonly openTimer: NodeJS.Timeout;
  private queue = new WaitingQueue();
  /** How many requests at the tail of the queue came in this turn and have no deadline yet. */
  private fresh = 0;
  /** How many requests at the tail of the queue are still in the output buffer. */
  private unwritten = 0;
  /** Whether it is only assumed what the server speaks. */
  private unproven = false;
  /** Whether the output has to wait until that is proven. */
  private held = false;
  /** How many of the requests that are to prove it came first. */
  private asked = 0;
  /** Whether the socket has asked for no more until it drains. */
  private blocked = false;
  /** Whether the input that is being read has answered anything, and taken the head off the queue. */
  private heard = false;
  private moved = false;
  /** When the head of the queue last moved, on the clock of `performance.now()`. */
  private movedAt = 0;
  private nextOpaque: number;
  /** Who waits for the end of the socket. */
  private readonly onEnded: (() => void)[] = [];

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.owner = owner;
    this.protocol = options.introduction.protocol;
    this.nextOpaque = this.protocol.opaques.first;
    this.decoder = this.protocol.createDecoder(this);
    this.turn = new Turn(() => this.endTurn(), options.endpoint.tls !== undefined);
    this.socket = connect(options.endpoint, this);
    this.socket.on(readyEvent(options.endpoint), () => this.opened());
    this.socket.on('drain', () => this.drained());
    this.socket.on('end', () => this.inputEnded());
    this.socket.on('error', (cause) => this.lost('The connection failed', cause));
    this.socket.on('close', () => this.ended());
    this.openTimer = setTimeout(() => this.openTimedOut(), options.conntimeout);
  }

  /** How many requests wait for a response. */
  get pending(): number {
    return this.queue.length - this.asked;
  }

  /** The other end, while the socket is open; none of a unix socket. */
  get peer(): Peer | undefined {
    const { remoteAddress: address, remotePort: port } = this.socket;
    return address === undefined || port === undefined ? undefined : { address, port };
  }

  /** Sends a request. Only for a connection that is ready. */
  send(whole: Request): void {
    const { split } = this.protocol;
    const request = split === undefined ? whole : split(whole, (step) => this.send(step));
    if (this.unproven && !this.held && mayHarm(request)) this.hold();
    if (this.fresh === 0) this.beginTurn();
    if (request.op !== Op.Raw) request.opaque = this.takeOpaque(request.keys);
    try {
      this.protocol.encode(request, this.output);
    } catch (error) {
      this.refuse(request, this.located(error));
      return;
    }
    request.holder = this;
    this.queue.push(request);
    this.fresh++;
    this.unwritten++;
  }

  /** What has not left yet can't have been answered. */
  head(): Request | undefined {
    return this.queue.length > this.unwritten ? this.queue.head() : undefined;
  }

  deliver(reply: Reply): boolean {
    if (reply.status === Status.AuthError && this.state !== 'opening') {
      this.destroy(this.error('ERR_AUTH', AUTH_FAILED));
      return false;
    }
    this.heard = true;
    if (!reply.more) this.moved = true;
    const request = reply.more ? this.queue.head() : this.queue.shift();
    if (request === undefined) return false;
    // Nobody waits for the response to one that was dropped.
    if (request.holder === this) {
      if (!reply.more) request.holder = undefined;
      request.settle(reply);
    }
    return this.state !== 'closed';
  }

  /** It keeps its place, since it is never sent again: to look for it among many takes time. */
  drop(request: Request): void {
    request.holder = undefined;
    if (request.op !== Op.Raw) request.value = undefined;
  }

  /** Takes no further commands, waits for the responses to those it has, disconnects from the server and closes. */
  quit(onClosed: () => void): void {
    if (this.socket.closed) onClosed();
    else this.onEnded.push(onClosed);
    if (this.state === 'closed') return;
    this.retire();
    if (this.protocol.name === 'binary') this.send(new QuitRequest(this.#options.timeout));
    else if (!this.alive()) this.destroy(this.error('ERR_CLOSED', CLOSED));
  }

  /** Closes at once; what waits fails with `error`. */
  destroy(error: MemcacheError): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.closedBy = error;
    clearTimeout(this.openTimer);
    this.deadlines.stop();
    this.socket.destroy();
    const { queue, unwritten } = this;
    this.queue = new WaitingQueue();
    this.owner.onClosed(this, error);
    const written = queue.length - unwritten;
    for (let index = 0; queue.length > 0; index++) this.failNow(queue.shift() as Request, error, index < written);
  }

  private opened(): void {
    this.reached = true;
    const { introduction, credentials } = this.#options;
    const send = (request: Request): void => this.send(request);
    logIn(introduction, credentials, send, (failure, proven) => {
      if (failure !== undefined) this.rebuffed(failure);
      else if (proven) this.becomeReady(introduction.protocol);
      else this.prove(introduction.protocol, send);
    });
  }

  private prove(protocol: Protocol, send: (request: Request) => void): void {
    const { assumed } = this.#options;
    probe(this.#options.introduction, send, (failure, spoken = protocol) => {
      if (failure !== undefined) this.rebuffed(failure);
      else if (this.state === 'opening') this.becomeReady(spoken);
      else this.letGo(spoken);
    });
    if (assumed === undefined) return;
    this.unproven = true;
    this.asked = this.queue.length;
    this.becomeReady(assumed);
  }

  /** Writes what has come so far, and nothing more until the server has shown what it speaks. */
  private hold(): void {
    this.endTurn();
    this.held = true;
  }

  /** Writes what has waited for the proof. */
  private letGo(protocol: Protocol): void {
    this.unproven = false;
    this.held = false;
    this.asked = 0;
    this.protocol = protocol;
    if (!this.blocked && !this.output.empty) this.flush();
  }

  /**
   * Fails what the protocol can't say: a command not before the call that made it has returned, and what belongs to the
   * introduction with the whole of that.
   */
  private refuse(request: Request, error: MemcacheError): void {
    if (this.state === 'opening') {
      this.rebuffed({ error, rebuff: 'refused' });
      return;
    }
    request.holder = this;
    nextTick(() => {
      // An abort has come first.
      if (request.holder !== this) return;
      request.holder = undefined;
      request.fail(error, false);
    });
  }

  private rebuffed({ error, rebuff }: Failure): void {
    this.rebuff = rebuff;
    this.destroy(this.located(error));
  }

  private becomeReady(protocol: Protocol): void {
    clearTimeout(this.openTimer);
    this.protocol = protocol;
    this.state = 'ready';
    this.owner.onReady(this);
  }

  private openTimedOut(): void {
    // The response may have come while the process was busy: input is read before immediates run.
    setImmediate(() => {
      if (this.state === 'opening') {
        this.destroy(this.error('ERR_TIMEOUT', 'socket timed out connecting to server.'));
      }
    });
  }

  /** A batch takes one for each key and one for its end. */
  private takeOpaque(keys: Request['keys']): number {
    const first = this.nextOpaque;
    const next = first + (keys === undefined ? 1 : keys.length + 1);
    this.nextOpaque = next > this.protocol.opaques.last ? 0 : next;
    return first;
  }

  private beginTurn(): void {
    if (this.socket.writableLength === 0) this.output.rewind();
    this.turn.begin();
  }

  /** Stamps what came in this turn and writes it out, all in one. */
  private endTurn(): void {
    if (this.state === 'closed') return;
    this.stamp();
    if (!this.blocked && !this.held && !this.output.empty) this.flush();
  }

  private stamp(): void {
    const { queue, fresh } = this;
    if (fresh === 0) return;
    this.fresh = 0;
    const now = monotonicNow();
    const { length } = queue;
    if (length === fresh) this.movedAt = now;
    let earliest = Number.POSITIVE_INFINITY;
    for (let i = Math.max(0, length - fresh); i < length; i++) {
      const request = queue.at(i);
      const deadline = now + request.timeout;
      request.deadline = deadline;
      if (deadline < earliest) earliest = deadline;
    }
    this.deadlines.watch(Math.min(earliest, this.movedAt + this.#options.timeout), now);
  }

  private flush(): void {
    this.unwritten = 0;
    this.blocked = !this.output.flush(this.socket) && this.socket.writableLength > 0;
    if (this.socket.writableLength === 0) this.output.rewind();
  }

  private drained(): void {
    this.blocked = false;
    if (this.state !== 'closed' && !this.held && !this.output.empty) this.flush();
  }

  room(): Buffer | undefined {
    return this.decoder.room();
  }

  read(buffer: Buffer, length: number): void {
    if (this.state === 'closed') return;
    this.moved = false;
    this.heard = false;
    try {
      this.decoder.decode(buffer, 0, length);
    } catch (error) {
      this.garbled(this.located(error));
      return;
    }
    if (this.heard) {
      const now = monotonicNow();
      if (this.moved) this.movedAt = now;
      this.proven = true;
      this.owner.onAnswered(now);
    }
    if (this.state === 'retired' && !this.alive()) this.destroy(this.error('ERR_CLOSED', CLOSED));
  }

  /** Ends the attempts that are over, gives up a stream that has come to a stop, and tells when to look again. */
  private sweep(now: number): number {
    // What came in this turn may have no deadline yet.
    this.stamp();
    const { queue } = this;
    const expired: Request[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (let i = 0; i < queue.length; i++) {
      const request = queue.at(i);
      if (request.holder !== this) continue;
      if (request.deadline > now) {
        if (request.deadline < next) next = request.deadline;
        continue;
      }
      queue.replace(i, new AbandonedRequest(request));
      expired.push(request);
    }
    const stuckAt = this.stuckAt();
    if (stuckAt <= now) this.retire();
    else if (stuckAt < next) next = stuckAt;
    this.expire(expired);
    if (this.state === 'retired' && !this.alive()) this.destroy(this.error('ERR_CLOSED', CLOSED));
    return this.state === 'closed' ? Number.POSITIVE_INFINITY : next;
  }

  /** Their bytes have left or are about to, so they count as written. */
  private expire(requests: readonly Request[]): void {
    if (requests.length === 0) return;
    const error = this.error('ERR_TIMEOUT', 'socket timed out waiting on response.');
    // One of them may close the client when it gets its error.
    for (const request of requests) this.failNow(request, this.closedBy ?? error, true);
  }

  /** One that was dropped while others failed is not failed any more. */
  private failNow(request: Request, error: MemcacheError, written: boolean): void {
    if (request.holder !== this) return;
    request.holder = undefined;
    request.fail(error, written);
  }

  /** When the head of the queue will not have moved for too long; a command with more time of its own gets it. */
  private stuckAt(): number {
    const head = this.queue.head();
    if (head === undefined || this.state !== 'ready') return Number.POSITIVE_INFINITY;
    const own = this.isAwaited(head) ? head.timeout : 0;
    return this.movedAt + Math.max(this.#options.timeout, own);
  }

  /** Takes no further commands; closes when nobody waits for a response any more. */
  retire(): void {
    if (this.state === 'retired' || this.state === 'closed') return;
    this.state = 'retired';
    this.owner.onRetired(this);
    // Neither a response nor a deadline would come by to close one that nobody waits on.
    setImmediate(() => {
      if (!this.alive()) this.destroy(this.error('ERR_CLOSED', CLOSED));
    });
  }

  /** Whether anybody still waits for a response. */
  private alive(): boolean {
    for (let i = 0; i < this.queue.length; i++) {
      if (this.isAwaited(this.queue.at(i))) return true;
    }
    return false;
  }

  /** Whether somebody outside the connection waits for the response. */
  private isAwaited(request: Request): boolean {
    return request.holder === this && !(request instanceof HandshakeRequest);
  }

  private garbled(error: MemcacheError): void {
    const foreign = error.code === 'ERR_PROTOCOL' && (this.unproven || this.state === 'opening');
    if (foreign && this.state === 'opening') this.rebuff = 'unknown';
    this.destroy(foreign ? this.located(notSpoken(this.protocol, error)) : error);
  }

  /** The server sends nothing more. */
  private inputEnded(): void {
    if (this.state !== 'closed') this.decoder.ended?.();
    this.lost('The server closed the connection');
  }

  /** The socket is closed, whoever did it. */
  private ended(): void {
    this.lost('The connection was closed');
    for (const onEnded of this.onEnded.splice(0)) onEnded();
  }

  private lost(message: string, cause?: Error): void {
    if (this.state === 'closed') return;
    if (this.state === 'opening' && this.reached) this.rebuff = 'unknown';
    this.destroy(this.error('ERR_CONNECT', cause ? `${message}: ${cause.message}` : message, cause));
  }

  private error(code: ErrorCode, message: string, cause?: unknown, reply?: string): MemcacheError {
    return new MemcacheError(code, message, { server: this.#options.name, cause, reply });
  }

  /** What encoding or decoding threw, with the server's name. */
  private located(error: unknown): MemcacheError {
    if (error instanceof MemcacheError) return this.error(error.code, error.message, error.cause, error.reply);
    return this.error('ERR_PROTOCOL', 'The response of the server could not be read', error);
  }
}

/** Whether a server that reads lines could take what the user has put into a request for commands. */
function mayHarm({ value, stores, key, keys }: Request): boolean {
  return value !== undefined || stores !== undefined || !isPlainKey(key) || keys?.every(isPlainKey) === false;
}
