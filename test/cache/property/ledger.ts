/**
 * What the workers did, and whether a value was given that something had ended before it was asked for. Moments are on the
 * clock that all processes of a machine share, in microseconds.
 */

/** How a value came: by a read, by `getOrSet`, or of a computation of this process that the caller joined. */
export type Way = 'read' | 'getOrSet' | 'joined';

/** A value that was given. */
export interface Given {
  way: Way;
  key: number;
  id: string;
  tags: readonly number[];
  /** When `compute` began; undefined of one that was set, whose end the ledger knows. */
  made: number | undefined;
  asked: number;
}

/** Something that ends values, from when it began until it had resolved. */
export interface Ending {
  what: 'tag' | 'clear' | 'delete' | 'set';
  /** The tag or key; 0 of a clear. */
  which: number;
  began: number;
  resolved: number;
  /** For how many microseconds more `getOrSet` may give the values. */
  soft: number;
}

export interface Records {
  given: Given[];
  endings: Ending[];
  /** When a set has settled, in whatever way, by the id of its value. */
  settled: [id: string, at: number][];
  operations: number;
  failures: number;
}

/** Servers count whole seconds, and so does the time for which old values may be given. */
const SOFT_SLACK = 1_100_000;

/** The endings of one thing, by when they began. */
class Endings {
  #list: { began: number; over: number }[] = [];
  /** For each, the first end among it and all later ones. */
  #first: number[] | undefined;

  add(began: number, over: number): void {
    this.#list.push({ began, over });
  }

  /** When one of them was over that began after `after`; none that was over before `before`. */
  between(after: number, before: number): number | undefined {
    this.#first ??= this.#prepare();
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#list[middle] as { began: number }).began > after) high = middle;
      else low = middle + 1;
    }
    const over = this.#first[low] ?? Number.POSITIVE_INFINITY;
    return over < before ? over : undefined;
  }

  #prepare(): number[] {
    this.#list.sort((a, b) => a.began - b.began);
    const first = this.#list.map(({ over }) => over);
    for (let i = first.length - 2; i >= 0; i--) first[i] = Math.min(first[i] as number, first[i + 1] as number);
    return first;
  }
}

/** Values that were given though something had ended them, as a line each. */
export function violations(all: readonly Records[]): string[] {
  const endings = new Map<string, Endings>();
  const settled = new Map<string, number>();
  const add = (name: string, began: number, over: number): void => {
    const list = endings.get(name) ?? new Endings();
    endings.set(name, list);
    list.add(began, over);
  };
  for (const records of all) {
    for (const [id, at] of records.settled) settled.set(id, at);
    for (const { what, which, began, resolved, soft } of records.endings) {
      add(`read ${what} ${which}`, began, resolved);
      add(`getOrSet ${what} ${which}`, began, soft === 0 ? resolved : resolved + soft + SOFT_SLACK);
    }
  }
  const found: string[] = [];
  for (const [process, { given }] of all.entries()) {
    for (const value of given) {
      const done = value.made ?? settled.get(value.id);
      // A set that is still under way may take effect at any time.
      if (done === undefined) continue;
      const ender = enderOf(value, done, endings);
      if (ender !== undefined) found.push(`process ${process}: ${JSON.stringify(value)}, done at ${done}, ${ender}`);
    }
  }
  return found;
}

/** What ended a value before it was asked for. */
function enderOf(value: Given, done: number, endings: ReadonlyMap<string, Endings>): string | undefined {
  for (const name of endersOf(value)) {
    const over = endings.get(name)?.between(done, value.asked);
    if (over !== undefined) return `was ended by ${name}, over at ${over}`;
  }
  return undefined;
}

/** What may have ended a value. */
function endersOf({ way, key, tags }: Given): string[] {
  const kind = way === 'read' ? 'read' : 'getOrSet';
  const names = [...tags.map((tag) => `${kind} tag ${tag}`), `${kind} clear 0`];
  // What a process has computed is no hit: only its tags have to be the ones of now.
  return way === 'joined' ? names : [...names, `${kind} delete ${key}`, `${kind} set ${key}`];
}
