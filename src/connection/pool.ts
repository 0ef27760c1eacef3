import { monotonicNow, nextTick, setImmediate } from '../clock.ts';
import { type ErrorCode, MemcacheError } from '../errors.ts';
import { copySmallValues } from '../protocol/large.ts';
import type { ProtocolName } from '../protocol/protocol.ts';
import type { Holder, Request } from '../protocol/request.ts';
import { Backoff } from './backoff.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { Dialer, type Target } from './dialer.ts';
import { isWatched, tellClosed, tellConnected, tellFailed } from './telemetry.ts';

export interface PoolLimits {
  /** Sockets at most. */
  connections: number;
  /** Commands that may wait, whether for a connection or for a response. */
  maxPending: number;
}

/** Gets what becomes of the server behind a pool. */
export interface PoolOwner {
  /** There is a connection that commands can use. */
  onUp(protocol: ProtocolName): void;
  /** There is none any more; with an error, the server can't be reached and commands fail until it can. */
  onDown(error?: MemcacheError): void;
}

/**
 * The connections to one server. They are opened as commands need them. When that fails, commands fail at once with the
 * reason, and one attempt at a time in the background finds out when the server is back.
 */
export class Pool implements ConnectionOwner, Holder {
  readonly #target: () => Target;
  readonly #limits: PoolLimits;
  readonly #owner: PoolOwner;
  readonly #dialer: Dialer;
  readonly #backoff = new Backoff(() => this.#opening === undefined && this.#open());
  #ready: Connection[] = [];
  readonly #retired = new Set<Connection>();
  /** Requests that wait for a connection. */
  readonly #waiting = new Set<Request>();
  /** Requests that fail when the input of this turn has been read, and not before the call that made them has returned. */
  readonly #refused = new Map<Request, MemcacheError>();
  #opening: Connection | undefined;
  /** Called when the attempt at a connection that is under way has ended. */
  #onSettled: ((error?: MemcacheError) => void)[] = [];
  /** When the server last answered anything, on the clock of `performance.now()`. */
  answeredAt = Number.NEGATIVE_INFINITY;
  /** What a close said that came while requests were being failed: then the rest of them get it. */
  #closedBy: MemcacheError | undefined;
  /** Why the server can't be reached. */
  #reason: MemcacheError | undefined;
  /** How many calls of `quit` are under way, which further connections would outlive. */
  #quitting = 0;
  /** When another further connection may be tried, after one that failed; on the clock of `performance.now()`. */
  #growAgainAt = 0;

  constructor(target: () => Target, limits: PoolLimits, owner: PoolOwner) {
    this.#target = target;
    this.#limits = limits;
    this.#owner = owner;
    this.#dialer = new Dialer(target, this);
  }

  /** Whether the server is known to be out of reach. */
  get down(): boolean {
    return this.#reason !== undefined;
  }

  /** Sends a request as soon as there is a connection, or fails it when there won't be one. */
  send(request: Request): void {
    const connection = this.#ready.length === 1 ? this.#ready[0] : this.#leastBusy();
    if (connection === undefined || connection.pending === 0) this.#sendIdle(connection, request);
    else this.#sendBusy(connection, request);
  }

