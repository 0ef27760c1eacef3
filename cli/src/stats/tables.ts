import type { Statistics } from 'memts';
import { shown } from '../output.ts';
import { type Column, table } from '../table.ts';
import { humanBytes, humanCount } from '../units.ts';
import type { Difference, Look } from './diff.ts';
import { sideBySide } from './side-by-side.ts';
import { summaryOf } from './summary.ts';
import { human, humanRate } from './units.ts';

/** Servers beside each other, and last, since the rest may scroll off, what matters most of it. */
export function renderAll(group: string | undefined, looks: readonly Pick<Look, 'server' | 'statistics'>[]): string {
  const columns = looks.map(({ server, statistics }) => ({
    server,
    values: new Map(Object.entries(statistics).map(([name, value]) => [name, human(name, value)])),
  }));
  const all = sideBySide(columns, { markOthers: group === 'settings' && looks.length > 1 });
  if (group !== undefined) return all;
  const summaries = looks.map(({ server, statistics }) => ({ server, values: summaryOf(statistics) }));
  return `${all}\n\n${sideBySide(summaries)}`;
}

/** What changed on any of the servers, per second. */
export function renderRates(differences: readonly Difference[]): string {
  const changed = differences.flatMap(({ rates }) => [...rates].filter(([, rate]) => rate !== 0).map(([name]) => name));
  if (changed.length === 0) return `nothing changed in ${differences[0]?.seconds.toFixed(1)} s`;
  const names = new Set(changed);
  return sideBySide(
    differences.map(({ server, rates }) => ({
      server,
      values: new Map([
        ...[...rates].filter(([name]) => names.has(name)).map(([name, rate]): Entry => [name, humanRate(name, rate)]),
        ...hitShare(rates),
      ]),
    })),
  );
}

/** How many of the gets hit meanwhile. */
function hitShare(rates: ReadonlyMap<string, number>): Entry[] {
  const [hits, misses] = [rates.get('get_hits') ?? 0, rates.get('get_misses') ?? 0];
  return hits + misses > 0 ? [['hits of gets', `${((100 * hits) / (hits + misses)).toFixed(1)}%`]] : [];
}

/** One group of statistics of one server as a table; of those of slab classes and connections, a row for each. */
export function renderGroup(group: string, statistics: Statistics): string {
  const entries = Object.entries(statistics);
  if (entries.length === 0) return '(none)';
  if (group === 'raw') return entries.map(([name, value]) => shown(`${name} ${value}`)).join('\n');
  if (group === 'items') return pivot('CLASS', entries.map(withoutPrefix));
  if (group === 'slabs') return pivot('CLASS', entries);
  if (group === 'conns') return pivot('CONN', entries);
  if (group === 'sizes') return sizes(entries);
  return plain(entries);
}

function plain(entries: readonly Entry[]): string {
  return sideBySide([{ server: '', values: new Map(entries.map(([name, value]) => [name, human(name, value)])) }]);
}

type Entry = [name: string, value: string];

/** `items:1:number` is `1:number`. */
function withoutPrefix([name, value]: Entry): Entry {
  return [name.replace(/^items:/, ''), value];
}

/** Turns `1:number`, `1:age`, `2:number` into a row for each number, and what has none into a table below. */
function pivot(title: string, entries: Entry[]): string {
  const rows = new Map<string, Map<string, string>>();
  const names = new Set<string>();
  const rest: Entry[] = [];
  for (const [name, value] of entries) {
    const [, row, column] = /^(\d+):(.*)$/.exec(name) ?? [];
    if (row === undefined || column === undefined) {
      rest.push([name, value]);
      continue;
    }
    names.add(column);
    const cells = rows.get(row) ?? new Map<string, string>();
    rows.set(row, cells.set(column, human(column, value)));
  }
  const parts: string[] = [];
  if (rows.size > 0) parts.push(across(title, rows, [...names]));
  if (rest.length > 0) parts.push(plain(rest));
  return parts.join('\n\n');
}

/** What is asked for most, of classes; a terminal that has no room for more shows these. */
const FIRST_NAMES = [
  'chunk_size',
  'number',
  'used_chunks',
  'free_chunks',
  'total_pages',
  'mem_requested',
  'age',
  'evicted',
  'evicted_time',
  'outofmemory',
  'get_hits',
  'cmd_set',
];

/** A row for each class. In a terminal, the columns that there is room for, and below how many others there are. */
function across(title: string, rows: ReadonlyMap<string, ReadonlyMap<string, string>>, names: string[]): string {
  const first = FIRST_NAMES.filter((name) => names.includes(name));
  const ordered = [...first, ...names.filter((name) => !first.includes(name))];
  const fitting = fitted(title, rows, ordered);
  const columns: Column[] = [{ title, right: true }, ...fitting.map((name) => ({ title: name, right: true }))];
  const made = table(
    columns,
    [...rows].map(([row, cells]) => [row, ...fitting.map((name) => cells.get(name) ?? '')]),
  );
  const left = ordered.length - fitting.length;
  return left === 0 ? made : `${made}\n${left} more columns in a wider terminal, with --raw, or in a pipe`;
}

/** As many columns as a terminal has room for; a pipe has room for all. */
function fitted(title: string, rows: ReadonlyMap<string, ReadonlyMap<string, string>>, names: string[]): string[] {
  const room = process.stdout.columns || Number.POSITIVE_INFINITY;
  const cells = [...rows.values()];
  let width = Math.max(title.length, ...[...rows.keys()].map(({ length }) => length));
  const count = names.findIndex((name) => {
    width += 2 + Math.max(name.length, ...cells.map((row) => row.get(name)?.length ?? 0));
    return width > room;
  });
  return count < 0 ? names : names.slice(0, Math.max(1, count));
}

/** `96 12`: twelve items of up to 96 bytes; or `sizes_status disabled`. */
function sizes(entries: Entry[]): string {
  if (entries.some(([name]) => !/^\d+$/.test(name))) {
    const said = plain(entries);
    return `${said}\n\nThe server counts sizes when it is started with -o track_sizes.`;
  }
  return table(
    [
      { title: 'UP TO', right: true },
      { title: 'ITEMS', right: true },
    ],
    entries.map(([size, count]) => [humanBytes(Number(size)), humanCount(Number(count))]),
  );
}
