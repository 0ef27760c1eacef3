import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { table } from '../../scripts/table.ts';
import type { Result } from './results.ts';
import type { Row } from './row.ts';

/** What is used of a run's record. */
interface Measured {
  readonly rows: readonly (Row & { readonly results: readonly Result[] })[];
}

/** Where the summary of the one published run stands in a text: between these. */
const MARKS = ['<!-- benchmark: from docs/performance/benchmark.json -->', '<!-- /benchmark -->'] as const;

/** How many commands are in flight in the rows of a file's summary: README has the usual number alone. */
const inFlightOf = (file: string): readonly number[] => (basename(file) === 'README.md' ? [64] : [1, 64, 256]);

/** The main rows of a run, as a file has them. */
export function summary(record: Measured, file: string): string {
  const inFlight = inFlightOf(file);
  const rate = (value: number | undefined) => (value === undefined ? '–' : Math.round(value).toLocaleString('en-US'));
  const ratio = (value: number | undefined) => value?.toFixed(2) ?? '–';
  const rows = record.rows.flatMap(({ title, operation, size, results, ...row }) => {
    const of = (name: string) => results.find(({ client }) => client === name);
    const [memts, floor, memjs] = [of('memts'), of('floor'), of('memjs')];
    const isMain = ['get', 'set'].includes(operation) && [100, 4096].includes(size) && title.split(',').length === 3;
    if (!isMain || !inFlight.includes(row.inFlight) || memts === undefined) return [];
    return [
      [title, rate(floor?.rate), rate(memts.rate), ratio(memts.toFloor), ratio(memts.toMemjs), rate(memjs?.rate)],
    ];
  });
  return table(['1 socket', 'raw socket /s', 'memts /s', '× raw socket', '× MemJS', 'MemJS /s'], rows);
}

/** The text of a file with the summary put where it belongs. */
export function withSummary(text: string, record: Measured, file: string): string {
  const [from, to] = MARKS.map((mark) => text.indexOf(mark)) as [number, number];
  if (from < 0 || to < from) throw new Error(`There is no place for the benchmark's summary: ${MARKS.join(' … ')}`);
  return `${text.slice(0, from + MARKS[0].length)}\n\n${summary(record, file)}\n\n${text.slice(to)}`;
}

/** Renews the summary in a file. */
export async function writeSummary(file: string, record: Measured): Promise<void> {
  await writeFile(file, withSummary(await readFile(file, 'utf8'), record, file));
}