  /** Opens a connection now, unless there is one; rejects with the reason when that fails. */
  async connect(): Promise<void> {
    if (this.#ready.length > 0) return;
    if (this.#opening === undefined) this.#open(true);
    const error = await this.#settled();
    if (error !== undefined) throw error;
  }

  /** Ejects the server until it answers again: what has been sent may still be answered. */
  suspect(error: MemcacheError): void {
    if (this.#reason !== undefined) return;
    for (const connection of this.#ready) connection.retire();
    this.#goDown(error);
  }

  /**
   * Waits for every response, quits each connection and closes; only a command that comes meanwhile opens another one.
   */
  async quit(): Promise<void> {
    this.#quitting++;
    this.#calmDown();
    if (this.#opening !== undefined) {
      if (this.#waiting.size === 0) this.#opening.destroy(this.#error('ERR_CLOSED', CLOSED));
      else if ((await this.#settled()) !== undefined) this.#calmDown();
    }
    const leaving = [...this.#ready, ...this.#retired];
    await Promise.all(leaving.map((connection) => new Promise<void>((resolve) => connection.quit(resolve))));
    this.#quitting--;
  }

  /** Closes at once: what waits fails with `ERR_CLOSED`. */
  close(): void {
    this.#calmDown();
    const error = this.#error('ERR_CLOSED', CLOSED);
    this.#closedBy = error;
    const connections = [...this.#ready, ...this.#retired];
    if (this.#opening !== undefined) connections.push(this.#opening);
    else this.#failWaiting(error);
    for (const connection of connections) connection.destroy(error);
  }

  drop(request: Request): void {
    request.holder = undefined;
    this.#waiting.delete(request);
    this.#refused.delete(request);
  }

  onReady(connection: Connection): void {
    this.#opening = undefined;
    this.#reason = undefined;
    this.#backoff.reset();
    this.#ready.push(connection);
    this.#owner.onUp(this.#dialer.succeeded(connection));
    if (isWatched()) tellConnected(connection, this.#target().name);
    for (const request of this.#taken()) connection.send(request);
    this.#tellSettled();
    if (connection.pending > 1) this.#grow();
  }

  onAnswered(now: number): void {
    this.answeredAt = now;
  }

  onRetired(connection: Connection): void {
    this.#retired.add(connection);
    this.#forget(connection);
  }

  onClosed(connection: Connection, error: MemcacheError): void {
    if (connection === this.#opening) {
      this.#openingEnded(connection, error);
      return;
    }
    this.#retired.delete(connection);
    if (isWatched()) tellClosed(connection, this.#target().name, error);
    // One that was given up while it said nothing may be the same server, which hangs.
    if (error.code === 'ERR_PROTOCOL' || (error.code === 'ERR_CONNECT' && !connection.proven)) this.#dialer.forget();
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    const before = this.#ready.length;
    this.#ready = this.#ready.filter((other) => other !== connection);
    if (before > 0 && this.#ready.length === 0) this.#owner.onDown();
  }

  #openingEnded(connection: Connection, error: MemcacheError): void {
    this.#opening = undefined;
    const next = this.#dialer.redial(connection, error);
    if (next instanceof Connection) {
      this.#opening = next;
      return;
    }
    this.#openingFailed(next);
  }

  /** A refused login is not tried again before a command asks for it: a loop of them locks accounts. */
  #openingFailed(error: MemcacheError): void {
    if (isWatched()) tellFailed(this.#target().name, error);
    const final = error.code === 'ERR_AUTH' || error.code === 'ERR_CLOSED';
    if (this.#ready.length > 0) this.#growAgainAt = monotonicNow() + GROWTH_PAUSE;
    else if (final) this.#calmDown();
    else this.#goDown(error);
    this.#failWaiting(error);
    this.#tellSettled(error);
  }

  /** Ends the attempts in the background; the next command makes one of its own. */
  #calmDown(): void {
    this.#backoff.reset();
    this.#reason = undefined;
  }

  #goDown(error: MemcacheError): void {
    const known = this.#reason !== undefined;
    this.#reason = error;
    this.#backoff.schedule();
    if (!known) this.#owner.onDown(error);
  }

  #sendIdle(connection: Connection | undefined, request: Request): void {
    if (connection !== undefined) connection.send(request);
    else if (this.#reason !== undefined) this.#refuse(request, this.#reason);
    else if (this.#waiting.size >= this.#limits.maxPending) this.#refuse(request, this.#busy());
    else {
      request.holder = this;
      copySmallValues(request);
      this.#waiting.add(request);
      if (this.#opening === undefined) this.#open();
    }
  }

  #sendBusy(connection: Connection, request: Request): void {
    const { connections, maxPending } = this.#limits;
    if (maxPending !== Number.POSITIVE_INFINITY && this.#pending() >= maxPending) {
      this.#refuse(request, this.#busy());
      return;
    }
    connection.send(request);
    if (connections > 1) this.#grow();
  }

  /** Opens a further connection, while there may be one. */
  #grow(): void {
    if (this.#quitting > 0 || this.#ready.length >= this.#limits.connections || this.#opening !== undefined) return;
    if (this.#growAgainAt === 0 || this.#growAgainAt <= monotonicNow()) this.#open();
  }

  #leastBusy(): Connection | undefined {
    let least: Connection | undefined;
    for (const connection of this.#ready) {
      if (least === undefined || connection.pending < least.pending) least = connection;
    }
    return least;
  }

  #pending(): number {
    return this.#ready.reduce((sum, connection) => sum + connection.pending, this.#waiting.size);
  }

  /** With `mustAnswer`, the connection is only ready once the server has shown what it speaks. */
  #open(mustAnswer = false): void {
    try {
      this.#opening = this.#dialer.dial(mustAnswer || this.#reason !== undefined);
    } catch (cause) {
      // A port or path that no socket takes; reported like any other connection that could not be made.
      const error = this.#error('ERR_CONNECT', 'The connection could not be made', cause);
      nextTick(() => this.#openingFailed(error));
    }
  }

  #refuse(request: Request, error: MemcacheError): void {
    request.holder = this;
    this.#refused.set(request, error);
    // Not on the next tick: a caller who tries again and again would let no input in, and the server never come back.
    if (this.#refused.size === 1) setImmediate(() => this.#failRefused());
  }

  #failRefused(): void {
    this.#closedBy = undefined;
    const refused = [...this.#refused];
    this.#refused.clear();
    for (const [request, error] of refused) this.#failNow(request, this.#closedBy ?? error);
  }

  /** Only those that wait now: one that fails may come back at once, for the next connection. */
  #failWaiting(error: MemcacheError): void {
    this.#closedBy = undefined;
    for (const request of this.#taken()) this.#failNow(request, this.#closedBy ?? error);
  }

  /** Those that wait now, who no longer do. */
  #taken(): Request[] {
    const requests = [...this.#waiting];
    this.#waiting.clear();
    return requests;
  }

  /** Of what has not been sent, no byte is written. One that was dropped while others failed is not failed any more. */
  #failNow(request: Request, error: MemcacheError): void {
    if (request.holder !== this) return;
    request.holder = undefined;
    request.fail(error, false);
  }

  #settled(): Promise<MemcacheError | undefined> {
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }

  #tellSettled(error?: MemcacheError): void {
    const waiting = this.#onSettled;
    this.#onSettled = [];
    for (const resolve of waiting) resolve(error);
  }

  #busy(): MemcacheError {
    return this.#error('ERR_BUSY', `More than ${this.#limits.maxPending} commands wait for the server (maxPending)`);
  }

  #error(code: ErrorCode, message: string, cause?: unknown): MemcacheError {
    return new MemcacheError(code, message, { server: this.#target().name, cause });
  }
}

const CLOSED = 'The client was closed';

/** How long a server that refused a further connection is left with those that it has, in milliseconds. */
const GROWTH_PAUSE = 1000;
