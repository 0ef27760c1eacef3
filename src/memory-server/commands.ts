import { MAX_UINT64 } from '../protocol/limits.ts';
import { Item, Mark } from './item.ts';
import type { Store } from './store.ts';
import { parseUnsigned64 } from './wire/numbers.ts';

/** How a value is stored. */
export type StoreMode = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas' | 'appendOrCreate' | 'prependOrCreate';

/** One store, with the expiration as a second of the store's clock. */
export interface StoreRequest {
  mode: StoreMode;
  key: string;
  value: string;
  flags: number;
  expiration: number;
  /** Only if the item's CAS is this one; 0n: whatever it is. */
  cas: bigint;
  /** The CAS that the item gets; memcached counts one for each attempt to store. */
  newCas: bigint;
  /** Stores under an older CAS too, but marks the item as stale (`I` of `ms`). */
  allowStale?: boolean | undefined;
  /** The key came in base64. */
  binaryKey?: boolean | undefined;
}

export type StoreStatus = 'stored' | 'exists' | 'notFound' | 'notStored';

export interface StoreResult {
  status: StoreStatus;
  /** The CAS of what was stored, else 0n. */
  cas: bigint;
  /** The length of the value as it is now stored. */
  length: number;
}

export type DeltaStatus = 'ok' | 'notFound' | 'nonNumeric' | 'exists';

export interface DeltaResult {
  status: DeltaStatus;
  value: bigint;
  /** The item that was found; where the number went into a new one, the old one, with the new one's CAS. */
  item: Item | undefined;
}

/** What the commands of all three protocols do to the store, apart from what they look like on the wire. */
export class Commands {
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Fetches, as the `get` commands do. */
  get(key: string): Item | undefined {
    const { store } = this;
    const item = store.find(key);
    store.counters.cmd_get++;
    if (item === undefined) {
      store.counters.get_misses++;
      return undefined;
    }
    store.counters.get_hits++;
    store.bump(item);
    return item;
  }

  /** Sets a new expiration, and fetches. */
  touch(key: string, expiration: number): Item | undefined {
    const { store } = this;
    const item = store.find(key);
    store.counters.cmd_touch++;
    if (item === undefined) {
      store.counters.touch_misses++;
      return undefined;
    }
    store.counters.touch_hits++;
    store.bump(item);
    item.expiration = expiration;
    return item;
  }

  delete(key: string, cas: bigint): 'deleted' | 'exists' | 'notFound' {
    const { store } = this;
    const item = store.find(key);
    if (item === undefined) {
      store.counters.delete_misses++;
      return 'notFound';
    }
    if (cas !== 0n && cas !== item.cas) return 'exists';
    store.counters.delete_hits++;
    store.remove(item);
    return 'deleted';
  }

  put(request: StoreRequest): StoreResult {
    const { store } = this;
    store.counters.cmd_set++;
    const old = store.find(request.key);
    return old === undefined ? this.#create(request) : this.#overwrite(request, old);
  }

  /** An oversize value: memcached drops the item that it would have replaced, so that nobody reads stale data. */
  refuse(key: string): void {
    const item = this.store.find(key);
    if (item !== undefined) this.store.remove(item);
  }

  /** Moves a counter: incrementing wraps at 2^64, decrementing stops at 0. */
  delta(key: string, up: boolean, amount: bigint, cas: bigint): DeltaResult {
    const { store } = this;
    const item = store.find(key);
    if (item === undefined) return { status: 'notFound', value: 0n, item: undefined };
    // A value over half an item's limit lies in chunks there, and memcached does not look for a number in those.
    if (item.value === '' || item.size > store.maxItemSize / 2) return { status: 'nonNumeric', value: 0n, item };
    if (cas !== 0n && cas !== item.cas) return { status: 'exists', value: 0n, item: undefined };
    const old = parseUnsigned64(item.value);
    if (old === undefined) return { status: 'nonNumeric', value: 0n, item };
    let value: bigint;
    if (up) {
      value = (old + amount) & MAX_UINT64;
      store.counters.incr_hits++;
    } else {
      value = amount > old ? 0n : old - amount;
      store.counters.decr_hits++;
    }
    const digits = value.toString();
    // memcached does not change an item in place while a reply that is still to be sent refers to it.
    const referred = item.batch?.sent === false;
    if (digits.length <= item.value.length && !referred) {
      item.cas = store.nextCas();
      item.value = digits.padEnd(item.value.length, ' ');
      store.refresh(item);
    } else {
      const grown = new Item(item.key, digits, item.flags, item.expiration);
      store.link(grown, item, store.nextCas());
      item.cas = grown.cas;
    }
    return { status: 'ok', value, item };
  }

