import type { Hits } from './hits.ts';

/**
 * In two windows, of which the one before counts by the share of it that is not yet `per` seconds old. Times are whole
 * milliseconds, so that what comes to a whole number is one.
 */
export class SlidingHits implements Hits {
  readonly #previous: number;
  readonly #current: number;
  readonly #passed: number;
  readonly #length: number;

  /** `passed` is how much of the window is over, `length` how long it is. */
  constructor(previous: number, current: number, passed: number, length: number) {
    this.#previous = previous;
    this.#current = current;
    this.#passed = passed;
    this.#length = length;
  }

  get count(): number {
    return this.#current + (this.#previous * (this.#length - this.#passed)) / this.#length;
  }

  get left(): number {
    return Math.ceil((2 * this.#length - this.#passed) / 1000);
  }

  wait(points: number, cost: number): number {
    return Math.max(1, Math.ceil((this.#free(points - cost) - this.#passed) / 1000));
  }

  /** When no more than `room` counts any more, if nothing is added, from the beginning of this window. */
  #free(room: number): number {
    if (room < 0) return 2 * this.#length;
    const over = this.#current - room;
    if (over > 0) return this.#length + (this.#length * over) / this.#current;
    return this.#previous === 0 ? 0 : (this.#length * (this.#previous + over)) / this.#previous;
  }
}
