import type { Result, RowResult } from './results.ts';

const COLUMNS = ['client', 'per second', '× floor', '× MemJS', 'CPU µs', 'p50 µs', 'p99 µs', 'p99.9 µs'] as const;

function cells(result: Result): string[] {
  const { client, rate, toFloor, toMemjs, cpu, latency } = result;
  const latencies = [latency.p50, latency.p99, latency.p999].map((value) => (value > 0 ? value.toFixed(0) : '–'));
  return [
    client,
    Math.round(rate).toLocaleString('en-US'),
    times(toFloor),
    times(toMemjs),
    cpu.toFixed(2),
    ...latencies,
  ];
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? '–' : ratio.toFixed(2);
}

export function textTable({ row, results, errors }: RowResult): string {
  const lines = [[...COLUMNS], ...results.map(cells)].map(([client = '', ...numbers]) => {
    return `  ${client.padEnd(18)}${numbers.map((cell) => cell.padStart(11)).join('')}`;
  });
  return [row.title, ...lines, ...errors.map((error) => `  ${error}`), ''].join('\n');
}

export function markdownTable({ results, errors }: RowResult): string {
  const head = [`| ${COLUMNS.join(' | ')} |`, `| --- |${' ---: |'.repeat(COLUMNS.length - 1)}`];
  const lines = results.map((result) => `| ${cells(result).join(' | ')} |`);
  const notes = errors.length > 0 ? ['', ...errors.map((error) => `- ${error}`)] : [];
  return [...head, ...lines, ...notes].join('\n');
}
