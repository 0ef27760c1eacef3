import { NONE, numbered, percent, type ScreenColumn, widthOf } from '../screen/columns.ts';
import { humanSeconds, shortBytes, shortCount } from '../units.ts';
import type { Reading } from './sampler.ts';

export type TopColumn = ScreenColumn<Reading>;

type Field = 'gets' | 'hits' | 'misses' | 'sets' | 'evictions' | 'items' | 'connections';

function counted(title: string, field: Field, width: number): TopColumn {
  return numbered(title, width, (reading) => reading[field], shortCount);
}

function sized(title: string, field: 'used' | 'bytesIn' | 'bytesOut', width: number): TopColumn {
  return numbered(title, width, (reading) => reading[field], shortBytes);
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
  numbered('HIT%', 5, ({ hitRatio }) => hitRatio, percent),
  counted('HITS/s', 'hits', 6),
  counted('MISS/s', 'misses', 6),
  counted('SETS/s', 'sets', 6),
  counted('EVIC/s', 'evictions', 6),
  numbered('MEM%', 5, ({ used, limit }) => (used === undefined || !limit ? undefined : used / limit), percent),
  counted('ITEMS', 'items', 6),
  counted('CONN', 'connections', 5),
];
/** The first of these come with a wider screen. */
const MORE: readonly TopColumn[] = [
  numbered('EVER%', 5, ({ hitRatioEver }) => hitRatioEver, percent),
  sized('USED', 'used', 6),
  sized('IN/s', 'bytesIn', 6),
  sized('OUT/s', 'bytesOut', 6),
  counted('GETS/s', 'gets', 6),
  numbered('UP', 7, ({ uptime }) => uptime, humanSeconds),
  {
    title: 'VERSION',
    width: 8,
    value: ({ version }) => version,
    text: ({ version }) => version ?? NONE,
  },
];

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
