import type { Statistics } from 'memts';
import { type Column, shown, table } from './output.ts';
import { humanBytes, humanCount, humanSeconds } from './units.ts';

/** One group of statistics as a table; of those of slab classes and connections, a row for each. */
export function renderGroup(group: string, statistics: Statistics): string {
  const entries = Object.entries(statistics);
  if (entries.length === 0) return '(none)';
  if (group === 'raw') return entries.map(([name, value]) => shown(`${name} ${value}`)).join('\n');
  if (group === 'items') return pivot('CLASS', entries.map(withoutPrefix));
  if (group === 'slabs') return pivot('CLASS', entries);
  if (group === 'conns') return pivot('CONN', entries);
  if (group === 'sizes') return sizes(entries);
  return table(
    [{ title: 'NAME' }, { title: 'VALUE', right: true }],
    entries.map(([name, value]) => [name, human(name, value)]),
  );
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
  if (rest.length > 0) parts.push(renderGroup('general', Object.fromEntries(rest)));
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
    const said = renderGroup('general', Object.fromEntries(entries));
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

const BYTES =
  /^(bytes|bytes_read|bytes_written|limit_maxbytes|maxbytes|item_size_max|chunk_size|total_malloced|mem_requested|slab_chunk_max|hash_bytes|read_buf_bytes\w*|response_obj_bytes|resp_obj_mem_limit|read_buf_mem_limit|slab_global_page_pool_bytes)$/;
const SECONDS =
  /^(uptime|age|age_hot|age_warm|secs_since_last_cmd|oldest|evicted_time|time_since_server_connect|max_age)$/;
/** Numbers that are names or dates rather than amounts. */
const VERBATIM = /^(pid|tcpport|udpport|pointer_size|time|umask|verbosity)$/;

/** A value with its unit, or its thousands set apart; anything else as it is. */
function human(name: string, value: string): string {
  if (name === 'time') return new Date(Number(value) * 1000).toISOString().replace('.000', '');
  if (VERBATIM.test(name) || !/^\d+$/.test(value)) return value;
  if (BYTES.test(name)) return humanBytes(Number(value));
  if (SECONDS.test(name)) return humanSeconds(Number(value));
  return humanCount(BigInt(value));
}
