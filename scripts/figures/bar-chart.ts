import { short, ticks } from './axis.ts';
import { type Color, clientColor, color, figure, line, rect, text, WIDTH } from './svg.ts';

/** Bars for each client, in groups; each bar has its client's name and colour. */
export interface BarChart {
  readonly title: string;
  readonly unit: string;
  readonly groups: readonly BarGroup[];
}

interface BarGroup {
  readonly label: string;
  readonly bars: readonly {
    readonly client: string;
    readonly value: number;
    /** @default the client's */
    readonly paint?: Color;
  }[];
}

/** Names of the programs behind the names that the benchmark has for its clients. */
const NAMES: Readonly<Record<string, string>> = {
  floor: 'raw socket',
  'floor-own': 'raw socket, own values',
  'floor-meta': 'raw socket, meta',
  'floor-classic': 'raw socket, classic',
  'memts-meta': 'memts, meta',
  'memts-classic': 'memts, classic',
  'memts-ketama': 'memts, ketama',
  memjs: 'MemJS',
  'ioredis-auto': 'ioredis, pipelined',
};

export const clientName = (client: string): string => NAMES[client] ?? client;

const [BAR, BAR_STEP, LABEL, GAP, TOP] = [14, 18, 22, 12, 76];
/** Room for the number behind the longest bar. */
const RIGHT = 60;
const CHARACTER = 6.8;

export function barChart({ title, unit, groups }: BarChart): string {
  const bars = groups.flatMap((group) => group.bars);
  const left = Math.ceil(Math.max(...bars.map(({ client }) => clientName(client).length)) * CHARACTER) + 20;
  const axis = ticks(Math.max(1, ...bars.map(({ value }) => value)));
  const x = (value: number): number => left + (value / (axis.at(-1) ?? 1)) * (WIDTH - left - RIGHT);

  const parts: string[] = [];
  let y = TOP;
  for (const group of groups) {
    parts.push(text(left, y + 14, group.label, { class: 'strong' }));
    y += LABEL;
    for (const { client, value, paint } of group.bars) {
      const name = { 'text-anchor': 'end', ...(client === 'memts' ? { class: 'strong' } : {}) };
      parts.push(text(left - 8, y + 11.5, clientName(client), name));
      parts.push(
        rect(left, y, Math.max(1, x(value) - left), BAR, { fill: paint ? color(paint) : clientColor(client), rx: 2 }),
      );
      parts.push(text(x(value) + 6, y + 11.5, short(value), { class: 'dim' }));
      y += BAR_STEP;
    }
    y += GAP;
  }
  const grid = axis.flatMap((value) => [
    line(x(value), TOP, x(value), y - GAP),
    text(x(value), TOP - 8, short(value), { class: 'dim', 'text-anchor': 'middle' }),
  ]);
  const head = [text(12, 24, title, { class: 'title' }), text(12, 44, unit, { class: 'dim' })];
  return figure(`${title}: ${unit}`, y, [...head, ...grid, ...parts]);
}
