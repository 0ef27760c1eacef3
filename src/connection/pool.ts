import { monotonicNow, nextTick, setImmediate } from '../clock.ts';
import { closedError, type ErrorCode, MemcacheError } from '../errors.ts';
import { Gathering } from '../protocol/gathering.ts';
import { copySmallValues } from '../protocol/large.ts';
import type { Holder, Request, WireKey } from '../protocol/request.ts';
import { Backoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { Target, Terms } from './dialer.ts';
import { leastBusy, loadOf, type PoolLimits, type PoolLoad, type PoolOwner } from './pool-load.ts';
import { Silence } from './silence.ts';
import { Slot, type SlotOwner, slotIndex } from './slot.ts';
import { type DownReason, isWatched, publishClosed, publishConnected, publishFailed } from './telemetry.ts';

/**
 * The connections to one server, one for each slot, which is opened by the first command for one of its keys. When none
 * can be opened, or the server says nothing on any, a new one included, commands fail at once with the reason, and one
 * attempt at a time in the background finds out when the server is back.
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
  readonly #silence: Silence;
  readonly #terms: Terms = {
    known: undefined,
    spoken: undefined,
    version: undefined,
    gathering: new Gathering((request) => this.send(request)),
  };
  /** When the server last answered anything, on the clock of `performance.now()`. */
  answeredAt = Number.NEGATIVE_INFINITY;
  #lastError: MemcacheError | undefined;
  /** What a close said that came while requests were being failed: then it is what the rest of them gets. */
  #closedBy: MemcacheError | undefined;
  /** Why the server is down. */
  #reason: MemcacheError | undefined;
  /** What commands fail with meanwhile. */
  #refusal: MemcacheError | undefined;
  /** Whether the server hangs, as far as is known: it has not answered since that was found out. */
  #hangs = false;
  /** Whether the connection that is being opened is to show whether it does; commands wait for it. */
  #proving = false;

  constructor(target: () => Target, limits: PoolLimits, owner: PoolOwner) {
    this.#target = target;
    this.#limits = limits;
    this.#owner = owner;
    this.#silence = new Silence(limits, () => this.#silent());
    this.#slots = Array.from({ length: Math.max(1, limits.connections) }, () => new Slot(target, this.#terms, this));
    this.#first = this.#slots[0] as Slot;
  }

  /** Whether the server is known to be out of reach. */
  get down(): boolean {
    return this.#reason !== undefined;
  }

  /** Whether commands are refused since the server takes them and says nothing. */
  get hung(): boolean {
    return this.#hangs && this.#reason !== undefined;
  }

  /** The version of the server, where a handshake has asked for it. */
  get version(): string | undefined {
    return this.#terms.version;
  }

  /** Why the server is down; otherwise what last went wrong: a command that timed out, a connection that was lost. */
  get lastError(): MemcacheError | undefined {
    return this.#reason ?? this.#lastError;
  }

  get slots(): number {
    return this.#slots.length;
  }

  /** Where a request for a key that is sent now would wait. */
  holderOf(key: WireKey): Holder {
    return this.#slots[this.slotOf(key)]?.connection?.holder ?? this;
  }

  /** Which of the slots a key belongs to. */
  slotOf(key: WireKey): number {
    return this.#slots.length === 1 ? 0 : slotIndex(key, this.#slots.length);
  }

  /** Sends a request as soon as there is a connection, or fails it when there won't be one. */
  send(request: Request): void {
    const slot = this.#slots.length === 1 ? this.#first : this.#choose(request);
    const { connection } = slot;
    if (!connection) this.#sendLater(slot, request);
    else if (this.#limits.maxPending < Number.POSITIVE_INFINITY && this.#isFull()) this.#refuse(request, this.#busy());
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
    this.#goDown(error, 'failover');
  }

  /** Waits for every response, quits each connection and closes; only a command that comes meanwhile opens another one. */
  async quit(): Promise<void> {
    this.#calmDown();
    this.#endOpenings();
    while (this.#isOpening()) {
      if ((await this.#settled()) === undefined) continue;
      this.#calmDown();
      this.#endOpenings();
    }
    for (const slot of this.#slots) slot.stopLingering();
    const leaving = this.#slots.flatMap(({ own, retired }) => (own === undefined ? [...retired] : [own, ...retired]));
    await Promise.all(leaving.map((connection) => new Promise<void>((resolve) => connection.quit(resolve))));
  }

  /** Closes at once: what waits fails with `ERR_CLOSED`. */
  close(): void {
    this.#calmDown();
    const error = closedError(this.#target().name);
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

  /** What is open now, how many commands wait, and since when the oldest of them does. */
  load(): PoolLoad {
    return loadOf(this.#slots);
  }

  onReady(slot: Slot, connection: Connection): void {
    this.#proving = false;
    this.#hangs = false;
    this.#reason = undefined;
    this.#refusal = undefined;
    this.#backoff.succeeded();
    this.#ready.push(connection);
    // Before anybody hears of it, who may send something at once.
    slot.settle();
    this.#owner.onUp(connection.protocol);
    if (isWatched()) publishConnected(connection, this.#target().name);
    for (const other of this.#slots) if (other.opening === undefined && other.waiting.size > 0) this.#goOn(other);
    this.#notifySettled();
  }

  /** A slot whose socket could not be opened has waited for another one. */
  #goOn(slot: Slot): void {
    this.#lend(slot);
    if (slot.waiting.size > 0) this.#open(slot);
  }

  onInput(now: number, answered: boolean): void {
    if (answered) this.answeredAt = now;
    const silence = this.#silence;
    silence.heardAt = now;
    if (silence.attempts === 0) return;
    silence.reset();
    this.stopLingering();
  }

  onTimedOut(error: MemcacheError, sentAt: number, time: number): void {
    this.#lastError = error;
    // Whether it hangs is no question while it is down.
    if (this.#reason === undefined) this.#silence.timedOut(sentAt, time);
  }

  lingers(): boolean {
    return this.#reason === undefined && (this.#silence.isGrowing || this.#silence.suspected);
  }

  onLost(connection: Connection): void {
    this.#ready = this.#ready.filter((other) => other !== connection);
    for (const slot of this.#slots) if (slot.connection === connection) slot.connection = slot.own;
    if (this.#ready.length === 0) this.#owner.onDown();
  }

  onClosed(connection: Connection, error: MemcacheError): void {
    if (error.code !== 'ERR_CLOSED') this.#lastError = error;
    if (isWatched()) publishClosed(connection, this.#target().name, error);
  }

  /** A refused login is not tried again before a command asks for it: a loop of them locks accounts. */
  onFailed(slot: Slot, error: MemcacheError): void {
    if (isWatched()) publishFailed(this.#target().name, error);
    if (error.code !== 'ERR_CLOSED') this.#lastError = error;
    const wasProof = this.#proving;
    this.#proving = false;
    if (this.#ready.length > 0) {
      slot.pause();
      this.#lend(slot, error);
    } else if (!this.#isOpening()) {
      this.#noneCame(error, wasProof);
      this.#failWaiting(this.#refusal ?? error);
      this.#notifySettled(error);
    }
  }

  /** What it leads to that no connection could be opened. */
  #noneCame(error: MemcacheError, wasProof: boolean): void {
    const isSilent = error.code === 'ERR_TIMEOUT';
    if (error.code === 'ERR_AUTH' || error.code === 'ERR_CLOSED') this.#calmDown();
    else if (isSilent && (this.#hangs || this.#silence.suspected)) this.#goDown(this.#hung(), 'hung');
    // A server that has said something meanwhile is slow, and commands are still sent there.
    else if (!isSilent || !wasProof) this.#goDown(error, 'unreachable');
  }

  /**
   * Attempts have timed out, and nothing has come for long. The server may hang, or the connections may be dead, as idle
   * ones are whose route was forgotten: a new connection tells. The commands that come wait for it.
   */
  #silent(): void {
    if (!this.#silence.suspected) {
      this.stopLingering();
      return;
    }
    const isNeeded = this.#ready.length > 0 || this.#slots.some(({ waiting }) => waiting.size > 0);
    for (const connection of this.#ready) connection.retire();
    // Otherwise the next command opens it, and what comes on the old ones until then counts.
    if (!isNeeded) return;
    for (const slot of this.#slots) slot.abandon(this.#error('ERR_CLOSED', 'Given up for another connection'));
    this.#open(this.#first);
  }

  #hung(): MemcacheError {
    return (this.hung && this.#reason) || this.#error('ERR_TIMEOUT', `The server is hung: ${this.#silence.story}`);
  }

  /** Closes the connections that are only open for what may still come, unless more than that is waited for. */
  stopLingering(): void {
    for (const slot of this.#slots) slot.stopLingering();
  }

  /** A slot whose socket can't be opened goes by another one's, unless something is under way still that might overtake. */
  #lend(slot: Slot, error = this.#reason): void {
    const connection = leastBusy(this.#ready);
    if (slot.connection || !connection) return;
    if (slot.retired.size === 0) slot.use(connection);
    else if (error !== undefined) for (const request of slot.take()) this.#failNow(request, error);
  }

  /** Ends the attempts in the background; the next command makes one of its own. */
  #calmDown(): void {
    this.#backoff.reset();
    this.#reason = undefined;
    this.#refusal = undefined;
    if (!this.#proving) this.#silence.reset();
  }

  #goDown(error: MemcacheError, reason: DownReason): void {
    const known = this.#reason !== undefined;
    this.#hangs = reason === 'hung';
    this.#reason = error;
    this.#lastError = error;
    const unsent = `${error.message}. The command had not left, and 0 commands were before it.`;
    this.#refusal = this.#hangs ? this.#error(error.code, unsent, error) : error;
    // What is being opened is an attempt like any other from now on.
    this.#proving = false;
    this.#silence.reset();
    this.stopLingering();
    if (this.#hangs && !known) this.#open(this.#first);
    else this.#backoff.schedule();
    if (!known) this.#owner.onDown(error, reason);
  }

  /** Sends a request of a slot that has no connection now. */
  #sendLater(slot: Slot, request: Request): void {
    if (this.#refusal !== undefined) {
      this.#refuse(request, this.#refusal);
    } else if (this.#isFull()) {
      this.#refuse(request, this.#busy());
    } else {
      request.holder = this;
      copySmallValues(request);
      if (slot.waiting.size === 0) slot.waitingSince = monotonicNow();
      slot.waiting.add(request);
      if (slot.opening !== undefined || this.#proving) return;
      if (slot.againAt > monotonicNow()) this.#goOn(slot);
      else this.#open(slot);
    }
  }

  /** The slot of a key; a command without one goes to the connection with the least waiting. */
  #choose({ key }: Request): Slot {
    if (key.length === 0) {
      const idle = leastBusy(this.#ready);
      return this.#slots.find(({ own }) => own !== undefined && own === idle) ?? this.#first;
    }
    const slot = this.#slots[slotIndex(key, this.#slots.length)] as Slot;
    if (slot.connection !== slot.own) this.#goBack(slot);
    return slot;
  }

  /** A slot that goes by another's connection has its own again as soon as there is one, and nothing under way. */
  #goBack(slot: Slot): void {
    if (slot.own) slot.settle();
    else if (slot.opening === undefined && slot.againAt <= monotonicNow()) this.#open(slot);
  }

  /** Whether a further command is refused. */
  #isFull(): boolean {
    const waiting = this.#slots.reduce((sum, slot) => sum + slot.waiting.size, 0);
    return this.#ready.reduce((sum, connection) => sum + connection.pending, waiting) >= this.#limits.maxPending;
  }

  /** Ends the openings that no command waits for. */
  #endOpenings(): void {
    const isAwaited = this.#slots.some(({ waiting }) => waiting.size > 0);
    for (const { opening, waiting } of this.#slots) {
      if (waiting.size === 0 && !(this.#proving && isAwaited)) opening?.destroy(closedError(this.#target().name));
    }
  }

  #isOpening(): boolean {
    return this.#slots.some(({ opening }) => opening !== undefined);
  }

  /** With `mustAnswer`, the connection is only ready once the server has shown what it speaks. */
  #open(slot: Slot, mustAnswer = false): void {
    const isDoubtful = this.#reason !== undefined || this.#hangs;
    this.#proving = this.#silence.suspected;
    try {
      if (this.#proving) slot.open(true, this.#limits.timeout * 1000);
      else slot.open(mustAnswer || isDoubtful);
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
