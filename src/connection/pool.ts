import { monotonicNow, nextTick, setImmediate } from '../clock.ts';
import { type ErrorCode, MemcacheError } from '../errors.ts';
import { copySmallValues } from '../protocol/large.ts';
import type { ProtocolName } from '../protocol/protocol.ts';
import type { Holder, Request, WireKey } from '../protocol/request.ts';
import { Backoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { Target } from './dialer.ts';
import { Slot, type SlotOwner, slotIndex } from './slot.ts';
import { isWatched, publishClosed, publishConnected, publishFailed } from './telemetry.ts';

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
 * The connections to one server, one for each slot, which is opened by the first command for one of its keys. When none
 * can be opened, commands fail at once with the reason, and one attempt at a time in the background finds out when the
 * server is back.
 */
export class Pool implements SlotOwner, Holder {
  readonly #target: () => Target;
  readonly #limits: PoolLimits;
  readonly #owner: PoolOwner;
  readonly #slots: readonly Slot[];
  readonly #first: Slot;
  readonly #backoff = new Backoff(() => !this.#isOpening() && this.#open(this.#first));
  /** The open connections that take requests. */
  #ready: Connection[] = [];
  /** Requests that fail when the input of this turn has been read, and not before the call that made them has returned. */
  readonly #refused = new Map<Request, MemcacheError>();
  /** Who waits for a connection to be open, or for none to be coming. */
  #onSettled: ((error?: MemcacheError) => void)[] = [];
  /** When the server last answered anything, on the clock of `performance.now()`. */
  answeredAt = Number.NEGATIVE_INFINITY;
  /** What a close said that came while requests were being failed: then it is what the rest of them gets. */
  #closedBy: MemcacheError | undefined;
  /** Why the server can't be reached. */
  #reason: MemcacheError | undefined;

  constructor(target: () => Target, limits: PoolLimits, owner: PoolOwner) {
    this.#target = target;
    this.#limits = limits;
    this.#owner = owner;
    const terms = { known: undefined, spoken: undefined };
    this.#slots = Array.from({ length: Math.max(1, limits.connections) }, () => new Slot(target, terms, this));
    this.#first = this.#slots[0] as Slot;
  }

  /** Whether the server is known to be out of reach. */
  get down(): boolean {
    return this.#reason !== undefined;
  }

  /** Which of the slots a key belongs to. */
  slotOf(key: WireKey): number {
    return this.#slots.length === 1 ? 0 : slotIndex(key, this.#slots.length);
  }

  /** Sends a request as soon as there is a connection, or fails it when there won't be one. */
  send(request: Request): void {
    const slot = this.#slots.length === 1 ? this.#first : this.#choose(request);
    const { connection } = slot;
    if (connection === undefined) this.#sendLater(slot, request);
    else if (this.#isFull()) this.#refuse(request, this.#busy());
    else connection.send(request);
  }

  /** Opens a connection now, unless there is one; rejects with the reason when that fails. */
  async connect(): Promise<void> {
    if (this.#ready.length > 0) return;
    if (!this.#isOpening()) this.#open(this.#first, true);
    const error = await this.#settled();
    if (error !== undefined) throw error;
  }

  /** Passes the server by until it answers again: what has been sent may still be answered. */
  suspect(error: MemcacheError): void {
    if (this.#reason !== undefined) return;
    for (const connection of this.#ready) connection.retire();
    this.#goDown(error);
  }

  /** Waits for every response, quits each connection and closes; only a command that comes meanwhile opens another one. */
  async quit(): Promise<void> {
    this.#calmDown();
    for (const { opening, waiting } of this.#slots) {
      if (waiting.size === 0) opening?.destroy(this.#error('ERR_CLOSED', CLOSED));
    }
    while (this.#isOpening()) if ((await this.#settled()) !== undefined) this.#calmDown();
    const leaving = this.#slots.flatMap(({ own, retired }) => (own === undefined ? [...retired] : [own, ...retired]));
    await Promise.all(leaving.map((connection) => new Promise<void>((resolve) => connection.quit(resolve))));
  }

  /** Closes at once: what waits fails with `ERR_CLOSED`. */
  close(): void {
    this.#calmDown();
    const error = this.#error('ERR_CLOSED', CLOSED);
    const connections = this.#slots.flatMap(({ own, opening, retired }) => [own, opening, ...retired]);
    this.#failWaiting(error);
    this.#closedBy = error;
    for (const connection of connections) connection?.destroy(error);
  }

  drop(request: Request): void {
    request.holder = undefined;
    for (const { waiting } of this.#slots) waiting.delete(request);
    this.#refused.delete(request);
  }

  onReady(slot: Slot, connection: Connection): void {
    this.#reason = undefined;
    this.#backoff.reset();
    this.#ready.push(connection);
    this.#owner.onUp(connection.protocol.name);
    if (isWatched()) publishConnected(connection, this.#target().name);
    slot.settle();
    for (const other of this.#slots) if (other.opening === undefined && other.waiting.size > 0) this.#goOn(other);
    this.#notifySettled();
  }

  /** A slot whose socket could not be opened has waited for another one. */
  #goOn(slot: Slot): void {
    this.#lend(slot);
    if (slot.waiting.size > 0) this.#open(slot);
  }

  onAnswered(now: number): void {
    this.answeredAt = now;
  }

  onLost(connection: Connection): void {
    this.#ready = this.#ready.filter((other) => other !== connection);
    for (const slot of this.#slots) if (slot.connection === connection) slot.connection = slot.own;
    if (this.#ready.length === 0) this.#owner.onDown();
  }

  onClosed(connection: Connection, error: MemcacheError): void {
    if (isWatched()) publishClosed(connection, this.#target().name, error);
  }

  /** A refused login is not tried again before a command asks for it: a loop of them locks accounts. */
  onFailed(slot: Slot, error: MemcacheError): void {
    if (isWatched()) publishFailed(this.#target().name, error);
    const final = error.code === 'ERR_AUTH' || error.code === 'ERR_CLOSED';
    if (this.#ready.length > 0) {
      slot.pause();
      this.#lend(slot, error);
    } else if (!this.#isOpening()) {
      if (final) this.#calmDown();
      else this.#goDown(error);
      this.#failWaiting(error);
      this.#notifySettled(error);
    }
  }

  /** A slot whose socket can't be opened goes by another one's, unless something is under way still that might overtake. */
  #lend(slot: Slot, error = this.#reason): void {
    const connection = this.#leastBusy();
    if (slot.connection !== undefined || connection === undefined) return;
    if (slot.retired.size === 0) slot.use(connection);
    else if (error !== undefined) for (const request of slot.take()) this.#failNow(request, error);
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

  /** Sends a request of a slot that has no connection now. */
  #sendLater(slot: Slot, request: Request): void {
    if (this.#reason !== undefined) {
      this.#refuse(request, this.#reason);
    } else if (this.#isFull()) {
      this.#refuse(request, this.#busy());
    } else {
      request.holder = this;
      copySmallValues(request);
      slot.waiting.add(request);
      if (slot.opening !== undefined) return;
      if (slot.againAt > monotonicNow()) this.#goOn(slot);
      else this.#open(slot);
    }
  }

  /** The slot of a key; a command without one goes to the connection with the least waiting. */
  #choose({ key }: Request): Slot {
    if (key.length === 0) {
      const idle = this.#leastBusy();
      return this.#slots.find(({ own }) => own !== undefined && own === idle) ?? this.#first;
    }
    const slot = this.#slots[slotIndex(key, this.#slots.length)] as Slot;
    if (slot.connection !== slot.own) this.#goBack(slot);
    return slot;
  }

  /** A slot that goes by another's connection has its own again as soon as there is one, and nothing under way. */
  #goBack(slot: Slot): void {
    if (slot.own !== undefined) slot.settle();
    else if (slot.opening === undefined && slot.againAt <= monotonicNow()) this.#open(slot);
  }

  #leastBusy(): Connection | undefined {
    let least: Connection | undefined;
    for (const connection of this.#ready) {
      if (least === undefined || connection.pending < least.pending) least = connection;
    }
    return least;
  }

  /** Whether a further command is refused. */
  #isFull(): boolean {
    const { maxPending } = this.#limits;
    if (maxPending === Number.POSITIVE_INFINITY) return false;
    const waiting = this.#slots.reduce((sum, slot) => sum + slot.waiting.size, 0);
    return this.#ready.reduce((sum, connection) => sum + connection.pending, waiting) >= maxPending;
  }

  #isOpening(): boolean {
    return this.#slots.some(({ opening }) => opening !== undefined);
  }

  /** With `mustAnswer`, the connection is only ready once the server has shown what it speaks. */
  #open(slot: Slot, mustAnswer = false): void {
    try {
      slot.open(mustAnswer || this.#reason !== undefined);
    } catch (cause) {
      // A port or path that no socket takes; treated like any other connection that could not be made.
      const error = this.#error('ERR_CONNECT', 'The connection could not be made', cause);
      nextTick(() => this.onFailed(slot, error));
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
    const waiting = this.#slots.flatMap((slot) => slot.take());
    this.#closedBy = undefined;
    for (const request of waiting) this.#failNow(request, this.#closedBy ?? error);
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

  #notifySettled(error?: MemcacheError): void {
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
