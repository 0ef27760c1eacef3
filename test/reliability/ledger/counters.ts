/**
 * Amounts are powers of 4, so each digit of a counter in base 4 tells how often one command was applied. With 15 of them
 * all numbers stay below 2^32, past which MemJS does not go.
 */
const DIGITS = 15;
/** Digit 15: it makes a counter that has just been created look like none that was counted. */
const GUARD = 4 ** DIGITS;
/** The upper bits of all digits: set where a digit is 2 or 3. */
const TWICE = 0x2aaaaaaa;

export interface Count {
  slot: number;
  key: string;
  index: number;
  amount: number;
}

export type Verdict = 'right' | 'wrong' | 'twice';

/** Counters that show for each command whether it was applied, and whether twice. A counter is used for 15 commands. */
export class Counters {
  /** What a missing counter is created with. */
  readonly initial: number;
  /** The counters that are full, the last ones first to be looked at again; older ones are forgotten. */
  readonly full: string[] = [];
  readonly #run: string;
  readonly #direction: 1 | -1;
  readonly #slots: { key: string; issued: number }[] = [];
  #serial = 0;

  constructor(run: string, direction: 1 | -1, slots: number) {
    this.#run = run;
    this.#direction = direction;
    // Counting down begins where every digit is 1.
    this.initial =
      direction === 1 ? GUARD : Array.from({ length: DIGITS + 1 }, (_, i) => 4 ** i).reduce((a, b) => a + b);
    for (let slot = 0; slot < slots; slot++) this.#slots.push({ key: this.#newKey(), issued: 0 });
  }

  get slots(): number {
    return this.#slots.length;
  }

  /** The counters that are in use. */
  get keys(): string[] {
    return this.#slots.map(({ key }) => key);
  }

  next(slot: number): Count {
    const counter = this.#slots[slot] as { key: string; issued: number };
    if (counter.issued === DIGITS) {
      this.full.push(counter.key);
      if (this.full.length > REMEMBERED) this.full.splice(0, REMEMBERED / 2);
      counter.key = this.#newKey();
      counter.issued = 0;
    }
    const index = counter.issued++;
    return { slot, key: counter.key, index, amount: 4 ** index };
  }

  /** Whether a command can have been answered with this value. */
  check({ key, index, slot }: Count, value: number): Verdict {
    const counter = this.#slots[slot];
    const issued = counter?.key === key ? counter.issued : DIGITS;
    const applied = this.applied(value);
    if (!(applied >= 0 && applied < 4 ** issued)) return 'wrong';
    if ((applied & TWICE) !== 0) return 'twice';
    const own = (applied >>> (2 * index)) & 3;
    // Creating a counter applies no amount: the server had lost it.
    return own === 1 || applied === 0 ? 'right' : 'wrong';
  }

  /** Whether what the servers have of one counter is possible: no digit above 1, and none at two servers. */
  audit(values: readonly number[]): Verdict {
    let seen = 0;
    for (const value of values) {
      const applied = this.applied(value);
      if (!(applied >= 0 && applied < GUARD)) return 'wrong';
      if ((applied & TWICE) !== 0 || (seen & applied) !== 0) return 'twice';
      seen |= applied;
    }
    return 'right';
  }

  /** The sum of the amounts that were applied. */
  applied(value: number): number {
    return this.#direction * (value - this.initial);
  }

  #newKey(): string {
    return `${this.#run}.${this.#direction === 1 ? 'i' : 'd'}${this.#serial++}`;
  }
}

const REMEMBERED = 4096;
