import { wallNow } from '../clock.ts';
import { MAX_RELATIVE } from '../protocol/limits.ts';
import { Counters } from './counters.ts';
import { type Item, itemSize, Mark } from './item.ts';

/** What decides about the store's size and time. */
export interface StoreOptions {
  /**
   * Bytes that all items together may take, by memcached's measure of an item.
   * @default 67_108_864 (64 MB)
   */
  memoryLimit?: number | undefined;
  /**
   * Bytes that one item may take, its key and memcached's 57 bytes of overhead included.
   * @default 1_048_576 (1 MB)
   */
  maxItemSize?: number | undefined;
  /**
   * The time in milliseconds since 1970. Tests that want to see expirations without waiting hand in their own.
   * @default the system's clock, which fake timers do not move
   */
  clock?: (() => number) | undefined;
}

/** Where the store's clock begins, so that a time in the past differs from "never"; memcached's begins here too. */
const CLOCK_BEGINS = 62;

/** How many items one sweep looks at, at most, so that no sweep blocks the event loop. */
const SWEEP_ITEMS = 5_000;

/** Whether an item of some size may be stored. */
export type Room = 'ok' | 'tooLarge' | 'outOfMemory';

/**
 * The items: a map from key to item and a list by last use. Expired and flushed items go when they are asked for or
 * swept; the least recently used go when the memory limit would be passed. Time has memcached's grain of one second.
 */
export class Store {
  readonly counters = new Counters();
  readonly maxItemSize: number;
  memoryLimit: number;
  /** The present second of the store's clock; moved on by {@link tick}. */
  now: number = CLOCK_BEGINS;
  /** The sum of all items' sizes. */
  bytes = 0;
  readonly #items = new Map<string, Item>();
  readonly #clock: () => number;
  /** The Unix time at which the store's clock would show 0. */
  readonly #epoch: number;
  #newest: Item | undefined;
  #oldest: Item | undefined;
  /** memcached's first is 2. */
  #lastCas = 1n;
  /** The last `flush_all`: items last used at or before this second are gone, once it has come. */
  #oldestLive = 0;
  /** Counts what was put in, to tell items that are older than a `flush_all` of the same second. */
  #linked = 0;
  /** Items that were put in up to this one are gone. */
  #flushed = 0;
  #sweeper: MapIterator<Item> | undefined;

  constructor(options: StoreOptions = {}) {
    this.memoryLimit = options.memoryLimit ?? 64 * 1024 * 1024;
    this.maxItemSize = options.maxItemSize ?? 1024 * 1024;
    this.#clock = options.clock ?? wallNow;
    this.#epoch = Math.floor(this.#clock() / 1000) - CLOCK_BEGINS;
  }

  /** How many items there are, expired ones that nobody has come across included. */
  get count(): number {
    return this.#items.size;
  }

  /** Seconds since the start, by memcached's reckoning, which begins with 2. */
  get uptime(): number {
    return this.now - CLOCK_BEGINS + 2;
  }

  /** The moment of the last `flush_all` on the store's clock. */
  get oldestLive(): number {
    return this.#oldestLive;
  }

