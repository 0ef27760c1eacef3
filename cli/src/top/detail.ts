import { colors } from '../colors.ts';
import { escaped } from '../output.ts';
import { cell, NONE, numbered, percent, rowOf, type ScreenColumn, shortened } from '../screen/columns.ts';
import { filled, headOf, type Size } from '../screen/table-view.ts';
import { humanSeconds, shortBytes, shortCount } from '../units.ts';
import { CHARTS, chartLines } from './charts.ts';
import type { History } from './history.ts';
import { failureOf, type Reading } from './sampler.ts';
import type { SlabClass } from './slab-classes.ts';

const COLUMNS: readonly ScreenColumn<SlabClass>[] = [
  { title: 'CLASS', width: 5, value: ({ name }) => name, text: ({ name }) => name },
  numbered('CHUNK', 7, ({ chunk }) => chunk, shortBytes),
  numbered('ITEMS', 7, ({ items }) => items, shortCount),
  numbered('MEMORY', 7, ({ memory }) => memory, shortBytes),
  numbered('EVICTED', 7, ({ evicted }) => evicted, shortCount),
  numbered('OLDEST', 8, ({ age }) => age, humanSeconds),
];

const KEYS = 'q quit  esc back  p pause  ? help';
const FIGURE = 24;
const MOST_CLASSES = 12;

/** One server alone: its figures, its charts, its slab classes, as there is room. */
export function renderDetail(
  reading: Reading,
  history: History,
  classes: readonly SlabClass[],
  { width, height }: Size,
  marks: { paused: boolean; time: Date },
): string[] {
  const { server, version = NONE, uptime, error } = reading;
  const tail = [
    escaped(version),
    ...(uptime === undefined ? [] : [`up ${humanSeconds(uptime)}`]),
    ...(marks.paused ? ['PAUSED'] : []),
    marks.time.toTimeString().slice(0, 8),
  ].join(' · ');
  const room = Math.max(12, width - tail.length - ' ·  · '.length - 'memts top'.length);
  const title = `memts top · ${shortened(escaped(server), room)} · ${tail}`.slice(0, width);
  const lines = [marks.paused ? colors.yellow(title) : colors.cyan(title)];
  if (error !== undefined) lines.push(colors.red(escaped(failureOf(reading)).slice(0, width)));
  lines.push(...figureLines(reading, width));
  let left = height - 1 - lines.length;
  const shown = left >= CHARTS + 5 ? classes.slice(0, Math.min(MOST_CLASSES, left - CHARTS - 3)) : [];
  const table = shown.length === 0 ? [] : ['', ...classLines(shown, width)];
  left -= table.length;
  if (left > CHARTS) lines.push('', ...chartLines(reading, history, width, Math.floor((left - 1) / CHARTS)));
  return filled([...lines, ...table], KEYS, { width, height });
}

function classLines(classes: readonly SlabClass[], width: number): string[] {
  const columns = COLUMNS.filter((_, index) => (index + 1) * 9 < width);
  return [
    headOf(columns, columns[3] ?? (columns[0] as (typeof columns)[number])),
    ...classes.map((one) => rowOf(one, columns)),
  ];
}

/** Names and numbers, in as many columns as fit. */
function figureLines(reading: Reading, width: number): string[] {
  const { gets, hits, misses, hitRatio, hitRatioEver, sets, evictions, bytesIn, bytesOut, items, used, limit } =
    reading;
  const rate = (value: number | undefined): string => (value === undefined ? NONE : `${shortCount(value)}/s`);
  const size = (value: number | undefined, end = ''): string => (value === undefined ? NONE : shortBytes(value) + end);
  const share = (value: number | undefined): string => (value === undefined ? NONE : `${percent(value)}%`);
  const figures: [string, string][] = [
    ['gets', rate(gets)],
    ['hits', rate(hits)],
    ['misses', rate(misses)],
    ['hit share', share(hitRatio)],
    ['since start', share(hitRatioEver)],
    ['sets', rate(sets)],
    ['evictions', rate(evictions)],
    ['in', size(bytesIn, '/s')],
    ['out', size(bytesOut, '/s')],
    ['items', items === undefined ? NONE : shortCount(items)],
    ['memory', `${size(used)}/${size(limit)}`],
    ['connections', reading.connections === undefined ? NONE : shortCount(reading.connections)],
  ];
  const perLine = Math.max(1, Math.floor((width + 2) / (FIGURE + 2)));
  const cells = figures.map(([name, value]) => cell(`${name.padEnd(12)}${value}`, { width: FIGURE }, true));
  const lines: string[] = [];
  for (let start = 0; start < cells.length; start += perLine) {
    lines.push(
      cells
        .slice(start, start + perLine)
        .join('  ')
        .trimEnd(),
    );
  }
  return lines;
}
