import { clearTimeout, monotonicNow, setImmediate, setTimeout } from '../../clock.ts';
import { Backoff } from '../../connection/backoff.ts';
import type { MemcacheError } from '../../errors.ts';
import { keyId } from '../../protocol/keyed.ts';
import type { Holder, Unanswered, WireKey } from '../../protocol/request.ts';
import type { Server } from '../server.ts';
import { BATCH_KEYS, BATCHES_AHEAD, type Unsent } from '../unsent.ts';
import { type BatchOwner, DeleteBatch } from './delete-batch.ts';
import { DoubtfulKey, DoubtfulKeys } from './doubtful-key.ts';

/** What bounds a repair. */
export interface RepairLimits {
  /** Keys that are kept for a server at most. */
  readonly keys: number;
  /** For how many seconds a key is kept after its failure. */
  readonly for: number;
}

/** Gets what became of keys. */
export interface RepairListener {
  repaired(server: Server, keys: readonly WireKey[]): void;
  unrepaired(server: Server, keys: readonly WireKey[]): void;
}

/** How long after it answers others a server has done with what was lost on a connection, in milliseconds. */
const SETTLED = 1000;

/** Events about keys that are given up have so many at most. */
const EVENT_KEYS = 1024;

/**
 * The keys of one server that have to be deleted there, because it may have an old value of them or may come to store one.
 * Each is deleted as soon as the server answers, and before anything else is sent for it.
 */
export class ServerRepair implements Unsent, BatchOwner {
  readonly server: Server;
  readonly #limits: RepairLimits;
  readonly #listener: RepairListener;
  readonly #keys = new DoubtfulKeys();
  /** Those that are to be deleted and not on their way yet. */
  readonly #due = new Set<DoubtfulKey>();
  readonly #batches = new Map<DeleteBatch, readonly DoubtfulKey[]>();
  /** Attempts of which nobody will hear. */
  #lost: Unanswered[] = [];
  #givenUp: WireKey[] = [];
  readonly #isClosing: () => boolean;
  #isScheduled = false;
  /** Sends deletes again of which one has failed. */
  readonly #backoff = new Backoff(() => this.#sendDue());
  #expiry: NodeJS.Timeout | undefined;
  #onIdle: (() => void)[] = [];

  /** `isClosing`: whether nothing may be sent now. */
  constructor(server: Server, limits: RepairLimits, listener: RepairListener, isClosing: () => boolean) {
    this.server = server;
    this.#isClosing = isClosing;
    this.#limits = limits;
    this.#listener = listener;
  }

  /** How many keys wait to be repaired. */
  get size(): number {
    return this.#keys.size;
  }

  /** Has a key deleted. */
  note(key: WireKey): DoubtfulKey {
    const doubtful = this.#doubt(key);
    this.#soil(doubtful);
    return doubtful;
  }

  /** Has keys deleted, and once more when the server has done with an attempt that nobody waits for. */
  leave(keys: readonly WireKey[], on: Holder): Unanswered {
    return new LeftAttempt(
      this,
      keys.map((key) => this.note(key)),
      on,
    );
  }

  /** Has a key deleted when the server that this one stands in for is back. */
  standIn(key: WireKey, own: Server): void {
    const doubtful = this.#keys.get(keyId(key));
    if (doubtful?.isPast) this.#soil(doubtful);
    const standing = this.#doubt(key);
    standing.standsFor = own;
    standing.ejections = own.ejections;
  }

  /** What is here of a key is no longer the newest. */
  outdate(id: string): void {
    const doubtful = this.#keys.get(id);
    if (doubtful?.standsFor === undefined) return;
    this.#soil(doubtful);
    this.flush();
  }

