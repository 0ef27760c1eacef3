import { short, ticks } from './axis.ts';
import { type Color, color, element, figure, line, text, WIDTH } from './svg.ts';

/** Lines over time, one panel below the other. */
export interface LineChart {
  readonly title: string;
  readonly seconds: readonly number[];
  readonly panels: readonly Panel[];
  /** Times that are marked in every panel. */
  readonly marks: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly name: string;
  /** One value for each point of time; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

const SERIES: readonly Color[] = [1, 2, 3, 4];
const [LEFT, RIGHT, HEAD, PANEL, FOOT] = [56, 16, 50, 150, 30];
/** Columns of a line at most: more could not be distinguished. */
const COLUMNS = 300;

type Scale = (value: number) => number;

export function lineChart({ title, seconds, panels, marks }: LineChart): string {
  const end = Math.max(1, seconds.at(-1) ?? 1);
  const times = ticks(end / 60, 6).filter((minute) => minute * 60 <= end);
  const x: Scale = (second) => LEFT + (second / end) * (WIDTH - LEFT - RIGHT);
  const parts = panels.flatMap((panel, index) => {
    const top = index * (HEAD + PANEL) + HEAD;
    const marked = marks.map((mark) => `M${x(mark).toFixed(1)} ${top + PANEL}v5`).join('');
    const ticked = marked === '' ? [] : [element('path', { d: marked, stroke: color('bad'), 'stroke-width': 0.6 })];
    return [...panelParts(panel, seconds, top, x), ...ticked];
  });
  const height = panels.length * (HEAD + PANEL) + FOOT;
  const labels = times.map((minute) =>
    text(x(minute * 60), height - 8, `${minute} min`, {
      class: 'dim',
      'text-anchor': minute === 0 ? 'start' : 'middle',
    }),
  );
  return figure(title, height, [...parts, ...labels]);
}

function panelParts({ title, unit, lines }: Panel, seconds: readonly number[], top: number, x: Scale): string[] {
  const most = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const axis = ticks(most, 3);
  const y: Scale = (value) => top + PANEL - (value / (axis.at(-1) ?? 1)) * PANEL;
  const grid = axis.flatMap((value) => [
    line(LEFT, y(value), WIDTH - RIGHT, y(value)),
    text(LEFT - 6, y(value) + 4, short(value), { class: 'dim', 'text-anchor': 'end' }),
  ]);
  const names: string[] = [];
  let at = WIDTH - RIGHT;
  const drawn = lines.flatMap(({ name, values }, index) => {
    const paint = color(SERIES[index % SERIES.length] ?? 1);
    names.push(text(at, top - 10, name, { 'text-anchor': 'end', class: 'strong', style: `fill:${paint}` }));
    at -= name.length * 7.4 + 18;
    return lineParts(columns(seconds, values), x, y, paint);
  });
  const heading = unit === '' ? title : `${title}, ${unit}`;
  return [text(LEFT, top - 10, heading, { class: 'title' }), ...names, ...grid, ...drawn];
}

/** What a line shows of neighbouring points of time. */
export interface Column {
  readonly second: number;
  readonly least: number;
  readonly mean: number;
  readonly most: number;
}

/** Neighbours in one column, where there are too many points: with their extremes, so that no peak is lost. */
export function columns(
  seconds: readonly number[],
  values: readonly (number | undefined)[],
  wanted = COLUMNS,
): Column[] {
  const known = values.flatMap((value, index) => (value === undefined ? [] : [[seconds[index] ?? 0, value] as const]));
  const group = Math.max(1, Math.ceil(known.length / wanted));
  return Array.from({ length: Math.ceil(known.length / group) }, (_, index) => {
    const some = known.slice(index * group, (index + 1) * group);
    const mean = (of: 0 | 1): number => some.reduce((sum, point) => sum + point[of], 0) / some.length;
    const numbers = some.map(([, value]) => value);
    return { second: mean(0), least: Math.min(...numbers), mean: mean(1), most: Math.max(...numbers) };
  });
}

/** The mean as a line, and the extremes as a band around it. */
function lineParts(points: readonly Column[], x: Scale, y: Scale, paint: string): string[] {
  const path = (list: readonly Column[], of: 'least' | 'mean' | 'most'): string =>
    list.map((point) => `${x(point.second).toFixed(1)},${y(point[of]).toFixed(1)}`).join(' ');
  const band = `${path(points, 'most')} ${path([...points].reverse(), 'least')}`;
  return [
    element('polygon', { points: band, fill: paint, 'fill-opacity': 0.25, stroke: paint, 'stroke-opacity': 0.35 }),
    element('polyline', { points: path(points, 'mean'), fill: 'none', stroke: paint, 'stroke-width': 1.5 }),
  ];
}
