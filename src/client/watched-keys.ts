import { keyId } from '../protocol/keyed.ts';
import type { WireKey } from '../protocol/request.ts';

/** Keys that a call under way rests on, so that it has to hear of each write of this client to one of them. */
export class WatchedKeys {
  /** By `keyId`; what to do when the key is written. */
  readonly #watchers = new Map<string, () => void>();

  /** Nearly always, which is how writes need no look at their key. */
  empty = true;

  watch(id: string, onWritten: () => void): void {
    this.#watchers.set(id, onWritten);
    this.empty = false;
  }

  /** Ends a watch, unless another one has taken its place. */
  unwatch(id: string, onWritten: () => void): void {
    if (this.#watchers.get(id) === onWritten) this.#forget(id);
  }

  /** To be called when a write of a key is sent, and again when it was answered: it may be sent twice. */
  written(key: WireKey): void {
    if (!this.empty) this.#notify(keyId(key));
  }

  /** The same for all keys. */
  allWritten(): void {
    for (const id of [...this.#watchers.keys()]) this.#notify(id);
  }

  #forget(id: string): void {
    this.#watchers.delete(id);
    this.empty = this.#watchers.size === 0;
  }

  #notify(id: string): void {
    const onWritten = this.#watchers.get(id);
    this.#forget(id);
    onWritten?.();
  }
}
