import type { LogEntry } from './log.ts';

/** What happened to one key, or to the keys of one prefix. */
export interface Heat {
  name: string;
  reads: number;
  hits: number;
  stores: number;
  /** Of the values that were read and stored. */
  bytes: number;
}

/** So many names are kept; at twice as many, the coldest half goes. */
const MOST_NAMES = 50_000;

/** Counts what the log says by key, or by what `nameOf` makes of it, in bounded memory. */
export class Tally {
  readonly #nameOf: (key: string) => string;
  readonly #heats = new Map<string, Heat>();
  /** The read that came last on each connection: a store looks at its key first, which the log calls a read. */
  readonly #lastReads = new Map<string, LogEntry>();
  entries = 0;

  constructor(nameOf: (key: string) => string = (key) => key) {
    this.#nameOf = nameOf;
  }

  add(entry: LogEntry): void {
    if (entry.type === 'item_get') {
      this.#count(entry, 1);
      this.#lastReads.set(entry.connection, entry);
    } else if (entry.type === 'item_store') {
      const before = this.#lastReads.get(entry.connection);
      if (before?.key === entry.key) this.#count(before, -1);
      this.#lastReads.delete(entry.connection);
      const heat = this.#heatOf(entry.key);
      heat.stores++;
      heat.bytes += entry.size;
      this.entries++;
    }
  }

  /** The hottest first. */
  hottest(limit: number): Heat[] {
    return [...this.#heats.values()].sort((a, b) => heatOf(b) - heatOf(a) || b.bytes - a.bytes).slice(0, limit);
  }

  #count({ key, found, size }: LogEntry, times: 1 | -1): void {
    const heat = this.#heatOf(key);
    heat.reads += times;
    if (found) heat.hits += times;
    heat.bytes += times * size;
    this.entries += times;
  }

  #heatOf(key: string): Heat {
    const name = this.#nameOf(key);
    let heat = this.#heats.get(name);
    if (heat === undefined) {
      if (this.#heats.size >= 2 * MOST_NAMES) this.#cool();
      heat = { name, reads: 0, hits: 0, stores: 0, bytes: 0 };
      this.#heats.set(name, heat);
    }
    return heat;
  }

  #cool(): void {
    const kept = this.hottest(MOST_NAMES);
    this.#heats.clear();
    for (const heat of kept) this.#heats.set(heat.name, heat);
  }
}

function heatOf({ reads, stores }: Heat): number {
  return reads + stores;
}
