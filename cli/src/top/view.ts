import sparkly from 'sparkly';
import { colors, escaped } from '../output.ts';
import { shortBytes, shortCount } from '../units.ts';
import { cell, columnsFor, GAP, sorted, type TopColumn } from './columns.ts';
import { failureOf, type Reading, total } from './sampler.ts';

/** What the screen shows, besides the readings. */
export interface ViewState {
  width: number;
  height: number;
  /** The index of the column to sort by. */
  sort: number;
  reverse: boolean;
  paused: boolean;
  /** The first server shown. */
  scroll: number;
  interval: number;
  time: Date;
  /** Whether what the keys and columns mean is shown in place of the servers. */
  help: boolean;
}

/** What the charts show, the latest last; a gap is NaN. */
export interface History {
  gets: number[];
  hitRatio: number[];
  sets: number[];
  evictions: number[];
  used: number[];
}

const HELP = 'q quit  p pause  ? help  ←/→ sort by  r reverse  ↑/↓ scroll';
/** Title, an empty line, head, the sum, and the line of keys. */
const FIXED_LINES = 5;
const CHARTS = 5;
/** How many lines a chart takes at most, where there is room. */
const TALLEST = 6;

const EXPLANATION = [
  'q, Ctrl-C   quit',
  'p, space    pause, and go on',
  '→ or s, ←   the column to sort by; r turns the order round',
  '↑, ↓        scroll, where there are more servers than lines',
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
export function render(readings: readonly Reading[], history: History, state: ViewState): string[] {
  return state.help ? explain(state) : renderServers(readings, history, state);
}

function explain({ width, height }: ViewState): string[] {
  const lines = [colors.cyan('memts top · help'), '', ...EXPLANATION.map((line) => line.slice(0, width))];
  while (lines.length < height - 1) lines.push('');
  lines.length = Math.max(1, height - 1);
  return [...lines, colors.dim('? back'.slice(0, width))];
}

function renderServers(readings: readonly Reading[], history: History, state: ViewState): string[] {
  const columns = columnsFor(state.width, readings);
  const sort = columns[state.sort % columns.length] as TopColumn;
  const rows = sorted(readings, sort, state.reverse);
  const { room, charts } = layout(rows.length, state.height);
  // The screen may have grown since.
  const scroll = Math.min(state.scroll, lastScroll(rows.length, state.height));
  const shown = rows.slice(scroll, scroll + room);
  const sum = total(readings);
  const lines = [
    title(readings, sort, shown.length, { ...state, scroll }),
    '',
    head(columns, sort),
    ...shown.map((reading) => line(reading, columns, state.width)),
    colors.bold(plainLine(sum, columns)),
  ];
  if (charts) {
    const tall = Math.max(1, Math.min(TALLEST, Math.floor((state.height - 2 - lines.length) / CHARTS)));
    lines.push('', ...chartLines(sum, history, state.width, tall));
  }
  while (lines.length < state.height - 1) lines.push('');
  lines.length = Math.max(1, state.height - 1);
  return [...lines, colors.dim(HELP.slice(0, state.width))];
}

/** How many servers there is room for, and whether the charts stand below: when enough of the servers still fit. */
function layout(servers: number, height: number): { room: number; charts: boolean } {
  const room = Math.max(1, height - FIXED_LINES);
  const charts = room >= Math.min(servers, 5) + CHARTS + 1;
  return { room: charts ? room - CHARTS - 1 : room, charts };
}

/** How far there is something to scroll to. */
export function lastScroll(servers: number, height: number): number {
  return Math.max(0, servers - layout(servers, height).room);
}

function title(readings: readonly Reading[], sort: TopColumn, shown: number, state: ViewState): string {
  const down = readings.filter(({ state }) => state === 'down').length;
  const servers = `${readings.length} server${readings.length === 1 ? '' : 's'}`;
  const part = shown < readings.length ? `, ${state.scroll + 1}-${state.scroll + shown} shown` : '';
  const time = state.time.toTimeString().slice(0, 8);
  const text = [
    'memts top',
    ...(state.paused ? ['PAUSED'] : []),
    `${servers}${down > 0 ? `, ${down} down` : ''}${part}`,
    `every ${state.interval} s`,
    `by ${sort.title}${state.reverse ? ', reversed' : ''}`,
    time,
  ].join(' · ');
  const cut = text.slice(0, state.width);
  return state.paused ? colors.yellow(cut) : colors.cyan(cut);
}

function head(columns: readonly TopColumn[], sort: TopColumn): string {
  const cells = columns.map((column, index) => {
    const text = cell(column.title, column, index === 0);
    return column === sort ? colors.inverse(text) : colors.bold(text);
  });
  return cells.join(' '.repeat(GAP));
}

function plainLine(reading: Reading, columns: readonly TopColumn[]): string {
  return columns.map((column, index) => cell(column.text(reading), column, index === 0)).join(' '.repeat(GAP));
}

function line(reading: Reading, columns: readonly TopColumn[], width: number): string {
  if (reading.error === undefined) return plainLine(reading, columns);
  const [name] = columns;
  const text = `${cell(reading.server, name as TopColumn, true)}${' '.repeat(GAP)}${escaped(failureOf(reading))}`;
  return colors.red(text.length > width ? `${text.slice(0, width - 1)}…` : text);
}

const LABEL = 9;
const NUMBER = 9;

/** How the sum went, each in `tall` lines: its name, its course, what it is now. */
function chartLines(sum: Reading, history: History, width: number, tall: number): string[] {
  const { gets, hitRatio, sets, evictions, used, limit } = sum;
  const room = Math.max(4, width - LABEL - NUMBER - 2);
  const chart = (label: string, values: number[], now: string, maximum?: number): string[] => {
    const rows = plot(values.slice(-room), tall, maximum).map((row) => colors.cyan(row.padStart(room)));
    return rows.map((row, index) => {
      const [name, number] = index === rows.length - 1 ? [label, now] : ['', ''];
      return `${name.padEnd(LABEL)} ${row} ${number.padStart(NUMBER)}`;
    });
  };
  const rate = (value: number | undefined): string => (value === undefined ? '–' : `${shortCount(value)}/s`);
  return [
    ...chart('gets', history.gets, rate(gets)),
    ...chart('hits', history.hitRatio, hitRatio === undefined ? '–' : `${(hitRatio * 100).toFixed(1)}%`, 1),
    ...chart('sets', history.sets, rate(sets)),
    ...chart('evictions', history.evictions, rate(evictions)),
    ...chart('memory', history.used, used === undefined ? '–' : shortBytes(used), limit),
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
