import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Line, lineChart } from '../../scripts/figures/line-chart.ts';
import { table } from '../../scripts/table.ts';
import type { JobResult, Sample } from './job.ts';
import { count, MEANINGS, machine } from './report.ts';
import { addTo, newTally, type Tally, ZEROS } from './watch.ts';

export interface SoakRecord {
  seed: number;
  minutes: number;
  lanes: number;
  samples: readonly Sample[];
  faults: { second: number; name: string }[];
  /** One for each protocol. */
  results: readonly JobResult[];
}

const MEGABYTE = 2 ** 20;

export function soakTally({ results }: SoakRecord): Tally {
  const sum = newTally();
  for (const { tally } of results) addTo(sum, tally);
  return sum;
}

export function soakSummary(record: SoakRecord): string {
  const sum = soakTally(record);
  const zeros = ZEROS.map((name) => `${MEANINGS[name]} ${sum[name]}`).join(', ');
  const findings = record.results.flatMap((result) => result.findings.slice(0, 5)).map((finding) => `\n  ${finding}`);
  const share = ((100 * sum.errors) / Math.max(1, sum.commands)).toFixed(2);
  return `${count(sum.commands)} commands, ${record.faults.length} faults, ${share} % errors\n  ${zeros}${findings.join('')}`;
}

/** Writes `soak.md`, `soak.csv` and `soak.svg`. */
export function soakReport(record: SoakRecord, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const csv = csvOf(record);
  writeFileSync(join(folder, 'soak.csv'), csv);
  writeFileSync(join(folder, 'soak.svg'), soakPlot(csv));
  writeFileSync(join(folder, 'soak.md'), page(record));
}

function page(record: SoakRecord): string {
  const { seed, minutes, lanes, samples, faults, results } = record;
  const sum = soakTally(record);
  const kinds = new Map<string, number>();
  for (const { name } of faults) kinds.set(name, (kinds.get(name) ?? 0) + 1);
  const lives = samples.flatMap(({ live }) => (live === undefined ? [] : [live / MEGABYTE]));
  const left = (results[0]?.memory ?? 0) / MEGABYTE;
  const seconds = samples.at(-1)?.seconds ?? 1;
  const rows = [
    ['commands', count(sum.commands)],
    ['commands a second, faults included', count(sum.commands / seconds)],
    ['faults', count(faults.length)],
    ...ZEROS.map((name) => [`**${MEANINGS[name]}**`, count(sum[name])]),
    ['ended with an error, %', ((100 * sum.errors) / Math.max(1, sum.commands)).toFixed(2)],
    ['past the bound, with the process standing still meanwhile', count(sum.excused)],
    ['in use after a collection, first minute, MB', lives[0]?.toFixed(1) ?? ''],
    ['in use after a collection, last minute, MB', lives.at(-1)?.toFixed(1) ?? ''],
    ['left after `quit()`, MB', left.toFixed(1)],
  ];
  return `# A soak

Written by \`npm run soak -- --minutes ${minutes} --seed ${seed} --write docs/reliability\`. ${machine()}.

Three clients, one of each protocol, with ${lanes} commands in flight each, at three servers that all of them share;
failover on, one connection to each server. Values have up to 127 bytes mostly, one in 128 about 5 KB, one in 2048 about 70 KB
and one in 16,384 up to 1 MB. What is counted is explained in [reliability.md](../reliability.md).

${table(['what', 'how much'], rows)}

The faults: ${[...kinds].map(([name, times]) => `${name} ${times}`).join(', ')}.

![Rate, memory and handles over time](soak.svg)

A red mark is a fault. A band around a line goes from the lowest to the highest of a few neighbouring seconds. Every
second is in [soak.csv](soak.csv).
`;
}

/** The figure of a record in the form of `soak.csv`. */
export function soakPlot(csv: string): string {
  const [head = '', ...rows] = csv.trim().split('\n');
  const names = head.split(',');
  const cells = rows.map((row) => row.split(','));
  const column = (name: string): (number | undefined)[] => {
    const index = names.indexOf(name);
    return cells.map((row) => (row[index] === '' ? undefined : Number(row[index])));
  };
  const numbers = (name: string): number[] => column(name).map((value) => value ?? 0);
  const megabytes = (values: readonly (number | undefined)[]): (number | undefined)[] =>
    values.map((value) => (value === undefined ? undefined : value / MEGABYTE));
  const line = (name: string, values: Line['values']): Line => ({ name, values });

  const seconds = numbers('seconds');
  const commands = numbers('commands');
  const [heapUsed, external, faults] = [numbers('heap_used'), numbers('external'), numbers('faults')];
  const rate = commands.map(
    (count, row) => (count - (commands[row - 1] ?? 0)) / Math.max(1, (seconds[row] ?? 0) - (seconds[row - 1] ?? 0)),
  );
  return lineChart({
    title: 'Rate, memory and handles over time',
    seconds,
    panels: [
      { title: 'Rate', unit: 'commands a second', lines: [line('all protocols', rate)] },
      {
        title: 'Memory',
        unit: 'MB',
        lines: [
          line('resident', megabytes(column('rss'))),
          line('heap and external', megabytes(heapUsed.map((bytes, row) => bytes + (external[row] ?? 0)))),
          line('after a collection', megabytes(column('live'))),
        ],
      },
      { title: 'Handles', unit: '', lines: [line('sockets', column('sockets')), line('timers', column('timers'))] },
    ],
    marks: seconds.filter((_, row) => (faults[row] ?? 0) > 0),
  });
}

/** `faults` is how many began since the line before. */
function csvOf({ samples, faults }: SoakRecord): string {
  const rows = samples.map((s, index) => {
    const before = samples[index - 1]?.seconds ?? -1;
    const begun = faults.filter(({ second }) => second > before && second <= s.seconds).length;
    return [
      s.seconds,
      s.commands,
      s.errors,
      s.rss,
      s.heapUsed,
      s.external,
      s.live ?? '',
      s.sockets,
      s.timers,
      s.cpu.toFixed(2),
      s.stalled,
      begun,
    ].join();
  });
  const names = 'seconds,commands,errors,rss,heap_used,external,live,sockets,timers,cpu,stalled_ms,faults';
  return `${names}\n${rows.join('\n')}\n`;
}
