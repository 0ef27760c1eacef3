import type { Backend } from '../../cluster/backend.ts';
import type { Unsent } from '../../cluster/unsent.ts';
import { keyId } from '../../protocol/keyed.ts';
import { copySmallValue } from '../../protocol/large.ts';
import type { StoreItem, WireKey } from '../../protocol/request.ts';
import type { Key } from '../keys.ts';

/** Keys in one batch: enough to fill a write, few enough that their responses fit the buffers on the way. */
const BATCH_KEYS = 256;

/** What one batch stores ends with the value that passes this size. */
const BATCH_BYTES = 256 * 1024;

/** Batches that are under way at a time: one is answered while the next is sent. */
const BATCHES_AHEAD = 2;

/** One key on its way. */
export interface Entry {
  key: Key;
  wire: WireKey;
  store?: StoreItem;
}

/**
 * What a call for many keys has for one socket of a server, in batches that leave one after the other. A batch leaves
 * earlier when a later command of this client is for one of its keys, since the commands of a key keep their order.
 */
export class Batches implements Unsent {
  /** What the first batch to fail has failed with: then no further one is sent. */
  failure: Error | undefined;
  readonly #server: Backend;
  readonly #reads: boolean;
  readonly #send: (batch: readonly Entry[]) => Promise<void>;
  readonly #batches: readonly Entry[][];
  /** The outcomes of those that have been sent; none of them rejects. */
  readonly #outcomes: (Promise<void> | undefined)[];
  #next = 0;
  readonly #failed: Entry[] = [];
  /** In which batches a key is; made when a later command asks. */
  #places: Map<string, number[]> | undefined;

  constructor(
    server: Backend,
    entries: readonly Entry[],
    reads: boolean,
    send: (batch: readonly Entry[]) => Promise<void>,
  ) {
    this.#server = server;
    this.#reads = reads;
    this.#send = send;
    this.#batches = divide(entries);
    this.#outcomes = new Array(this.#batches.length);
  }

  /** Sends all batches, and resolves when they have been answered or one has failed. */
  async run(): Promise<void> {
    const work = async (): Promise<void> => {
      while (this.#next < this.#batches.length && this.failure === undefined) await this.#sendOnce(this.#next++);
    };
    const working = Array.from({ length: BATCHES_AHEAD }, work);
    if (this.#next < this.#batches.length) this.#server.unsent?.add(this);
    if (!this.#reads) copyValues(this.#batches.slice(this.#next).flat());
    await Promise.all(working);
    this.#server.unsent?.delete(this);
  }

  /** What has failed, or was not sent because something had. */
  get unanswered(): Entry[] {
    return this.#failed.concat(...this.#batches.filter((_, index) => this.#outcomes[index] === undefined));
  }

  sendBefore(keys: readonly WireKey[], reads: boolean): void {
    if ((reads && this.#reads) || this.failure !== undefined) return;
    this.#places ??= this.#findPlaces();
    for (const key of keys) for (const index of this.#places.get(keyId(key)) ?? []) void this.#sendOnce(index);
  }

  #findPlaces(): Map<string, number[]> {
    const places = new Map<string, number[]>();
    this.#batches.forEach((batch, index) => {
      for (const { wire } of batch) {
        const id = keyId(wire);
        if (!places.get(id)?.push(index)) places.set(id, [index]);
      }
    });
    return places;
  }

  #sendOnce(index: number): Promise<void> {
    this.#outcomes[index] ??= this.#sendNow(this.#batches[index] as Entry[]);
    return this.#outcomes[index];
  }

  #sendNow(batch: readonly Entry[]): Promise<void> {
    const { unsent } = this.#server;
    if (unsent?.empty === false) unsent.sendBefore(this, wires(batch), this.#reads);
    return this.#send(batch).catch((error: Error) => {
      this.failure ??= error;
      this.#failed.push(...batch);
      this.#server.unsent?.delete(this);
    });
  }
}

/** Entries by the socket that their keys belong to. */
export function bySlot(server: Backend, entries: Entry[]): Entry[][] {
  if (server.slots === undefined || server.slots === 1) return [entries];
  const slots = new Map<number, Entry[]>();
  for (const entry of entries) {
    const slot = server.slotOf?.(entry.wire) ?? 0;
    if (!slots.get(slot)?.push(entry)) slots.set(slot, [entry]);
  }
  return [...slots.values()];
}

/** For those that are sent later, since their caller may change them from here on. */
export function copyValues(entries: readonly Entry[]): void {
  for (const { store } of entries) if (store !== undefined) copySmallValue(store);
}

export function wires(entries: readonly Entry[]): WireKey[] {
  const keys = new Array<WireKey>(entries.length);
  for (let i = 0; i < keys.length; i++) keys[i] = (entries[i] as Entry).wire;
  return keys;
}

/** A batch ends by the number of its keys or the size of what it stores. */
function divide(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  for (let next = 0; next < entries.length; ) {
    let bytes = 0;
    let end = next;
    while (end < entries.length && end - next < BATCH_KEYS && bytes < BATCH_BYTES) {
      bytes += entries[end]?.store?.value.length ?? 0;
      end++;
    }
    batches.push(entries.slice(next, end));
    next = end;
  }
  return batches;
}
