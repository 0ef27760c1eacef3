import { clearImmediate, clearTimeout, monotonicNow, setImmediate, setTimeout } from '../clock.ts';
/**
 * One timer for all deadlines of a connection. It is only ever set again for an earlier deadline than the one it waits
 * for; the sweep tells which is next.
 */
export class DeadlineTimer {
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** When the sweep is due, on the clock of `performance.now()`. */
  due = Number.POSITIVE_INFINITY;
  readonly #sweep: (now: number) => number;

  /** `sweep` ends what is over and returns the next deadline, or `Infinity`. */
  constructor(sweep: (now: number) => number) {
    this.#sweep = sweep;
  }

  /** Makes sure that the sweep comes by `deadline`. */
  watch(deadline: number, now: number): void {
    if (deadline >= this.due) return;
    this.due = deadline;
    clearTimeout(this.#timer);
    // The socket keeps the process alive as long as something waits; the timer need not.
    this.#timer = setTimeout(this.#onTimeout, Math.max(1, Math.ceil(deadline - now))).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.due = Number.POSITIVE_INFINITY;
  }

  /**
   * When the process was busy past a deadline, responses may lie unread in the socket: they are read before anything is
   * called late, since immediates run after the poll for input.
   */
  readonly #onTimeout = (): void => {
    this.#immediate = setImmediate(this.#onImmediate);
  };

  readonly #onImmediate = (): void => {
    this.due = Number.POSITIVE_INFINITY;
    const now = monotonicNow();
    const next = this.#sweep(now);
    if (next < Number.POSITIVE_INFINITY) this.watch(next, now);
  };
}
