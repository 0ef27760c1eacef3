import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobResult, Sample } from './job.ts';
import { type Line, lineChart } from './line-chart.ts';
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
  writeFileSync(join(folder, 'soak.csv'), table(record.samples));
  writeFileSync(join(folder, 'soak.svg'), plot(record));
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
  return `# A soak

Written by \`npm run soak -- --minutes ${minutes} --seed ${seed} --write docs/reliability\`. ${machine()}.

Three clients, one of each protocol, with ${lanes} commands in flight each, at three servers that all of them share;
failover on, one connection to each server. What is counted is explained in [reliability.md](../reliability.md).

| | |
|---|---:|
| commands | ${count(sum.commands)} |
| commands a second, faults included | ${count(sum.commands / seconds)} |
| faults | ${faults.length} |
${ZEROS.map((name) => `| **${MEANINGS[name]}** | ${sum[name]} |`).join('\n')}
| ended with an error, % | ${((100 * sum.errors) / Math.max(1, sum.commands)).toFixed(2)} |
| past the bound, with the process standing still meanwhile | ${sum.excused} |
| in use after a collection, first minute, MB | ${lives[0]?.toFixed(1) ?? ''} |
| in use after a collection, last minute, MB | ${lives.at(-1)?.toFixed(1) ?? ''} |
| left after \`quit()\`, MB | ${left.toFixed(1)} |

The faults: ${[...kinds].map(([name, times]) => `${name} ${times}`).join(', ')}.

![Rate, memory and handles over time](soak.svg)

A red mark is a fault. Every second is in [soak.csv](soak.csv).
`;
}

function plot({ samples, faults }: SoakRecord): string {
  const line = (name: string, get: (sample: Sample, index: number) => number | undefined): Line => ({
    name,
    values: samples.map(get),
  });
  const rate = (sample: Sample, index: number): number => {
    const before = samples[index - 1];
    return (sample.commands - (before?.commands ?? 0)) / Math.max(1, sample.seconds - (before?.seconds ?? 0));
  };
  return lineChart(
    samples.map(({ seconds }) => seconds),
    [
      { title: 'Rate', unit: 'commands/s', lines: [line('all protocols', rate)] },
      {
        title: 'Memory',
        unit: 'MB',
        lines: [
          line('resident', ({ rss }) => rss / MEGABYTE),
          line('heap and external', ({ heapUsed, external }) => (heapUsed + external) / MEGABYTE),
          line('after a collection', ({ live }) => (live === undefined ? undefined : live / MEGABYTE)),
        ],
      },
      { title: 'Handles', unit: '', lines: [line('sockets', (s) => s.sockets), line('timers', (s) => s.timers)] },
    ],
    faults.map(({ second }) => second),
  );
}

function table(samples: readonly Sample[]): string {
  const rows = samples.map((s) =>
    [
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
    ].join(),
  );
  return `seconds,commands,errors,rss,heap_used,external,live,sockets,timers,cpu,stalled_ms\n${rows.join('\n')}\n`;
}
