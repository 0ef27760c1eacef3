import { cutTable } from '../fit.ts';
import type { Listed } from '../metadump.ts';
import { toJson } from '../output.ts';
import type { Column } from '../table.ts';
import { humanBytes, humanCount, humanSeconds } from '../units.ts';

/** So many groups are kept apart; further ones are counted together. */
const MOST_GROUPS = 10_000;
const OTHERS = '(others)';

interface Group {
  prefix: string;
  count: number;
  bytes: number;
  immortal: number;
  unread: number;
  /** Of those that expire. */
  ttl: { sum: number; shortest: number; longest: number };
}

/** Items by the beginning of their keys. */
export class Summary {
  readonly #by: string;
  readonly #groups = new Map<string, Group>();

  constructor(by: string) {
    this.#by = by;
  }

  add({ key, size, fetched }: Listed, ttl: number | null): void {
    const group = this.#groupOf(key.toString());
    group.count++;
    group.bytes += size;
    if (!fetched) group.unread++;
    if (ttl === null) {
      group.immortal++;
      return;
    }
    group.ttl.sum += ttl;
    group.ttl.shortest = Math.min(group.ttl.shortest, ttl);
    group.ttl.longest = Math.max(group.ttl.longest, ttl);
  }

  /** The largest first, and the sum of all; as a table, or a line of JSON for each. */
  render(limit: number, json: boolean): string {
    const groups = [...this.#groups.values()].sort((a, b) => b.bytes - a.bytes || b.count - a.count);
    const shown = groups.slice(0, limit);
    if (json) return shown.map(asJson).join('\n');
    const total = groups.reduce((sum, { bytes }) => sum + bytes, 0);
    const rows = shown.map((group) => asRow(group, total));
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    return cutTable(COLUMNS, [...rows, ['all', humanCount(count), humanBytes(total), '', '', '', '', '', '']]);
  }

  #groupOf(key: string): Group {
    const end = key.indexOf(this.#by);
    const name = end < 0 ? key : key.slice(0, end + this.#by.length);
    // What has no prefix is a group of its own, and there may be many.
    const prefix = end < 0 ? '(none)' : this.#groups.size < MOST_GROUPS || this.#groups.has(name) ? name : OTHERS;
    let group = this.#groups.get(prefix);
    if (group === undefined) {
      const ttl = { sum: 0, shortest: Number.POSITIVE_INFINITY, longest: 0 };
      group = { prefix, count: 0, bytes: 0, immortal: 0, unread: 0, ttl };
      this.#groups.set(prefix, group);
    }
    return group;
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'PREFIX' },
  ...['KEYS', 'BYTES', 'SHARE', 'MEAN', 'UNREAD', 'IMMORTAL', 'TTL MEAN', 'TTL RANGE'].map((title) => ({
    title,
    right: true,
  })),
];

function asRow({ prefix, count, bytes, immortal, unread, ttl }: Group, total: number): string[] {
  const expiring = count - immortal;
  return [
    prefix,
    humanCount(count),
    humanBytes(bytes),
    `${((100 * bytes) / total).toFixed(1)}%`,
    humanBytes(Math.round(bytes / count)),
    humanCount(unread),
    humanCount(immortal),
    expiring === 0 ? '–' : humanSeconds(ttl.sum / expiring),
    expiring === 0 ? '–' : `${humanSeconds(ttl.shortest)} – ${humanSeconds(ttl.longest)}`,
  ];
}

function asJson({ prefix, count, bytes, immortal, unread, ttl }: Group): string {
  const expiring = count - immortal;
  const times = { mean: Math.round(ttl.sum / expiring), shortest: ttl.shortest, longest: ttl.longest };
  return toJson({ prefix, count, bytes, immortal, unread, ttl: expiring === 0 ? null : times });
}
