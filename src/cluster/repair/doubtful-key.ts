import type { WireKey } from '../../protocol/request.ts';
import type { Server } from '../server.ts';
import type { DeleteBatch } from './delete-batch.ts';

/** A key of which a server may have a value that is too old. */
export class DoubtfulKey {
  readonly id: string;
  readonly key: WireKey;
  /** When the last of its failures was, on the monotonic clock. */
  failedAt = 0;
  /** Whether it is to be deleted before anything else is sent for it. */
  dirty = false;
  /** How many attempts the server may still carry out: behind the last of them it is deleted once more. */
  unanswered = 0;
  /** The delete under way that it is in. */
  deletedBy: DeleteBatch | undefined;
  /** The server that this one stands in for, as long as what is here is the newest. */
  standsFor: Server | undefined;
  /** How often that one had been ejected then. */
  ejections = 0;
  /** Whether nobody cares any more. */
  gone = false;

  constructor(id: string, key: WireKey) {
    this.id = id;
    this.key = key;
  }

  /** Whether nothing old can be there any more. */
  get repaired(): boolean {
    return !this.dirty && this.unanswered === 0 && this.standsFor === undefined;
  }

  /** Whether the server that it stands in for has been back. */
  get isPast(): boolean {
    const { standsFor } = this;
    return standsFor !== undefined && (!standsFor.ejected || standsFor.ejections !== this.ejections);
  }
}

/** Doubtful keys, in the order of their failures. */
export class DoubtfulKeys {
  readonly #keys = new Map<string, DoubtfulKey>();
  /** Goes on where it was: from the start it would go over all that were deleted. */
  #cursor = this.#keys.values();
  #head: DoubtfulKey | undefined;

  get size(): number {
    return this.#keys.size;
  }

  get(id: string): DoubtfulKey | undefined {
    return this.#keys.get(id);
  }

  /** Puts a key at the end. */
  push(key: DoubtfulKey): void {
    this.#keys.delete(key.id);
    this.#keys.set(key.id, key);
    if (this.#head === key) this.#head = undefined;
  }

  delete(key: DoubtfulKey): void {
    this.#keys.delete(key.id);
    if (this.#head === key) this.#head = undefined;
  }

  /** The one whose failure is the longest ago. */
  oldest(): DoubtfulKey | undefined {
    if (this.#head !== undefined || this.#keys.size === 0) return this.#head;
    let next = this.#cursor.next();
    if (next.done) {
      this.#cursor = this.#keys.values();
      next = this.#cursor.next();
    }
    this.#head = next.value;
    return this.#head;
  }

  [Symbol.iterator](): Iterator<DoubtfulKey> {
    return this.#keys.values();
  }
}
