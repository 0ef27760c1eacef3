import type { Socket } from 'node:net';
import { clearTimeout, monotonicNow, nextTick, setImmediate, setTimeout } from '../clock.ts';
import { type ErrorCode, MemcacheError } from '../errors.ts';
import { copySmallValues } from '../protocol/large.ts';
import { Op } from '../protocol/op.ts';
import type { Decoder, Protocol, ReplyQueue } from '../protocol/protocol.ts';
import type { Reply } from '../protocol/reply.ts';
import { type Holder, Request } from '../protocol/request.ts';
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

/** What has been sent of a value can't be called back, and its caller may change the rest. */
const LEFT_IN_PART = 'The connection was closed: a value that was given up had left in part';

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
  /** Requests that have been encoded, oldest first. */
  private queue = new WaitingQueue();
  /** Requests behind them that wait until the socket takes more: of one that ends meanwhile nothing leaves. */
  private backlog = new WaitingQueue();
  /** Whether what comes now has to wait there. */
  private deferring = false;
  /** How many requests, the last ones of both, came in this turn and have no deadline yet. */
  private fresh = 0;
  /** How many requests at the tail of the queue are still in the output buffer. */
  private unwritten = 0;
  /** Whether it is only assumed what the server speaks. */
  private unproven = false;
  /** Whether the output has to wait until that is proven. */
  private held = false;
  /** How many of the requests that are to prove it came first. */
  private asked = 0;
  /** Whether the socket has asked for no more until it drains, or the event loop is to have its turn first. */
  private blocked = false;
  private yielding = false;
  /** Whether the input that is being read has answered anything, and taken the head off the queue. */
  private heard = false;
  private moved = false;
  /** When the head of the queue last moved, on the clock of `performance.now()`. */
  private movedAt = 0;
  /** When a command was last answered, on the same clock. */
  private answeredAt = 0;
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
    return this.queue.length + this.backlog.length - this.asked;
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
    if (this.deferring) this.defer(request);
    else if (!this.encode(request)) return;
    this.fresh++;
  }

  private defer(request: Request): void {
    copySmallValues(request);
    request.holder = this;
    this.backlog.push(request);
  }

  /** Puts a request into the output, and tells whether the protocol can say it. */
  private encode(request: Request): boolean {
    const { output } = this;
    const { attached } = output;
    if (request.op !== Op.Raw) request.opaque = this.takeOpaque(request.keys);
    try {
      this.protocol.encode(request, output);
    } catch (error) {
      this.refuse(request, this.located(error));
      return false;
    }
    if (output.attached > attached) output.borrow(request);
    if (output.enough) this.deferring = true;
    request.holder = this;
    this.queue.push(request);
    this.unwritten++;
    return true;
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
    this.release(request);
    if (request.op !== Op.Raw) request.value = undefined;
  }

  /** Lets the caller of a request that ends without a response use the memory of its values again. */
  private release(request: Request): void {
    if (this.output.giveBack(request) || this.socket.writableLength === 0) return;
    this.destroy(this.error('ERR_CONNECT', LEFT_IN_PART));
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
    const { queue, backlog, unwritten } = this;
    this.queue = new WaitingQueue();
    this.backlog = new WaitingQueue();
    this.owner.onClosed(this, error);
    const written = queue.length - unwritten;
    for (let index = 0; queue.length > 0; index++) this.failNow(queue.shift() as Request, error, index < written);
    while (backlog.length > 0) this.failNow(backlog.shift() as Request, error, false);
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
    this.deferring = true;
  }

  /** Writes what has waited for the proof. */
  private letGo(protocol: Protocol): void {
    this.unproven = false;
    this.held = false;
    this.asked = 0;
    this.protocol = protocol;
    this.goOn();
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
    this.goOn();
  }

  private stamp(): void {
    const { queue, backlog, fresh } = this;
    if (fresh === 0) return;
    this.fresh = 0;
    const now = monotonicNow();
    const deferred = Math.min(fresh, backlog.length);
    if (queue.length === fresh - deferred) this.movedAt = now;
    let earliest = queue.stamp(fresh - deferred, now);
    if (deferred > 0) earliest = Math.min(earliest, backlog.stamp(deferred, now));
    this.deadlines.watch(Math.min(earliest, this.movedAt + this.#options.timeout), now);
  }

  private goOn(): void {
    if (!this.blocked && !this.held && !(this.output.empty && this.backlog.length === 0)) this.flush();
  }

  private flush(): void {
    const { backlog, output, socket } = this;
    if (backlog.length > 0) this.catchUp();
    this.unwritten = 0;
    if (!output.empty) this.blocked = !output.flush(socket) && socket.writableLength > 0;
    if (socket.writableLength === 0) output.rewind();
    if (backlog.length > 0 && !this.blocked) this.yieldToInput();
    this.deferring = this.blocked || backlog.length > 0;
  }

  /** Encodes as much of what has waited as may leave now. */
  private catchUp(): void {
    this.stamp();
    if (this.queue.length === 0) this.movedAt = monotonicNow();
    const { backlog, output } = this;
    while (backlog.length > 0 && !output.enough) {
      const request = backlog.shift() as Request;
      // Nothing leaves of one that was dropped.
      if (request.holder === this) this.encode(request);
    }
  }

  /** Lets responses in before more leaves, however fast the socket takes it. */
  private yieldToInput(): void {
    this.blocked = true;
    if (this.yielding) return;
    this.yielding = true;
    setImmediate(() => {
      this.yielding = false;
      this.drained();
    });
  }

  private drained(): void {
    this.blocked = false;
    if (this.state !== 'closed') this.goOn();
  }

  room(): Buffer | undefined {
    return this.decoder.room();
  }

  read(buffer: Buffer, length: number): void {
    if (this.state === 'closed') return;
    this.moved = false;
    this.heard = false;
    const { unproven } = this;
    try {
      this.decoder.decode(buffer, 0, length);
    } catch (error) {
      this.garbled(this.located(error));
      return;
    }
    if (this.heard) {
      const now = monotonicNow();
      if (this.moved) {
        this.movedAt = now;
        if (!unproven) this.answeredAt = now;
      }
      this.proven = true;
      this.owner.onAnswered(now);
    }
    if (this.state === 'retired' && !this.alive()) this.destroy(this.error('ERR_CLOSED', CLOSED));
  }

  /** Ends the attempts that are over, gives up a stream that has come to a stop, and tells when to look again. */
  private sweep(now: number): number {
    // What came in this turn may have no deadline yet.
    this.stamp();
    const { queue, backlog } = this;
    const late: Late[] = [];
    const { length } = queue;
    let next = queue.abandonLate(this, now, (request, i) => late.push({ request, before: i, written: true }));
    if (backlog.length > 0) {
      const defer = (request: Request, i: number) => late.push({ request, before: length + i, written: false });
      next = Math.min(next, backlog.abandonLate(this, now, defer));
    }
    const stuckAt = this.stuckAt();
    if (stuckAt <= now) this.retire();
    else if (stuckAt < next) next = stuckAt;
    this.expire(late);
    if (this.state === 'retired' && !this.alive()) this.destroy(this.error('ERR_CLOSED', CLOSED));
    return this.state === 'closed' ? Number.POSITIVE_INFINITY : next;
  }

  private expire(late: readonly Late[]): void {
    for (const { request, before, written } of late) {
      if (request.holder !== this) continue;
      const answering = this.answeredAt > request.deadline - request.timeout;
      // One of them may close the client when it gets its error.
      const error = this.closedBy ?? this.error('ERR_TIMEOUT', timedOut(before, written));
      request.holder = undefined;
      request.fail(error, written, answering);
    }
    for (const { request } of late) this.release(request);
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
    const isAwaited = (request: Request): boolean => this.isAwaited(request);
    return this.queue.some(isAwaited) || this.backlog.some(isAwaited);
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

/** A request whose time is over, how many are before it, and whether a byte of it may have left. */
interface Late {
  request: Request;
  before: number;
  written: boolean;
}

function timedOut(before: number, written: boolean): string {
  const others = before === 1 ? '1 command was' : `${before} commands were`;
  return `socket timed out waiting on response. It had ${written ? '' : 'not '}left, and ${others} before it.`;
}

/** Whether a server that reads lines could take what the user has put into a request for commands. */
function mayHarm({ value, stores, key, keys }: Request): boolean {
  return value !== undefined || stores !== undefined || !isPlainKey(key) || keys?.every(isPlainKey) === false;
}
