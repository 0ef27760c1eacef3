import { colors } from '../colors.ts';
import { describe } from '../exit.ts';
import { escaped, isTerminal } from '../output.ts';
import { rowOf, shortened, sorted } from '../screen/columns.ts';
import { explained, filled, headOf, type Size, type TableView } from '../screen/table-view.ts';
import { table } from '../table.ts';
import { shortCount } from '../units.ts';
import { columnsFor, type HotColumn } from './columns.ts';
import { type Counted, hottest } from './tally.ts';

const KEYS = 'q quit  ? help  ←/→ sort by  r reverse  p pause  b prefixes  c clear  ↑/↓ scroll';
/** Title, what is left out, head, and the line of keys. */
const FIXED_LINES = 4;

const EXPLANATION = [
  'q, Ctrl-C   quit, and print the table',
  'p, space    pause, and go on',
  '→ or s, ←   the column to sort by',
  'r           the other way round',
  'b           keys, or prefixes',
  'c           count from 0 again',
  '↑, ↓        scroll',
  '?           this help',
  '',
  'PER S       reads and stores per second, of the last 10 s or so',
  'SHARE       of all that was seen, in percent',
  'HIT%        of the reads; – where nobody read',
  'BYTES/S     of the values that were read and stored',
  'skipped     lines that the servers left out: rates are too low by them',
];

export interface HotState {
  view: TableView;
  errors: readonly unknown[];
  servers: number;
  time: Date;
}

/** The lines of the screen, each no wider than it is. */
export function render(counted: Counted, { view, errors, servers, time }: HotState, size: Size): string[] {
  if (view.help) return explained('hot', EXPLANATION, size);
  const columns = columnsFor(size.width, counted, servers);
  const sort = columns[view.sort % columns.length] as HotColumn;
  const heats = sorted(counted.heats, sort, view.reverse);
  const rows = view.window(heats, Math.max(1, size.height - FIXED_LINES));
  const [error] = errors;
  const notes = [
    skippedOf(counted),
    ...(error === undefined ? [] : [`${errors.length} of ${servers} not followed: ${escaped(describe(error))}`]),
  ];
  const title = [
    'memts hot',
    ...(view.paused ? ['PAUSED'] : []),
    `${servers} server${servers === 1 ? '' : 's'}`,
    `${shortCount(counted.seconds > 0 ? counted.entries / counted.seconds : 0)}/s`,
    `by ${sort.title}${view.reverse ? ', reversed' : ''}`,
    ...(view.first > 0 ? [`from ${view.first + 1} on`] : []),
    time.toTimeString().slice(0, 8),
  ].join(' · ');
  const paint = view.paused ? colors.yellow : colors.cyan;
  const lines = [
    paint(title.slice(0, size.width)),
    colors.dim(notes.join('; ').slice(0, size.width)),
    headOf(columns, sort),
    ...rows.map((heat, index) => {
      const line = rowOf(heat, columns);
      return view.first + index === view.chosen && view.chosen > 0 ? colors.bold(line) : line;
    }),
  ];
  return filled(lines, KEYS, size);
}

/** How much of the log did not come, in words. */
export function skippedOf({ skipped, entries, seconds }: Counted): string {
  if (entries + skipped === 0) return 'nothing read or stored yet';
  if (skipped < 0.5) return 'no lines skipped';
  const share = (100 * skipped) / (skipped + entries);
  return `${shortCount(skipped / Math.max(seconds, 0.001))} lines/s skipped by the servers, ${share.toFixed(1)}%`;
}

/** The hottest as plain lines: in a pipe with names as they are, in a terminal with what there is room for. */
export function plainTable(counted: Counted, limit: number, servers: number): string {
  const width = isTerminal() ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  const columns = columnsFor(width, counted, servers);
  const rows = hottest(counted.heats, limit).map((heat) =>
    columns.map((column) => (isTerminal() ? shortened(escaped(column.text(heat)), column.width) : column.text(heat))),
  );
  return table(
    columns.map(({ title }, index) => ({ title, right: index > 0 && title !== 'SERVER' })),
    rows,
  );
}
