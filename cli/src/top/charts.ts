import sparkly from 'sparkly';
import { colors } from '../colors.ts';
import { NONE, percent } from '../screen/columns.ts';
import { shortBytes, shortCount } from '../units.ts';
import type { History } from './history.ts';
import type { Reading } from './sampler.ts';

/** How many charts there are. */
export const CHARTS = 5;

/** Names and numbers beside the charts. */
const LABEL = 9;
const NUMBER = 9;

/** How it went, each in `tall` lines: its name, its course, what it is now. */
export function chartLines(now: Reading, history: History, width: number, tall: number): string[] {
  const { gets, hitRatio, sets, evictions, used, limit } = now;
  const room = Math.max(4, width - LABEL - NUMBER - 2);
  const chart = (label: string, values: readonly number[], text: string, maximum?: number): string[] => {
    const rows = plot(values.slice(-room), tall, maximum).map((row) => colors.cyan(row.padStart(room)));
    return rows.map((row, index) => {
      const [name, number] = index === rows.length - 1 ? [label, text] : ['', ''];
      return `${name.padEnd(LABEL)} ${row} ${number.padStart(NUMBER)}`;
    });
  };
  const rate = (value: number | undefined): string => (value === undefined ? NONE : `${shortCount(value)}/s`);
  return [
    ...chart('gets', history.gets, rate(gets)),
    ...chart('hits', history.hitRatio, hitRatio === undefined ? NONE : `${percent(hitRatio)}%`, 1),
    ...chart('sets', history.sets, rate(sets)),
    ...chart('evictions', history.evictions, rate(evictions)),
    ...chart('memory', history.used, used === undefined ? NONE : shortBytes(used), limit),
  ];
}

const EIGHTHS = ' ▁▂▃▄▅▆▇█';

/** A chart of so many lines, the highest first: from 0 up to a maximum, or to the highest; gaps stay empty. */
export function plot(values: readonly number[], tall: number, maximum?: number): string[] {
  if (tall === 1) return [sparkline(values, maximum)];
  const highest = maximum || Math.max(0, ...values.filter(Number.isFinite)) || 1;
  return Array.from({ length: tall }, (_, index) => {
    const below = (tall - 1 - index) * 8;
    return values.map((value) => EIGHTHS[eighths(value / highest, tall, below)] ?? ' ').join('');
  });
}

/** How much of a line is filled, in eighths. What is 0 shows as the lowest. */
function eighths(share: number, tall: number, below: number): number {
  if (!Number.isFinite(share)) return 0;
  const filled = Math.round(Math.min(1, share) * tall * 8) - below;
  return Math.max(below === 0 ? 1 : 0, Math.min(8, filled));
}

/** From 0 up to a maximum, or to the highest; gaps stay empty. */
export function sparkline(values: readonly number[], maximum?: number): string {
  const highest = maximum ?? Math.max(0, ...values.filter(Number.isFinite));
  return sparkly([...values], { minimum: 0, maximum: highest > 0 ? highest : 1 });
}
