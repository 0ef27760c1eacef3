import { clientName } from '../../scripts/figures/bar-chart.ts';
import { table } from '../../scripts/table.ts';
import type { Profile } from './messages.ts';
import { PARTS } from './profile.ts';
import type { Result, RowResult } from './results.ts';

const COLUMNS = [
  'client',
  'per second',
  '× raw socket',
  '× own values',
  '× MemJS',
  'CPU µs',
  'server µs',
  'p50 µs',
  'p99 µs',
  'p99.9 µs',
] as const;

function cells(result: Result): string[] {
  const { client, rate, toFloor, toOwn, toMemjs, cpu, serverCpu, latency } = result;
  const latencies = [latency.p50, latency.p99, latency.p999].map((value) => (value > 0 ? value.toFixed(0) : '–'));
  return [
    client,
    Math.round(rate).toLocaleString('en-US'),
    times(toFloor),
    times(toOwn),
    times(toMemjs),
    times(cpu),
    times(serverCpu),
    ...latencies,
  ];
}

function times(ratio: number | undefined): string {
  return ratio === undefined || !Number.isFinite(ratio) ? '–' : ratio.toFixed(2);
}

export function textTable({ row, results, errors, profiles }: RowResult): string {
  const lines = [[...COLUMNS], ...results.map(cells)].map(([client = '', ...numbers]) => {
    return `  ${client.padEnd(18)}${numbers.map((cell) => cell.padStart(11)).join('')}`;
  });
  return [row.title, ...lines, ...profileLines(profiles), ...errors.map((error) => `  ${error}`), ''].join('\n');
}

export function markdownTable({ results, errors, profiles }: RowResult): string {
  const named = ({ client, ...figures }: Result): Result => ({ ...figures, client: clientName(client) });
  const rows = results.map((result) => cells(named(result)));
  const notes = errors.length > 0 ? ['', ...errors.map((error) => `- ${error}`)] : [];
  return [table(COLUMNS, rows), ...profileTable(profiles), ...notes].join('\n');
}

const PROFILE_COLUMNS = ['µs of a command', ...PARTS, 'of the client'] as const;

/** How long each part of a command takes: together they are the time between two commands. */
function profileCells([client, { keys, parts, rooms }]: [string, Profile]): string[] {
  const each = (seconds: number) => ((seconds / keys) * 1e6).toFixed(2);
  const inRooms = Object.entries(rooms)
    .toSorted(([, a], [, b]) => b - a)
    .map(([room, seconds]) => `${room} ${each(seconds)}`);
  return [client, ...PARTS.map((part) => each(parts[part])), inRooms.join(', ')];
}

export function profileTable(profiles: RowResult['profiles']): string[] {
  if (profiles.size === 0) return [];
  const rows = [...profiles].map(([client, profile]) => profileCells([clientName(client), profile]));
  return ['', table(PROFILE_COLUMNS, rows, ['l', ...PARTS.map(() => 'r' as const), 'l'])];
}

function profileLines(profiles: RowResult['profiles']): string[] {
  if (profiles.size === 0) return [];
  return [[...PROFILE_COLUMNS], ...[...profiles].map(profileCells)].map(([client = '', ...cells]) => {
    return `  ${client.padEnd(18)}${cells.map((cell) => cell.padStart(11)).join('')}`;
  });
}
