/** What is known of one key. */
interface Entry {
  /** The number of the last write, a delete or a set. */
  last: number;
  /** Whether that was a delete. */
  isDeleted: boolean;
  /** The client whose writes are under way. */
  writer: number;
  underWay: number;
}

/** Longer than a value's head. */
const FILLER = 'x'.repeat(300);

/** The writes of keys, in the order in which they were called. */
export class KeyLedger {
  readonly names: readonly string[];
  readonly #entries: readonly Entry[];

  constructor(run: string, count: number) {
    this.names = Array.from({ length: count }, (_, index) => `${run}.r${index}`);
    this.#entries = this.names.map(() => ({ last: 0, isDeleted: true, writer: 0, underWay: 0 }));
  }

  name(index: number): string {
    return this.names[index] as string;
  }

  /** Whether that client may write the key now: no write of another one is under way. */
  take(index: number, writer: number): boolean {
    const entry = this.#entry(index);
    if (entry.underWay > 0 && entry.writer !== writer) return false;
    entry.writer = writer;
    entry.underWay++;
    return true;
  }

  /** The end of a write, whatever it was. */
  leave(index: number): void {
    this.#entry(index).underWay--;
  }

  /** The value of the next write. */
  value(index: number): string {
    const entry = this.#entry(index);
    entry.isDeleted = false;
    entry.last++;
    return `${this.name(index)}|${entry.last}|${FILLER.slice(0, (entry.last * 37) % FILLER.length)}`;
  }

  /** The next write is a delete. */
  deleted(index: number): void {
    const entry = this.#entry(index);
    entry.isDeleted = true;
    entry.last++;
  }

  /** Whether a value that was read is that of the last write. */
  judge(index: number, value: Buffer): 'newest' | 'old' | 'wrong' {
    const { last, isDeleted } = this.#entry(index);
    const [name, number = ''] = value.toString().split('|');
    if (name !== this.name(index) || !(Number(number) >= 1 && Number(number) <= last)) return 'wrong';
    return Number(number) === last && !isDeleted ? 'newest' : 'old';
  }

  describe(index: number): string {
    const { last, isDeleted, writer } = this.#entry(index);
    return `the last write was the ${isDeleted ? 'delete' : 'set'} with the number ${last}, by client ${writer}`;
  }

  #entry(index: number): Entry {
    return this.#entries[index] as Entry;
  }
}
