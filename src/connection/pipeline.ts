import { monotonicNow, nextTick } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import type { Gathered, Gathering } from '../protocol/gathering.ts';
import { isWrite, keyId, keysOf } from '../protocol/keyed.ts';
import { copySmallValues } from '../protocol/large.ts';
import { Op } from '../protocol/op.ts';
import type { Protocol, ReplyQueue } from '../protocol/protocol.ts';
import type { Holder, Reply, Request } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import { DeadlineTimer } from './deadline.ts';
import { HandshakeRequest } from './handshake-request.ts';
import { OutputBuffer } from './output-buffer.ts';
import { WaitingQueue } from './waiting-queue.ts';

/** In place of an opaque: the request has not been encoded. */
const UNSENT = -1;

/** The connection that a pipeline is for. */
export interface PipelineOwner {
  /** The protocol can't say a request of the handshake. */
  onUnsayable(error: MemcacheError): void;
  /** The server answers a command with that it wants a login. */
  onLoginWanted(): void;
  /** A request ends without a response, and its caller may use the memory of its values again. */
  release(request: Request): void;
  /** A command that was sent at a moment has had its time, in milliseconds, without a response. */
  onTimedOut(error: MemcacheError, sentAt: number, time: number): void;
  /** A deadline has come; returns the next one, or `Infinity`. */
  sweep(now: number): number;
}

/** How many commands wait for a response, and since when the oldest does, on the clock of `performance.now()`. */
export interface Waiting {
  count: number;
  since: number;
}

/** A request whose time is over, how many are before it, and whether a byte of it may have left. */
interface Late {
  request: Request;
  before: number;
  written: boolean;
}

/**
 * The requests on one connection, which knows nothing of the socket: it encodes them as they come, stamps their deadlines,
 * and settles them from the head of the queue, since responses come in the order of the requests.
 */
export class Pipeline implements ReplyQueue, Holder, Gathered {
  /** What is spoken; the handshake may find that the server needs a variant of it. */
  protocol: Protocol;
  readonly output = new OutputBuffer();
  /** Requests that wait until the socket takes more: of one that ends meanwhile nothing leaves. */
  backlog = new WaitingQueue();
  /** Whether what comes now has to wait there. */
  deferring = false;
  /** How many requests, the last ones of both queues, came in this turn and have no deadline yet. */
  fresh = 0;
  /** How many requests at the tail of those that have been encoded are still in the output. */
  unwritten = 0;
  /** Whether the input that is being read has answered anything, and taken the head off the queue. */
  heard = false;
  moved = false;
  gathered = 0;
  /** When the head of the queue last moved, on the clock of `performance.now()`. */
  movedAt = 0;
  /** When a command was last answered, on the same clock. */
  answeredAt = 0;
  /** Requests that have been encoded, oldest first; those of the backlog follow. */
  #queue = new WaitingQueue();
  #nextOpaque: number;
  /** What was encoded last, and how much of the output it takes; others may join it there. */
  #last: Request | undefined;
  #lastBytes = 0;
  #endedBy: MemcacheError | undefined;
  readonly #deadlines: DeadlineTimer;
  readonly #server: string;
  readonly #timeout: number;
  readonly #gathering: Gathering;
  readonly #owner: PipelineOwner;

  /** `timeout`: how long the head of the queue may stay where it is, in milliseconds. */
  constructor(protocol: Protocol, server: string, timeout: number, gathering: Gathering, owner: PipelineOwner) {
    this.protocol = protocol;
    this.#nextOpaque = protocol.opaques.first;
    this.#deadlines = new DeadlineTimer((now) => owner.sweep(now));
    this.#server = server;
    this.#timeout = timeout;
    this.#gathering = gathering;
    this.#owner = owner;
  }

  /** How many requests wait for a response. */
  get length(): number {
    return this.#queue.length + this.backlog.length + this.gathered;
  }

