import type { Verdict } from './counters.ts';

/** So many pieces are put to a value before it is begun again. */
const PIECES = 24;
/** So many pieces of a key are remembered with the generation that they were seen in. */
const RING = 1024;

interface List {
  generation: number;
  serial: number;
  pieces: number;
  /** For each of the last pieces: its number, and the generation of the value that it was seen in. */
  seen: Uint32Array;
  seenIn: Uint32Array;
}

export type Step = { kind: 'set' | 'append' | 'prepend'; value: string };

/**
 * Values made by `append` and `prepend`: `<key.3><key.1>[key.7]<key.2>` is generation 7, with pieces of odd numbers in
 * front and even ones behind. A piece that is there twice, or in two generations, was applied twice.
 */
export class Lists {
  readonly keys: readonly string[];
  readonly #lists: readonly List[];

  constructor(run: string, count: number) {
    this.keys = Array.from({ length: count }, (_, index) => `${run}.l${index}`);
    this.#lists = this.keys.map(() => ({
      generation: 0,
      serial: 0,
      pieces: PIECES,
      seen: new Uint32Array(RING),
      seenIn: new Uint32Array(RING),
    }));
  }

  /** What to do next with a key. */
  next(index: number, kind: 'append' | 'prepend'): Step {
    const list = this.#lists[index] as List;
    if (list.pieces >= PIECES) return { kind: 'set', value: `[${this.keys[index]}.${++list.generation}]` };
    list.pieces++;
    list.serial += list.serial % 2 === (kind === 'append' ? 1 : 0) ? 1 : 2;
    return { kind, value: `<${this.keys[index]}.${list.serial}>` };
  }

  /** The value was begun again. */
  reset(index: number): void {
    (this.#lists[index] as List).pieces = 0;
  }

  check(index: number, value: string): Verdict {
    const list = this.#lists[index] as List;
    const key = this.keys[index] as string;
    const base = value.indexOf(`[${key}.`);
    const end = value.indexOf(']', base);
    if (base < 0 || end < 0) return 'wrong';
    const generation = Number(value.slice(base + key.length + 2, end));
    if (!(generation >= 1 && generation <= list.generation)) return 'wrong';
    const numbers = new Set<number>();
    for (const [part, odd] of [
      [value.slice(0, base), 1],
      [value.slice(end + 1), 0],
    ] as const) {
      const verdict = this.#checkPieces(list, `<${key}.`, part, odd, generation, numbers);
      if (verdict !== 'right') return verdict;
    }
    return 'right';
  }

  #checkPieces(list: List, head: string, part: string, odd: number, generation: number, numbers: Set<number>): Verdict {
    for (let at = 0; at < part.length; ) {
      const end = part.indexOf('>', at);
      if (end < 0 || !part.startsWith(head, at)) return 'wrong';
      const number = Number(part.slice(at + head.length, end));
      if (!(number >= 1 && number <= list.serial) || number % 2 !== odd) return 'wrong';
      if (numbers.has(number)) return 'twice';
      numbers.add(number);
      const place = number % RING;
      if (list.seen[place] === number && list.seenIn[place] !== generation) return 'twice';
      list.seen[place] = number;
      list.seenIn[place] = generation;
      at = end + 1;
    }
    return 'right';
  }
}