  /** Deletes what is here for servers that are back; says whether there is more. */
  standDown(): boolean {
    let more = false;
    for (const doubtful of this.#keys) {
      if (doubtful.isPast) this.#soil(doubtful);
      else if (doubtful.standsFor !== undefined) more = true;
    }
    if (this.#due.size > 0) this.flush();
    return more;
  }

  attemptOver(doubtful: DoubtfulKey, on: Holder): void {
    if (doubtful.gone) return;
    doubtful.unanswered--;
    // A delete behind it on the same connection comes after it.
    if (doubtful.deletedBy !== undefined && doubtful.deletedBy.holder === on) return;
    this.#soil(doubtful);
    this.flush();
  }

  attemptLost(attempt: Unanswered): void {
    this.#lost.push(attempt);
  }

  sendBefore(keys: readonly WireKey[]): void {
    if (this.server.down) return;
    for (const key of keys) {
      const doubtful = this.#keys.get(keyId(key));
      if (doubtful === undefined) continue;
      if (doubtful.isPast) this.#soil(doubtful);
      if (doubtful.dirty && !this.#isAhead(doubtful)) this.#send([doubtful]);
    }
  }

  /** Sends deletes, as many as may be under way, when this turn is over. */
  flush(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#sendDue();
      this.#notifyIdle();
    });
  }

  /** The server is back. */
  up(): void {
    this.#backoff.reset();
    this.#sendDue();
  }

