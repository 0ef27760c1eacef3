import { FirstOf } from '../keys/sorted.ts';
import { decode } from '../percent.ts';
import type { LogEntry } from '../watch/entry.ts';

/** What happened to one key, or to the keys of one prefix. */
export interface Heat {
  /** A key in percent-encoding, or a prefix likewise. */
  name: string;
  /** Where; none where it was at several servers. */
  server: string | undefined;
  reads: number;
  hits: number;
  stores: number;
  /** Of the values that were read and stored. */
  bytes: number;
}

/** So many names are kept; at twice as many, the coldest half goes. */
const MOST_NAMES = 50_000;
/** What has become less than this of one event is forgotten. */
const COLD = 0.02;
/** What has no prefix goes by a name that is none in percent-encoding. */
const NO_PREFIX = ' ';

/** What has been counted, as of a moment. */
export interface Counted {
  by: string | undefined;
  entries: number;
  /** Lines that the servers have left out. */
  skipped: number;
  seconds: number;
  /** Those with most reads and stores, and those with most bytes. */
  heats: readonly Heat[];
}

/** Counts what the logs say by key, or by the prefix that ends with `by`, in bounded memory. */
export class Tally {
  readonly by: string | undefined;
  readonly #heats = new Map<string, Heat>();
  entries = 0;
  skipped = 0;
  seconds = 0;

  constructor(by?: string) {
    this.by = by;
  }

  /** How many names are kept. */
  get size(): number {
    return this.#heats.size;
  }

  /** What stands now, with so many of the hottest and as many of the largest. */
  counted(limit: number): Counted {
    const { by, entries, skipped, seconds } = this;
    const [byHeat, byBytes] = [new FirstOf(hotterFirst, limit), new FirstOf(largerFirst, limit)];
    for (const heat of this.#heats.values()) {
      byHeat.add(heat);
      byBytes.add(heat);
    }
    const heats = [...new Set([...byHeat.items, ...byBytes.items])].map((heat) => ({ ...heat }));
    return { by, entries, skipped, seconds, heats };
  }

  count({ key, found, size, isStore }: LogEntry, server: string, times: 1 | -1): void {
    const heat = this.#heatOf(key, server);
    if (isStore) {
      heat.stores += times;
    } else {
      heat.reads += times;
      if (found) heat.hits += times;
    }
    heat.bytes += times * size;
    this.entries += times;
  }

  /** Has what was counted so far weigh less than what comes: rates are then those of a while. */
  age(factor: number): void {
    this.entries *= factor;
    this.skipped *= factor;
    this.seconds *= factor;
    for (const heat of this.#heats.values()) {
      heat.reads *= factor;
      heat.hits *= factor;
      heat.stores *= factor;
      heat.bytes *= factor;
      if (heatOf(heat) < COLD) this.#heats.delete(heat.name);
    }
  }

  #heatOf(key: string, server: string): Heat {
    const name = this.by === undefined ? key : prefixOf(key, this.by);
    let heat = this.#heats.get(name);
    if (heat === undefined) {
      if (this.#heats.size >= 2 * MOST_NAMES) this.#cool();
      // A name of its own: a piece of what has come would keep all of that in memory.
      const own = Buffer.from(name, 'latin1').toString('latin1');
      heat = { name: own, server, reads: 0, hits: 0, stores: 0, bytes: 0 };
      this.#heats.set(own, heat);
    } else if (heat.server !== server) {
      heat.server = undefined;
    }
    return heat;
  }

  #cool(): void {
    const kept = hottest([...this.#heats.values()], MOST_NAMES);
    this.#heats.clear();
    for (const heat of kept) this.#heats.set(heat.name, heat);
  }
}

/** Counts the log of one server, whose connections have numbers of their own. */
export class ServerTally {
  readonly #server: string;
  /** The read that came last on each connection: a store looks at its key first, which the log calls a read. */
  #lastReads = new Map<string, LogEntry>();
  #readsBefore = new Map<string, LogEntry>();

  constructor(server: string) {
    this.#server = server;
  }

  /** Forgets reads that no store can follow any more; they would keep what they came with in memory. */
  forget(): void {
    this.#readsBefore = this.#lastReads;
    this.#lastReads = new Map();
  }

  add(entry: LogEntry, tallies: readonly Tally[]): void {
    const { connection, key, isStore } = entry;
    if (!isStore) {
      this.#lastReads.set(connection, entry);
    } else {
      const before = this.#lastReads.get(connection) ?? this.#readsBefore.get(connection);
      if (before?.key === key) for (const tally of tallies) tally.count(before, this.#server, -1);
      this.#lastReads.delete(connection);
      this.#readsBefore.delete(connection);
    }
    for (const tally of tallies) tally.count(entry, this.#server, 1);
  }
}

export function heatOf({ reads, stores }: Heat): number {
  return reads + stores;
}

function hotterFirst(a: Heat, b: Heat): number {
  return heatOf(b) - heatOf(a) || b.bytes - a.bytes;
}

function largerFirst(a: Heat, b: Heat): number {
  return b.bytes - a.bytes;
}

/** The hottest first. */
export function hottest(heats: readonly Heat[], limit: number): Heat[] {
  return heats.toSorted(hotterFirst).slice(0, limit);
}

/** What a name is in text. */
export function nameOf({ name }: Heat): string {
  return name === NO_PREFIX ? '(none)' : decode(name).toString();
}

function prefixOf(key: string, by: string): string {
  const text = key.includes('%') ? decode(key).toString() : key;
  const end = text.indexOf(by);
  return end < 0 ? NO_PREFIX : encodeURIComponent(text.slice(0, end + by.length));
}