  /** Counts a counter that was not there. */
  deltaMissed(up: boolean): void {
    if (up) this.store.counters.incr_misses++;
    else this.store.counters.decr_misses++;
  }

  #create(request: StoreRequest): StoreResult {
    const { mode } = request;
    if (mode === 'cas') {
      this.store.counters.cas_misses++;
      return { status: 'notFound', cas: 0n, length: request.value.length };
    }
    if (mode === 'replace' || mode === 'append' || mode === 'prepend') {
      return { status: 'notStored', cas: 0n, length: request.value.length };
    }
    return stored(this.#link(request, undefined, request.value, request.flags, request.expiration));
  }

  #overwrite(request: StoreRequest, old: Item): StoreResult {
    const { store } = this;
    switch (request.mode) {
      case 'add':
        store.refresh(old);
        return { status: 'notStored', cas: 0n, length: request.value.length };
      case 'cas':
        return this.#compareAndStore(request, old);
      case 'append':
      case 'prepend':
      case 'appendOrCreate':
      case 'prependOrCreate':
        return this.#extend(request, old);
      default:
        return stored(this.#link(request, old, request.value, request.flags, request.expiration));
    }
  }

  #compareAndStore(request: StoreRequest, old: Item): StoreResult {
    const { store } = this;
    if (request.cas !== 0n && request.cas === old.cas) {
      store.counters.cas_hits++;
      return stored(this.#link(request, old, request.value, request.flags, request.expiration));
    }
    if (request.allowStale === true && request.cas !== 0n && request.cas < old.cas) {
      const marks = Mark.Stale | (old.marks & Mark.TokenSent);
      return stored(this.#link(request, old, request.value, request.flags, old.expiration, marks));
    }
    store.counters.cas_badval++;
    return { status: 'exists', cas: 0n, length: request.value.length };
  }

  #extend(request: StoreRequest, old: Item): StoreResult {
    if (request.cas !== 0n && request.cas !== old.cas) {
      return { status: 'exists', cas: 0n, length: request.value.length };
    }
    const length = old.value.length + request.value.length;
    if (this.store.roomFor(request.key.length, old.flags, length) !== 'ok') {
      return { status: 'notStored', cas: 0n, length: request.value.length };
    }
    const atEnd = request.mode === 'append' || request.mode === 'appendOrCreate';
    const value = atEnd ? old.value + request.value : request.value + old.value;
    const many = tooManyPieces(old.pieces + 1, length);
    const flat = many ? flatten(value) : value;
    // The longer value is a new item to memcached, which forgets that the key came in base64.
    const item = this.#link({ ...request, binaryKey: false }, old, flat, old.flags, old.expiration);
    item.pieces = many ? 0 : old.pieces + 1;
    return stored(item);
  }

  #link(
    request: StoreRequest,
    old: Item | undefined,
    value: string,
    flags: number,
    expiration: number,
    marks = 0,
  ): Item {
    const item = new Item(old?.key ?? request.key, value, flags, expiration);
    item.marks = request.binaryKey === true ? marks | Mark.BinaryKey : marks;
    this.store.link(item, old, request.newCas);
    return item;
  }
}

function stored({ cas, value }: Item): StoreResult {
  return { status: 'stored', cas, length: value.length };
}

/** What V8 needs to remember that two strings are one, and the shorter one's own head. */
const PIECE_BYTES = 64;

/**
 * Whether a value is better made flat now. V8 joins strings by a tree, which costs nothing for each of many appends, but
 * memory for each piece: no more of it than the value itself takes, and no more than a copy of the value after as many
 * appends as pay for it.
 */
function tooManyPieces(pieces: number, length: number): boolean {
  return pieces * PIECE_BYTES > Math.max(length, 1024);
}

function flatten(value: string): string {
  return Buffer.from(value, 'latin1').toString('latin1');
}
