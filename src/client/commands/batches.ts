import type { Backend } from '../../cluster/backend.ts';
import { BATCH_KEYS, BATCHES_AHEAD, type Unsent } from '../../cluster/unsent.ts';
import { keyId } from '../../protocol/keyed.ts';
import { copySmallValue } from '../../protocol/large.ts';
import type { StoreItem, WireKey } from '../../protocol/request.ts';
import type { Key } from '../keys.ts';

/** What one batch stores ends with the value that passes this size. */
const BATCH_BYTES = 256 * 1024;

/** One key on its way. */
export interface Entry {
  readonly key: Key;
  readonly wire: WireKey;
  store?: StoreItem | undefined;
}

/** The call that batches are a part of. */
export interface BatchesOwner {
  /** Sends a batch to the server, and tells `batches` when it is over; does not throw. */
  send(batches: Batches, batch: readonly Entry[]): void;
  /** All batches have been answered, or one has failed. */
  over(batches: Batches): void;
}

/**
 * What a call for many keys has for one socket of a server, in batches that leave one after the other. A batch leaves
 * earlier when a later command of this client is for one of its keys, since the commands of a key keep their order.
 */
export class Batches implements Unsent {
  /** What the first batch to fail has failed with: then no further one is sent. */
  failure: Error | undefined;
  readonly server: Backend;
  readonly #reads: boolean;
  readonly #owner: BatchesOwner;
  readonly #batches: readonly (readonly Entry[])[];
  /** The first that has not been sent in its turn, and how many wait for a response. */
  #next = 0;
  #open = 0;
  #over = false;
  #going = false;
  /** Which have been sent. */
  readonly #sent: boolean[] = [];
  #failed: Entry[] | undefined;
  /** In which batches a key is; made when a later command asks. */
  #places: Map<string, number[]> | undefined;

  constructor(server: Backend, entries: readonly Entry[], reads: boolean, owner: BatchesOwner) {
    this.server = server;
    this.#reads = reads;
    this.#owner = owner;
    this.#batches = divide(entries);
  }

  /** Begins to send. */
  start(): void {
    if (this.#waits) {
      this.server.unsent?.add(this);
      if (!this.#reads) copyValues(this.#batches.slice(BATCHES_AHEAD).flat());
    }
    this.#goOn();
  }

  /** Whether some have to wait until others have been answered. */
  get #waits(): boolean {
    return this.#batches.length > BATCHES_AHEAD;
  }

  /** What has failed, or was not sent because something had. */
  get unanswered(): Entry[] {
    return (this.#failed ?? []).concat(...this.#batches.filter((_, index) => !this.#sent[index]));
  }

  sendBefore(keys: readonly WireKey[], reads: boolean): void {
    if ((reads && this.#reads) || this.failure) return;
    this.#places ??= this.#findPlaces();
    for (const key of keys) for (const index of this.#places.get(keyId(key)) ?? []) this.#send(index);
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

  /** Sends as many as may be under way, and tells when nothing is left to wait for. */
  #goOn(): void {
    // What is answered while it is being sent is gone on from by the loop that sends it.
    if (this.#going) return;
    this.#going = true;
    const { length } = this.#batches;
    while (this.#open < BATCHES_AHEAD && this.#next < length && !this.failure) this.#send(this.#next++);
    this.#going = false;
    if (this.#open > 0 || this.#over || (this.#next < length && !this.failure)) return;
    this.#over = true;
    if (this.#waits) this.server.unsent?.delete(this);
    this.#owner.over(this);
  }

  #send(index: number): void {
    if (this.#sent[index]) return;
    this.#sent[index] = true;
    this.#open++;
    const batch = this.#batches[index] as readonly Entry[];
    const { unsent } = this.server;
    if (unsent?.empty === false) unsent.sendBefore(this, wires(batch), this.#reads);
    this.#owner.send(this, batch);
  }

  /** A batch has been answered, or has failed. */
  ended(batch: readonly Entry[], error: Error | null): void {
    this.#open--;
    if (error !== null) {
      this.failure ??= error;
      this.#failed = (this.#failed ?? []).concat(batch);
      if (this.#waits) this.server.unsent?.delete(this);
    }
    this.#goOn();
  }
}

/** Entries by the socket that their keys belong to. */
export function bySlot(server: Backend, entries: readonly Entry[]): (readonly Entry[])[] {
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
function divide(entries: readonly Entry[]): (readonly Entry[])[] {
  if (entries.length <= BATCH_KEYS && entries[0]?.store === undefined) return [entries];
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
