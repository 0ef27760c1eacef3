import { escaped } from '../output.ts';
import { humanSeconds, shortBytes, shortCount } from '../units.ts';
import type { Reading } from './sampler.ts';

/** A column of the screen and of the plain lines. */
export interface TopColumn {
  title: string;
  width: number;
  /** What it sorts by; the largest come first, names in their order. */
  value(reading: Reading): number | string | undefined;
  text(reading: Reading): string;
}

type Field = 'gets' | 'hits' | 'misses' | 'sets' | 'evictions' | 'items' | 'connections';
const NONE = '–';

function counted(title: string, field: Field, width: number): TopColumn {
  return {
    title,
    width,
    value: (reading) => reading[field],
    text: ({ [field]: value }) => (value === undefined ? NONE : shortCount(value)),
  };
}

function sized(title: string, field: 'used' | 'bytesIn' | 'bytesOut', width: number): TopColumn {
  return {
    title,
    width,
    value: (reading) => reading[field],
    text: ({ [field]: value }) => (value === undefined ? NONE : shortBytes(value)),
  };
}

function percentage(title: string, field: 'hitRatio' | 'hitRatioEver', width: number): TopColumn {
  return {
    title,
    width,
    value: (reading) => reading[field],
    text: ({ [field]: value }) => (value === undefined ? NONE : (value * 100).toFixed(value === 1 ? 0 : 1)),
  };
}

const LEAST_NAME = 15;
const MOST_NAME = 64;

/** In the order in which they stand; all of these fit into 80 characters, and a narrower screen has the first. */
const NAME: TopColumn = {
  title: 'SERVER',
  width: LEAST_NAME,
  value: ({ server }) => server,
  text: ({ server }) => server,
};
const BASIC: readonly TopColumn[] = [
  percentage('HIT%', 'hitRatio', 5),
  counted('HITS/s', 'hits', 6),
  counted('MISS/s', 'misses', 6),
  counted('SETS/s', 'sets', 6),
  counted('EVIC/s', 'evictions', 6),
  {
    title: 'MEM%',
    width: 5,
    value: ({ used, limit }) => (used === undefined || !limit ? undefined : used / limit),
    text: ({ used, limit }) => (used === undefined || !limit ? NONE : ((100 * used) / limit).toFixed(1)),
  },
  counted('ITEMS', 'items', 6),
  counted('CONN', 'connections', 5),
];
/** The first of these come with a wider screen. */
const MORE: readonly TopColumn[] = [
  percentage('EVER%', 'hitRatioEver', 5),
  sized('USED', 'used', 6),
  sized('IN/s', 'bytesIn', 6),
  sized('OUT/s', 'bytesOut', 6),
  counted('GETS/s', 'gets', 6),
  {
    title: 'UP',
    width: 7,
    value: ({ uptime }) => uptime,
    text: ({ uptime }) => (uptime === undefined ? NONE : humanSeconds(uptime)),
  },
  {
    title: 'VERSION',
    width: 8,
    value: ({ version }) => version,
    text: ({ version }) => version ?? NONE,
  },
];

/** What is between two columns. */
export const GAP = 2;

/** The columns that fit; a longer name takes what is left over. */
export function columnsFor(width: number, readings: readonly Reading[]): TopColumn[] {
  const columns: TopColumn[] = [];
  const longest = Math.max(LEAST_NAME, ...readings.map(({ server }) => server.length));
  const name = Math.min(longest, MOST_NAME);
  for (const column of [...BASIC, ...MORE]) {
    // The name gives way to the basic columns, not to more.
    const least = columns.length < BASIC.length ? LEAST_NAME : name;
    if (least + widthOf([...columns, column]) > width) break;
    columns.push(column);
  }
  const left = width - widthOf(columns);
  return [{ ...NAME, width: Math.max(1, Math.min(name, left)) }, ...columns];
}

function widthOf(columns: readonly TopColumn[]): number {
  return columns.reduce((sum, { width }) => sum + GAP + width, 0);
}

/** Sorts by a column; servers that can't tell come last. */
export function sorted(readings: readonly Reading[], column: TopColumn, reverse: boolean): Reading[] {
  const direction = reverse ? -1 : 1;
  return readings.toSorted((left, right) => {
    const [a, b] = [column.value(left), column.value(right)];
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    if (typeof a === 'string' || typeof b === 'string') {
      return direction * String(a).localeCompare(String(b), 'en', { numeric: true });
    }
    return direction * (b - a);
  });
}

/** What is too long loses its middle: nodes of one cluster differ at the ends of their names. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, Math.max(0, width - 1 - tail))}…${text.slice(text.length - tail)}`;
}

/** A cell in its width: names on the left, numbers on the right. */
export function cell(text: string, { width }: TopColumn, left: boolean): string {
  const fitting = shortened(escaped(text), width);
  return left ? fitting.padEnd(width) : fitting.padStart(width);
}