  /** Resolves when all that can be deleted now has been. */
  async settle(): Promise<void> {
    this.up();
    if (this.#batches.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Gives up all keys. */
  giveUp(): void {
    for (const doubtful of [...this.#keys]) this.#forget(doubtful);
    this.#tellGivenUp();
    this.#end();
  }

  answered(batch: DeleteBatch, refused: ReadonlySet<number>): void {
    const repaired: WireKey[] = [];
    for (const [place, doubtful] of this.#take(batch).entries()) {
      if (doubtful.deletedBy !== batch) continue;
      doubtful.deletedBy = undefined;
      if (refused.has(place)) {
        this.#due.add(doubtful);
        continue;
      }
      doubtful.dirty = false;
      if (!doubtful.repaired) continue;
      this.#keys.delete(doubtful);
      doubtful.gone = true;
      repaired.push(doubtful.key);
    }
    this.#outliveLost();
    if (refused.size > 0) this.#sendAgain();
    else if (!this.#backoff.isPending) this.#backoff.reset();
    if (repaired.length > 0) this.#listener.repaired(this.server, repaired);
    this.#goOn();
  }

  failed(batch: DeleteBatch, error: MemcacheError): void {
    for (const doubtful of this.#take(batch)) {
      if (doubtful.deletedBy !== batch || doubtful.gone) continue;
      doubtful.deletedBy = undefined;
      this.#due.add(doubtful);
    }
    // A loop of refused logins locks accounts: the next command of the caller makes one.
    if (error.code !== 'ERR_AUTH' && error.code !== 'ERR_CLOSED') this.#sendAgain();
    this.#notifyIdle();
  }

  #take(batch: DeleteBatch): readonly DoubtfulKey[] {
    const keys = this.#batches.get(batch) ?? [];
    this.#batches.delete(batch);
    return keys;
  }

  #goOn(): void {
    if (!this.#backoff.isPending) this.#sendDue();
    if (this.#keys.size === 0) this.#end();
    this.#notifyIdle();
  }

  /** The entry of a key, which has failed just now. */
  #doubt(key: WireKey): DoubtfulKey {
    const id = keyId(key);
    const doubtful = this.#keys.get(id) ?? new DoubtfulKey(id, key);
    doubtful.failedAt = monotonicNow();
    this.#keys.push(doubtful);
    this.server.unsent.addRepair(this);
    if (this.#keys.size > this.#limits.keys) this.#forget(this.#keys.oldest() as DoubtfulKey);
    this.#expiry ??= this.#watchExpiry(this.#limits.for * 1000);
    this.flush();
    return doubtful;
  }

  /** A delete that is under way comes too early. */
  #soil(doubtful: DoubtfulKey): void {
    doubtful.dirty = true;
    doubtful.deletedBy = undefined;
    doubtful.standsFor = undefined;
    if (!doubtful.gone) this.#due.add(doubtful);
  }

  /** Whether a delete of the key is on its way to the server before anything that is sent now. */
  #isAhead({ deletedBy, key }: DoubtfulKey): boolean {
    return deletedBy !== undefined && deletedBy.holder === this.server.holderOf(key);
  }

  #sendDue(): void {
    if (this.#isClosing()) return;
    while (this.#due.size > 0 && this.#batches.size < BATCHES_AHEAD && !this.server.down) {
      const slots = new Map<number, DoubtfulKey[]>();
      let count = 0;
      for (const doubtful of this.#due) {
        if (count++ === BATCH_KEYS) break;
        const slot = this.server.slotOf(doubtful.key);
        if (!slots.get(slot)?.push(doubtful)) slots.set(slot, [doubtful]);
      }
      for (const keys of slots.values()) this.#send(keys);
    }
  }

  #send(keys: readonly DoubtfulKey[]): void {
    const batch = new DeleteBatch(
      keys.map(({ key }) => key),
      this,
    );
    for (const doubtful of keys) {
      doubtful.deletedBy = batch;
      this.#due.delete(doubtful);
    }
    this.#batches.set(batch, keys);
    this.server.send(batch);
  }

  #sendAgain(): void {
    if (!this.#backoff.isPending && !this.server.down) this.#backoff.schedule();
  }

  /** The server answers: what it had been sent on connections that are lost it will have read before long. */
  #outliveLost(): void {
    if (this.#lost.length === 0) return;
    const lost = this.#lost;
    this.#lost = [];
    setTimeout(() => {
      for (const attempt of lost) attempt.over();
    }, SETTLED).unref();
  }

  #watchExpiry(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#expiry = undefined;
      const now = monotonicNow();
      for (let oldest = this.#keys.oldest(); oldest !== undefined; oldest = this.#keys.oldest()) {
        const left = oldest.failedAt + this.#limits.for * 1000 - now;
        if (left > 0) {
          this.#expiry = this.#watchExpiry(left);
          return;
        }
        this.#forget(oldest);
      }
      this.#end();
    }, milliseconds).unref();
  }

  #forget(doubtful: DoubtfulKey): void {
    this.#keys.delete(doubtful);
    this.#due.delete(doubtful);
    doubtful.gone = true;
    doubtful.deletedBy = undefined;
    if (this.#givenUp.push(doubtful.key) >= EVENT_KEYS) this.#tellGivenUp();
    else if (this.#givenUp.length === 1) setImmediate(() => this.#tellGivenUp());
  }

  #tellGivenUp(): void {
    const keys = this.#givenUp;
    this.#givenUp = [];
    if (keys.length > 0) this.#listener.unrepaired(this.server, keys);
  }

  /** Nothing waits any more. */
  #end(): void {
    this.#backoff.reset();
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    this.server.unsent.deleteRepair(this);
    this.server.stopLingering();
  }

  #notifyIdle(): void {
    if (this.#batches.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

/** An attempt at a write of keys that the server may still carry out. */
class LeftAttempt implements Unanswered {
  readonly #repair: ServerRepair;
  readonly #keys: readonly DoubtfulKey[];
  readonly #on: Holder;
  #isOver = false;
  #isLost = false;

  constructor(repair: ServerRepair, keys: readonly DoubtfulKey[], on: Holder) {
    this.#repair = repair;
    this.#keys = keys;
    this.#on = on;
    for (const key of keys) key.unanswered++;
  }

  get needed(): boolean {
    return !this.#isOver && this.#keys.some(({ gone }) => !gone);
  }

  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const key of this.#keys) this.#repair.attemptOver(key, this.#on);
  }

  lost(): void {
    if (this.#isLost || !this.needed) return;
    this.#isLost = true;
    this.#repair.attemptLost(this);
  }
}
