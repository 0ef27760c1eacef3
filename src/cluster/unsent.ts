import { factsOf } from '../protocol/op.ts';
import type { Request, WireKey } from '../protocol/request.ts';

/** Keys in one batch: enough to fill a write, few enough that their responses fit the buffers on the way. */
export const BATCH_KEYS = 256;

/** Batches that are under way at a time: one is answered while the next is sent. */
export const BATCHES_AHEAD = 2;

/** Commands that have not been sent yet: of a call, because others of it are under way, or deletes that repair keys. */
export interface Unsent {
  /** Sends those that have to come before a command for these keys; a read need not come before another one. */
  sendBefore(keys: readonly WireKey[], reads: boolean): void;
}

/** What is not sent in full to a server: repairs, and calls, oldest first. */
export class UnsentCalls {
  /** Whether there are none. */
  empty = true;
  readonly #calls = new Set<Unsent>();
  /** They come before all calls. */
  readonly #repairs = new Set<Unsent>();

  addRepair(repair: Unsent): void {
    this.#repairs.add(repair);
    this.empty = false;
  }

  deleteRepair(repair: Unsent): void {
    this.#repairs.delete(repair);
    this.#look();
  }

  add(call: Unsent): void {
    this.#calls.add(call);
    this.empty = false;
  }

  delete(call: Unsent): void {
    this.#calls.delete(call);
    this.#look();
  }

  #look(): void {
    this.empty = this.#calls.size === 0 && this.#repairs.size === 0;
  }

  /** Has older calls send what has to come before these keys of `call`. */
  sendBefore(call: Unsent, keys: readonly WireKey[], reads: boolean): void {
    for (const repair of this.#repairs) repair.sendBefore(keys, reads);
    for (const older of this.#calls) {
      if (older === call) return;
      older.sendBefore(keys, reads);
    }
  }

  /** Has all calls send what has to come before `request`. */
  sendBeforeRequest({ key, op }: Request): void {
    const { reads } = factsOf(op);
    for (const repair of this.#repairs) repair.sendBefore([key], reads);
    for (const call of this.#calls) call.sendBefore([key], reads);
  }
}
