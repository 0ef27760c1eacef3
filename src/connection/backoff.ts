import { clearTimeout, jittered, monotonicNow, setTimeout } from '../clock.ts';

/** The first pause and the longest, in milliseconds: a server that is back is found within the longest. */
const FIRST = 50;
const MAX_PAUSE = 2000;

/**
 * Calls for one attempt after the other, with growing pauses; a random part of each keeps clients from moving in step. The
 * pauses go on growing where an attempt came to something that did not last, as with a server that comes and goes.
 */
export class Backoff {
  readonly #attempt: () => void;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** When an attempt last came to something, on the clock of `performance.now()`. */
  #succeededAt = Number.POSITIVE_INFINITY;

  constructor(attempt: () => void) {
    this.#attempt = attempt;
  }

  /** Has the next attempt made after a pause. It does not keep the process alive. */
  schedule(): void {
    if (this.#succeededAt + MAX_PAUSE <= monotonicNow()) this.#failures = 0;
    this.#succeededAt = Number.POSITIVE_INFINITY;
    const pause = Math.min(MAX_PAUSE, FIRST * 2 ** this.#failures);
    this.#failures++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#attempt, jittered(pause)).unref();
  }

  /** Notes that an attempt came to something, and ends the one that was to come. */
  succeeded(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#succeededAt = monotonicNow();
  }

  /** Forgets the failures and the attempt that was to come. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#failures = 0;
  }
}
