import { nextTick, setImmediate } from '../clock.ts';

/** Taken when the program begins, since tests put timers of their own in its place. */
const afterInput = setImmediate;

let count = 0;
/** The connection whose turn began last. */
let last = 0;

/**
 * Says when the commands leave that a connection gathers. One that works alone writes as soon as the code that called it
 * has returned. Where several do, the responses of one lead to commands for the others: then each of them waits until the
 * event loop has read all input there is, and one write carries what would have been many.
 */
export class Turn {
  readonly #number = ++count;
  readonly #end: () => void;
  readonly #inRecords: boolean;
  #first = true;

  /** `inRecords`: input comes in several pieces for one read of the socket, as it does with TLS. */
  constructor(end: () => void, inRecords: boolean) {
    this.#end = end;
    this.#inRecords = inRecords;
  }

  /**
   * Calls `end` once, at the end of the turn. What comes first on a connection does not wait: a server that refuses a
   * certificate closes at once, and says why only to who has written before.
   */
  begin(): void {
    const alone = last === this.#number && !this.#inRecords;
    last = this.#number;
    if (alone || this.#first) nextTick(this.#end);
    else afterInput(this.#end);
    this.#first = false;
  }
}
