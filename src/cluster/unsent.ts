import { factsOf } from '../protocol/op.ts';
import type { Request, WireKey } from '../protocol/request.ts';

/** Commands of a call that have not been sent yet, because others of it are under way. */
export interface Unsent {
  /** Sends those that have to come before a command for these keys; a read need not come before another one. */
  sendBefore(keys: readonly WireKey[], reads: boolean): void;
}

/** The calls to a server that are not sent in full, oldest first. */
export class UnsentCalls {
  /** Whether there are none. */
  empty = true;
  readonly #calls = new Set<Unsent>();

  add(call: Unsent): void {
    this.#calls.add(call);
    this.empty = false;
  }

  delete(call: Unsent): void {
    this.#calls.delete(call);
    this.empty = this.#calls.size === 0;
  }

  /** Has older calls send what has to come before these keys of `call`. */
  sendBefore(call: Unsent, keys: readonly WireKey[], reads: boolean): void {
    for (const older of this.#calls) {
      if (older === call) return;
      older.sendBefore(keys, reads);
    }
  }

  /** Has all calls send what has to come before `request`. */
  sendBeforeRequest({ key, op }: Request): void {
    for (const call of this.#calls) call.sendBefore([key], factsOf(op).reads);
  }
}
