import { colors } from '../colors.ts';
import { escaped } from '../output.ts';
import { cell, GAP, rowOf, sorted } from '../screen/columns.ts';
import { explained, filled, headOf, type Size, type TableView } from '../screen/table-view.ts';
import { CHARTS, chartLines } from './charts.ts';
import { columnsFor, type TopColumn } from './columns.ts';
import { renderDetail } from './detail.ts';
import type { Histories } from './history.ts';
import { failureOf, type Reading, total } from './sampler.ts';
import type { SlabClass } from './slab-classes.ts';

/** What the screen shows, besides the readings. */
export interface TopState {
  view: TableView;
  interval: number;
  time: Date;
  /** The server that is shown alone. */
  alone?: { server: string; classes: readonly SlabClass[] };
}

const KEYS = 'q quit  p pause  ? help  ←/→ sort by  r reverse  ↑/↓ choose  enter open';
/** Title, an empty line, head, the sum, and the line of keys. */
const FIXED_LINES = 5;

const EXPLANATION = [
  'q, Ctrl-C   quit',
  'p, space    pause, and go on',
  '→ or s, ←   the column to sort by',
  'r           the other way round',
  '↑, ↓        choose a server',
  'enter       that server alone, with its slab classes',
  'esc         all servers again',
  '?           this help',
  '',
  'HIT%        gets that hit, between two looks; – where nobody asked',
  'EVER%       the same since the server was started',
  'HITS/s …    per second, between two looks',
  'MEM%, USED  what the items take, of what they may',
  'EVIC/s      items that went before their time, for want of memory',
  'all         the sum of the servers',
];

/** The lines of the screen, each no wider than it is. */
export function render(readings: readonly Reading[], histories: Histories, state: TopState, size: Size): string[] {
  const { view, alone, time } = state;
  if (view.help) return explained('top', EXPLANATION, size);
  const one = alone && readings.find(({ server }) => server === alone.server);
  if (alone === undefined || one === undefined) return renderServers(readings, histories, state, size);
  return renderDetail(one, histories.of(one.server), alone.classes, size, { paused: view.paused, time });
}

/** The servers in their order on the screen. */
export function inOrder(readings: readonly Reading[], view: TableView, width: number): Reading[] {
  const columns = columnsFor(width, readings);
  return sorted(readings, columns[view.sort % columns.length] as TopColumn, view.reverse);
}

function renderServers(readings: readonly Reading[], histories: Histories, state: TopState, size: Size): string[] {
  const { view } = state;
  const { width, height } = size;
  const columns = columnsFor(width, readings);
  const sort = columns[view.sort % columns.length] as TopColumn;
  const { room, charts } = layout(readings.length, height);
  const shown = view.window(inOrder(readings, view, width), room, ({ server }) => server);
  const sum = total(readings);
  const lines = [
    title(readings, sort, shown.length, state, width),
    '',
    headOf(columns, sort),
    ...shown.map((reading, index) => line(reading, columns, width, view.first + index === view.chosen)),
    colors.bold(rowOf(sum, columns)),
  ];
  if (charts) {
    const tall = Math.max(1, Math.floor((height - 2 - lines.length) / CHARTS));
    lines.push('', ...chartLines(sum, histories.all, width, tall));
  }
  return filled(lines, KEYS, size);
}

/** How many servers there is room for, and whether the charts stand below: when enough of the servers still fit. */
function layout(servers: number, height: number): { room: number; charts: boolean } {
  const room = Math.max(1, height - FIXED_LINES);
  const charts = room >= Math.min(servers, 5) + CHARTS + 1;
  return { room: charts ? room - CHARTS - 1 : room, charts };
}

function title(readings: readonly Reading[], sort: TopColumn, shown: number, state: TopState, width: number): string {
  const { view, interval, time } = state;
  const down = readings.filter(({ state }) => state === 'down').length;
  const servers = `${readings.length} server${readings.length === 1 ? '' : 's'}`;
  const part = shown < readings.length ? `, ${view.first + 1}-${view.first + shown} shown` : '';
  const text = [
    'memts top',
    ...(view.paused ? ['PAUSED'] : []),
    `${servers}${down > 0 ? `, ${down} down` : ''}${part}`,
    `every ${interval} s`,
    `by ${sort.title}${view.reverse ? ', reversed' : ''}`,
    time.toTimeString().slice(0, 8),
  ].join(' · ');
  const cut = text.slice(0, width);
  return view.paused ? colors.yellow(cut) : colors.cyan(cut);
}

function line(reading: Reading, columns: readonly TopColumn[], width: number, chosen: boolean): string {
  const [first, ...others] = columns as [TopColumn, ...TopColumn[]];
  const plain = cell(reading.server, first, true);
  const name = chosen ? colors.inverse(plain) : plain;
  const gap = ' '.repeat(GAP);
  if (reading.error !== undefined) {
    const left = Math.max(0, width - plain.length - GAP);
    return `${name}${gap}${colors.red(escaped(failureOf(reading)).slice(0, left))}`;
  }
  return [name, ...others.map((column) => cell(column.text(reading), column, false))].join(gap);
}
