import { clearTimeout, exponential, jittered, monotonicNow, setTimeout } from '../clock.ts';

/** The first pause and the longest, in milliseconds: a server that is back is found within the longest. */
const FIRST = 50;
const MAX_PAUSE = 2000;

/**
 * Calls for one attempt after the other, with growing pauses; a random part of each keeps clients from moving in step. The
 * pauses go on growing where a success did not last, as with a server that comes and goes.
 */
export class Backoff {
  readonly #attempt: () => void;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** When an attempt last succeeded, on the clock of `performance.now()`. */
  #succeededAt = Number.POSITIVE_INFINITY;

  constructor(attempt: () => void) {
    this.#attempt = attempt;
  }

  /** Whether an attempt waits for its pause. */
  get isPending(): boolean {
    return this.#timer !== undefined;
  }

  /** Has the next attempt made after a pause. It does not keep the process alive. */
  schedule(): void {
    if (this.#succeededAt + MAX_PAUSE <= monotonicNow()) this.#failures = 0;
    this.#succeededAt = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#attempt();
      },
      jittered(exponential(this.#failures++, FIRST, MAX_PAUSE)),
    ).unref();
  }

  /** Notes that an attempt succeeded, and cancels the next one. */
  succeeded(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#succeededAt = monotonicNow();
  }

  /** Forgets the failures, and cancels the next attempt. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#failures = 0;
  }
}