  /** Looks at the clock. Called before each batch of commands, not for each: a second is the grain anyway. */
  tick(): void {
    this.now = Math.floor(this.#clock() / 1000) - this.#epoch;
  }

  /** The Unix time of a second of the store's clock. */
  unixTime(second: number): number {
    return second + this.#epoch;
  }

  /** The CAS number of the next change. */
  nextCas(): bigint {
    return ++this.#lastCas;
  }

  /**
   * From an expiration as a client sends it (0 never, up to 30 days relative, past that a Unix time, negative at once)
   * to a second of the store's clock.
   */
  expirationOf(sent: number): number {
    if (sent === 0) return 0;
    if (sent < 0) return 1;
    if (sent > MAX_RELATIVE) return sent <= this.#epoch ? 1 : sent - this.#epoch;
    return sent + this.now;
  }

  /** Whether an item of these lengths may be stored at all. */
  roomFor(keyLength: number, flags: number, valueLength: number): Room {
    const size = itemSize(keyLength, flags, valueLength);
    if (size > this.maxItemSize) return 'tooLarge';
    return size > this.memoryLimit ? 'outOfMemory' : 'ok';
  }

  /** The live item of this key. One that has expired or was flushed goes now. */
  find(key: string): Item | undefined {
    const item = this.#items.get(key);
    if (item === undefined) return undefined;
    if (this.#isFlushed(item)) {
      this.counters.get_flushed++;
    } else if (item.expiration !== 0 && item.expiration <= this.now) {
      this.counters.get_expired++;
    } else {
      return item;
    }
    this.remove(item);
    return undefined;
  }

  /** Notes that an item was fetched. */
  bump(item: Item): void {
    if ((item.marks & Mark.Active) === 0) {
      if ((item.marks & Mark.Fetched) === 0) {
        item.marks |= Mark.Fetched;
      } else {
        item.marks |= Mark.Active;
        item.time = this.now;
      }
    }
    this.#makeNewest(item);
  }

  /** Notes that an item was used without being fetched (a refused `add`, a counter that moved). */
  refresh(item: Item): void {
    item.time = this.now;
    this.#makeNewest(item);
  }

  /** Puts a new item in, in place of the one of the same key, if any; evicts what has to go for it. */
  link(item: Item, replaced: Item | undefined, cas: bigint): void {
    if (replaced !== undefined) this.remove(replaced);
    this.#evict(item.size);
    item.cas = cas;
    item.time = this.now;
    item.number = ++this.#linked;
    this.#items.set(item.key, item);
    this.bytes += item.size;
    this.counters.total_items++;
    this.#prepend(item);
  }

  remove(item: Item): void {
    this.#items.delete(item.key);
    this.bytes -= item.size;
    this.#unchain(item);
  }

  /** All items go, now or in `delay` seconds (as sent: past 30 days it is a Unix time). */
  flush(delay: number): void {
    this.counters.cmd_flush++;
    const moment = delay > 0 ? this.expirationOf(delay) : this.now;
    this.#oldestLive = moment - 1;
    if (this.#oldestLive <= this.now) this.#flushed = this.#linked;
  }

  /** Removes expired and flushed items that nobody asks for. Looks at some thousands and goes on from there next time. */
  sweep(): void {
    this.tick();
    this.#sweeper ??= this.#items.values();
    for (let i = 0; i < SWEEP_ITEMS; i++) {
      const next = this.#sweeper.next();
      if (next.done === true) {
        this.#sweeper = undefined;
        return;
      }
      const item = next.value;
      this.counters.crawler_items_checked++;
      if (this.#isFlushed(item) || (item.expiration !== 0 && item.expiration <= this.now)) {
        this.counters.crawler_reclaimed++;
        if ((item.marks & Mark.Fetched) === 0) this.counters.expired_unfetched++;
        this.remove(item);
      }
    }
  }

  /** All live items. The store may change while they are walked through. */
  *items(): Generator<Item> {
    for (const item of this.#items.values()) {
      const gone = this.#isFlushed(item) || (item.expiration !== 0 && item.expiration <= this.now);
      if (!gone) yield item;
    }
  }

  clear(): void {
    this.#items.clear();
    this.#newest = this.#oldest = this.#sweeper = undefined;
    this.bytes = 0;
  }

  /** Brings the items under the limit, after it was lowered. */
  shrink(): void {
    this.#evict(0);
  }

  #isFlushed(item: Item): boolean {
    return item.number <= this.#flushed || (item.time <= this.#oldestLive && this.#oldestLive <= this.now);
  }

  #evict(needed: number): void {
    while (this.bytes + needed > this.memoryLimit && this.#oldest !== undefined) {
      const victim = this.#oldest;
      const unfetched = (victim.marks & Mark.Fetched) === 0;
      if (this.#isFlushed(victim) || (victim.expiration !== 0 && victim.expiration <= this.now)) {
        this.counters.reclaimed++;
        if (unfetched) this.counters.expired_unfetched++;
      } else {
        this.counters.evictions++;
        if (unfetched) this.counters.evicted_unfetched++;
      }
      this.remove(victim);
    }
  }

  #makeNewest(item: Item): void {
    if (this.#newest === item) return;
    this.#unchain(item);
    this.#prepend(item);
  }

  #prepend(item: Item): void {
    item.older = this.#newest;
    item.newer = undefined;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  #unchain(item: Item): void {
    if (item.newer === undefined) this.#newest = item.older;
    else item.newer.older = item.older;
    if (item.older === undefined) this.#oldest = item.newer;
    else item.older.newer = item.newer;
    item.newer = item.older = undefined;
  }
}
