/** The first ones of many by an order, in memory for a few times as many as are kept. */
export class FirstOf<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #limit: number;
  #kept: T[] = [];

  constructor(compare: (a: T, b: T) => number, limit: number) {
    this.#compare = compare;
    this.#limit = limit;
  }

  add(item: T): void {
    this.#kept.push(item);
    if (this.#kept.length > 1000 && this.#kept.length > 3 * this.#limit) this.#trim();
  }

  get items(): readonly T[] {
    this.#trim();
    return this.#kept;
  }

  #trim(): void {
    this.#kept = this.#kept.sort(this.#compare).slice(0, this.#limit);
  }
}