  add(request: Request): void {
    if (this.deferring) this.#defer(request);
    else if ((this.protocol.gather !== undefined && this.#gather(request)) || !this.#encode(request)) return;
    this.fresh++;
  }

  /** Has a request leave in one command with that before it, if both came in this turn; false where it has to go alone. */
  #gather(request: Request): boolean {
    const last = this.#last;
    if (last?.holder !== this || this.fresh === 0 || this.unwritten === 0 || !this.#gathering.on) return false;
    const both = this.protocol.gather?.(last, this.#lastBytes, request, this.output, this.#gathering, this);
    if (both === undefined) return false;
    both.holder = this;
    this.#queue.replace(this.#queue.length - 1, both);
    this.#last = both;
    return true;
  }

  #defer(request: Request): void {
    copySmallValues(request);
    if (request.op !== Op.Raw) request.opaque = UNSENT;
    request.holder = this;
    this.backlog.push(request);
  }

  /** Puts a request into the output, and tells whether the protocol can say it. */
  #encode(request: Request): boolean {
    const { output } = this;
    const { attached } = output;
    const before = this.protocol.gather === undefined ? 0 : output.bytes;
    if (request.op !== Op.Raw) {
      const opaque = this.#nextOpaque;
      request.opaque = opaque;
      // A batch takes one for each key and one for its end.
      const next = opaque + (request.keys === undefined ? 1 : request.keys.length + 1);
      this.#nextOpaque = next > this.protocol.opaques.last ? 0 : next;
    }
    try {
      this.protocol.encode(request, output);
    } catch (error) {
      this.#refuse(request, located(error, this.#server));
      return false;
    }
    if (output.attached > attached) output.borrow(request);
    if (output.enough) this.deferring = true;
    if (this.protocol.gather !== undefined) {
      this.#last = request;
      this.#lastBytes = output.bytes - before;
    }
    request.holder = this;
    this.#queue.push(request);
    this.unwritten++;
    return true;
  }

  /** A command that the protocol can't say fails, but not before the call that made it has returned. */
  #refuse(request: Request, error: MemcacheError): void {
    if (request instanceof HandshakeRequest) {
      this.#owner.onUnsayable(error);
      return;
    }
    request.holder = this;
    nextTick(() => this.#failNow(request, error, false));
  }

  /** Gives the requests of this turn their deadlines. */
  stamp(): void {
    const { backlog, fresh } = this;
    const queue = this.#queue;
    if (fresh === 0) return;
    this.fresh = 0;
    const now = monotonicNow();
    const deferred = Math.min(fresh, backlog.length);
    if (queue.length === fresh - deferred) this.movedAt = now;
    let earliest = queue.stamp(fresh - deferred, now);
    if (deferred > 0) earliest = Math.min(earliest, backlog.stamp(deferred, now));
    earliest = Math.min(earliest, this.movedAt + this.#timeout);
    // Most deadlines are later than that of a request before them.
    if (earliest < this.#deadlines.due) this.#deadlines.watch(earliest, now);
  }

  /** Encodes as much of what has waited as may leave now. */
  catchUp(): void {
    this.stamp();
    if (this.#queue.length === 0) this.movedAt = monotonicNow();
    const { backlog, output } = this;
    while (backlog.length > 0 && !output.enough) {
      const request = backlog.shift() as Request;
      // Nothing leaves of one that was dropped.
      if (request.holder === this) this.#encode(request);
    }
  }

  /** What has not left yet can't have been answered. */
  head(): Request | undefined {
    return this.#queue.length > this.unwritten ? this.#queue.head() : undefined;
  }

  deliver(reply: Reply): boolean {
    if (reply.status === Status.AuthError && !(this.#queue.head() instanceof HandshakeRequest)) {
      this.#owner.onLoginWanted();
      return false;
    }
    this.heard = true;
    if (!reply.more) this.moved = true;
    const request = reply.more ? this.#queue.head() : this.#queue.shift();
    if (request === undefined) return false;
    // Nobody waits for the response to one that was dropped.
    if (request.holder === this) {
      if (!reply.more) request.holder = undefined;
      request.settle(reply);
    } else if (!reply.more) {
      request.unanswered?.over();
    }
    return this.#endedBy === undefined;
  }

  /** It keeps its place, since it is never sent again: to look for it among many takes time. */
  drop(request: Request): void {
    request.holder = undefined;
    const unanswered = request.opaque === UNSENT ? undefined : request.leave(this);
    if (unanswered !== undefined) request.unanswered = unanswered;
    this.#owner.release(request);
    if (request.op !== Op.Raw) request.value = undefined;
  }

  /** Puts others in the place of the requests whose time is over; also returns the next deadline of those that are left. */
  takeLate(now: number): { late: Late[]; next: number } {
    // What came in this turn may have no deadline yet.
    this.stamp();
    const { backlog } = this;
    const queue = this.#queue;
    const late: Late[] = [];
    const { length } = queue;
    let next = queue.abandonLate(this, now, true, (request, i) => late.push({ request, before: i, written: true }));
    if (backlog.length > 0) {
      const defer = (request: Request, i: number) => late.push({ request, before: length + i, written: false });
      next = Math.min(next, backlog.abandonLate(this, now, false, defer));
    }
    return { late, next };
  }

  failLate(late: readonly Late[]): void {
    this.#markOvertaken(late);
    const own = this.#handshakes();
    for (const { request, before, written } of late) {
      const { timeout } = request;
      const sentAt = request.deadline - timeout;
      const answering = this.answeredAt > sentAt;
      // One of them may close the client when it gets its error.
      const error = this.#endedBy ?? this.#timedOut(before - own, written);
      const isAwaited = this.#endedBy === undefined && request.holder === this;
      if (isAwaited) this.#owner.onTimedOut(error, sentAt, timeout);
      const { gathered } = this;
      this.#failNow(request, error, written, answering);
      // Of gets in one line, each is an attempt.
      for (let i = this.gathered; isAwaited && i < gathered; i++) this.#owner.onTimedOut(error, sentAt, timeout);
    }
    for (const { request } of late) this.#owner.release(request);
  }

  /** What has timed out is not sent again where a later write of its key follows here. */
  #markOvertaken(late: readonly Late[]): void {
    if (!late.some(({ request }) => isWrite(request))) return;
    const last = new Map<string, number>();
    let index = 0;
    const note = (request: Request): boolean => {
      if (isWrite(request)) for (const key of keysOf(request)) last.set(keyId(key), index);
      index++;
      return false;
    };
    this.#queue.some(note);
    this.backlog.some(note);
    for (const { request, before } of late) {
      if (isWrite(request) && keysOf(request).some((key) => (last.get(keyId(key)) ?? 0) > before))
        request.overtaken = true;
    }
  }

  /** Tells those that somebody waits for that later commands go by another connection. */
  retired(): void {
    const tell = (request: Request): boolean => {
      if (request.holder === this) request.leftBehind();
      return false;
    };
    this.#queue.some(tell);
    this.backlog.some(tell);
  }

  /** How many requests at the head are of the handshake, which is nobody's command. */
  #handshakes(): number {
    let count = 0;
    this.#queue.some((request) => !(request instanceof HandshakeRequest && ++count > 0));
    return count;
  }

  #timedOut(before: number, written: boolean): MemcacheError {
    const others = before === 1 ? '1 command was' : `${before} commands were`;
    const message = `socket timed out waiting on response. It had ${written ? '' : 'not '}left, and ${others} before it.`;
    return new MemcacheError('ERR_TIMEOUT', message, { server: this.#server });
  }

  /** When the head of the queue will not have moved for too long; a command with more time of its own gets it. */
  stuckAt(): number {
    const head = this.#queue.head();
    if (head === undefined) return Number.POSITIVE_INFINITY;
    return this.movedAt + Math.max(this.#timeout, this.#isAwaited(head) ? head.timeout : 0);
  }

  /** Whether anybody still waits for a response. */
  isNeeded(): boolean {
    const isAwaited = (request: Request): boolean => this.#isAwaited(request);
    return this.#queue.some(isAwaited) || this.backlog.some(isAwaited);
  }

  /** Whether somebody has to hear when the server has carried out what nobody waits for. */
  isWatched(): boolean {
    return this.#queue.some(({ unanswered }) => unanswered?.needed === true);
  }

  awaited(now: number): Waiting {
    const awaited = { count: this.gathered, since: now };
    const add = (request: Request): boolean => {
      if (!this.#isAwaited(request)) return false;
      awaited.count++;
      // One that came in this turn has no deadline yet.
      if (request.deadline > 0) awaited.since = Math.min(awaited.since, request.deadline - request.timeout);
      return false;
    };
    this.#queue.some(add);
    this.backlog.some(add);
    return awaited;
  }

  /** Whether somebody outside the connection waits for the response. */
  #isAwaited(request: Request): boolean {
    return request.holder === this && !(request instanceof HandshakeRequest);
  }

  /**
   * Ends it; what waits is for the returned function to fail. Who closed the connection may have been something in between, and
   * the server may still have to read what it was sent.
   */
  end(error: MemcacheError): () => void {
    this.#endedBy = error;
    this.#deadlines.stop();
    const { backlog, unwritten } = this;
    const queue = this.#queue;
    this.#queue = new WaitingQueue();
    this.backlog = new WaitingQueue();
    const written = queue.length - unwritten;
    return () => {
      for (let index = 0; queue.length > 0; index++) {
        const request = queue.shift() as Request;
        if (index < written) this.#lose(request);
        else request.unanswered?.over();
        this.#failNow(request, error, index < written);
      }
      while (backlog.length > 0) this.#failNow(backlog.shift() as Request, error, false);
    };
  }

  /** Nobody will hear any more when the server has carried it out. */
  #lose(request: Request): void {
    const unanswered = request.unanswered ?? (request.holder === this ? request.leave(this) : undefined);
    unanswered?.lost();
  }

  /** One that was dropped while others failed is not failed any more. */
  #failNow(request: Request, error: MemcacheError, written: boolean, answering?: boolean): void {
    if (request.holder !== this) return;
    request.holder = undefined;
    request.fail(error, written, answering);
  }
}

/** What encoding or decoding threw, with the server's name. */
export function located(error: unknown, server: string): MemcacheError {
  if (error instanceof MemcacheError) {
    return new MemcacheError(error.code, error.message, { server, cause: error.cause, reply: error.reply });
  }
  return new MemcacheError('ERR_PROTOCOL', 'The response of the server could not be read', { server, cause: error });
}
