import { NONE, numbered, percent, type ScreenColumn, widthOf } from '../screen/columns.ts';
import { shortBytes, shortCount } from '../units.ts';
import { type Counted, type Heat, heatOf, nameOf } from './tally.ts';

export type HotColumn = ScreenColumn<Heat>;

const LEAST_NAME = 14;
const MOST_NAME = 250;

/** The columns that fit, of what was counted; the name takes what is left over. */
export function columnsFor(width: number, counted: Counted, servers: number): HotColumn[] {
  const { by, seconds, entries } = counted;
  const title = by === undefined ? 'KEY' : 'PREFIX';
  const rate = (count: number): number => (seconds > 0 ? count / seconds : 0);
  const columns: HotColumn[] = [];
  const all: HotColumn[] = [
    numbered('PER S', 6, (heat) => rate(heatOf(heat)), shortCount),
    numbered('SHARE', 5, (heat) => (entries > 0 ? heatOf(heat) / entries : undefined), percent),
    numbered('HIT%', 5, ({ reads, hits }) => (reads > 0 ? hits / reads : undefined), percent),
    numbered('BYTES/S', 7, ({ bytes }) => rate(bytes), shortBytes),
    numbered('READS/S', 7, ({ reads }) => rate(reads), shortCount),
    numbered('STORES/S', 8, ({ stores }) => rate(stores), shortCount),
  ];
  const place: HotColumn = {
    title: 'SERVER',
    width: 21,
    value: ({ server }) => server,
    text: ({ server }) => server ?? (servers > 1 ? 'several' : NONE),
  };
  for (const column of [...all, ...(servers > 1 ? [place] : [])]) {
    if (LEAST_NAME + widthOf([...columns, column]) > width) break;
    columns.push(column);
  }
  const room = Math.max(LEAST_NAME, Math.min(MOST_NAME, width - widthOf(columns)));
  return [{ title, width: room, value: nameOf, text: nameOf }, ...columns];
}

/** By what it sorts at first: the rate. */
export const FIRST_SORT = 1;
