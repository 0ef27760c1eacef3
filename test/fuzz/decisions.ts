/**
 * The numbers that an input is made from, one after the other; past their end each is 0, which is the plainest choice.
 * fast-check makes the list and shrinks it: fewer and smaller numbers are a plainer input.
 */
export class Decisions {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** The next number, below `limit`. */
  below(limit: number): number {
    return (this.#numbers[this.#at++] ?? 0) % limit;
  }

  /** One of a list. */
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** True once in about `rate` times, and never past the end. */
  once(rate: number): boolean {
    return this.below(rate) === rate - 1;
  }
}
