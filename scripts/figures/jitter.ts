import { short, ticks } from './axis.ts';
import { color, figure, line, rect, text, WIDTH } from './svg.ts';

/** How many values expire in each second after they were stored together. */
export interface JitterRecord {
  keys: number;
  expires: number;
  recorded: string;
  runs: JitterRun[];
}

export interface JitterRun {
  jitter: number;
  perSecond: Record<number, number>;
}

const [LEFT, RIGHT, TOP, HEAD, PANEL, FOOT] = [56, 16, 44, 36, 110, 28];

/** A panel for each run, one below the other, with a column for each second. */
export function jitterChart({ keys, expires, runs }: JitterRecord): string {
  const seconds = runs.flatMap(({ perSecond }) => Object.keys(perSecond).map(Number));
  const [first, last] = [Math.min(...seconds), Math.max(...seconds)];
  const step = (WIDTH - LEFT - RIGHT) / (last - first + 1);
  const x = (second: number): number => LEFT + (second - first) * step;
  const axis = ticks(Math.max(...runs.flatMap(({ perSecond }) => Object.values(perSecond))), 3);
  const height = TOP + runs.length * (HEAD + PANEL) + FOOT;
  const title = `${keys.toLocaleString('en')} values, stored together with expires: ${expires}`;
  const labels = [first, last].map((second) =>
    text(x(second) + step / 2, height - 10, `${second} s`, { class: 'dim', 'text-anchor': 'middle' }),
  );
  return figure(`${title}: how many expire in each second`, height, [
    text(12, 24, title, { class: 'title' }),
    ...runs.flatMap((run, index) => panel(run, TOP + index * (HEAD + PANEL) + HEAD, axis, x, step)),
    ...labels,
  ]);
}

function panel(
  { jitter, perSecond }: JitterRun,
  top: number,
  axis: readonly number[],
  x: (second: number) => number,
  step: number,
): string[] {
  const most = axis.at(-1) ?? 1;
  const name = jitter === 0 ? 'without jitter' : `jitter: ${jitter}`;
  const bottom = top + PANEL;
  const tall = (value: number): number => (value / most) * PANEL;
  return [
    text(LEFT, top - 12, `values that expire, and are computed again, in each second: ${name}`, { class: 'strong' }),
    ...axis.flatMap((value) => [
      line(LEFT, bottom - tall(value), WIDTH - RIGHT, bottom - tall(value)),
      text(LEFT - 6, bottom - tall(value) + 4, short(value), { class: 'dim', 'text-anchor': 'end' }),
    ]),
    ...Object.entries(perSecond).map(([second, value]) =>
      rect(x(Number(second)) + 1, bottom - tall(value), Math.max(1, step - 2), tall(value), { fill: color(1) }),
    ),
  ];
}
