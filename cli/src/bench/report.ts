import type { Histogram, JsHistogram } from 'hdr-histogram-js';
import { colors } from '../colors.ts';
import { turnedTable } from '../fit.ts';
import { humanCount, humanMicros } from '../units.ts';
import type { Kind, LoadResult, Tally } from './load.ts';

const PERCENTILES = [50, 90, 99, 99.9] as const;
const BAR = 40;
/** What stands in front of a bar. */
const BAR_START = 28;

/** The results as tables: rates, latencies, and how these are spread. */
export function renderResult({ elapsed, tallies, errors }: LoadResult): string {
  const kinds = used(tallies);
  const columns = ['COMMAND', 'COUNT', 'PER SECOND', 'MISSES', 'ERRORS', 'MEAN', ...PERCENTILES.map(name), 'MAX'];
  const rows = kinds.map(([kind, tally]) => {
    const { count, misses, latency } = tally;
    return [
      kind,
      humanCount(count),
      humanCount(Math.round(count / elapsed)),
      kind === 'get' ? humanCount(misses) : '',
      humanCount(tally.errors),
      humanMicros(latency.mean),
      ...PERCENTILES.map((percentile) => humanMicros(valueAt(latency, percentile))),
      humanMicros(latency.maxValue),
    ];
  });
  const summary = turnedTable(
    columns.map((title, index) => ({ title, right: index > 0 })),
    rows,
  );
  const spread = kinds.map(([kind, { latency }]) => `${colors.bold(`latency of ${kind}`)}\n${spreadOf(latency)}`);
  const failures = [...errors].map(([text, count]) => `${humanCount(count)} × ${text}`);
  // Last, since the rest may scroll off.
  return [...spread, ...(failures.length > 0 ? [failures.join('\n')] : []), summary].join('\n\n');
}

/** The same for programs; latencies in microseconds. */
export function jsonResult({ elapsed, tallies, errors }: LoadResult): Record<string, unknown> {
  const commands = used(tallies).map(([kind, { count, misses, errors: failed, latency }]) => {
    const percentiles = PERCENTILES.map((percentile) => [name(percentile), valueAt(latency, percentile)]);
    const spread = { min: latency.minNonZeroValue, mean: Math.round(latency.mean * 10) / 10, max: latency.maxValue };
    return [
      kind,
      {
        count,
        perSecond: Math.round(count / elapsed),
        ...(kind === 'get' ? { misses } : {}),
        errors: failed,
        latency: { ...spread, ...Object.fromEntries(percentiles) },
        histogram: buckets(latency),
      },
    ];
  });
  return {
    elapsed: Math.round(elapsed * 1000) / 1000,
    ...Object.fromEntries(commands),
    failures: Object.fromEntries(errors),
  };
}

function used(tallies: Record<Kind, Tally>): [Kind, Tally][] {
  return (Object.entries(tallies) as [Kind, Tally][]).filter(([, { count, errors }]) => count + errors > 0);
}

function name(percentile: number): string {
  return `p${percentile}`;
}

/** The histogram rounds up, which may lead past the largest value. */
function valueAt(latency: Histogram, percentile: number): number {
  return Math.min(latency.getValueAtPercentile(percentile), latency.maxValue);
}

interface Bucket {
  /** Latencies up to here, in microseconds. */
  upTo: number;
  count: number;
}

/** Counts in buckets that grow: 1, 2, 5, 10, 20, 50 and so on. */
function buckets(latency: Histogram): Bucket[] {
  const made: Bucket[] = [];
  // Every histogram that `build` makes without WebAssembly is one of these.
  const iterator = (latency as JsHistogram).recordedValuesIterator;
  iterator.reset();
  let limit = 1;
  let steps = 0;
  while (iterator.hasNext()) {
    const { valueIteratedTo, countAddedInThisIterationStep } = iterator.next();
    while (limit < valueIteratedTo) limit *= [2, 2.5, 2][steps++ % 3] as number;
    const last = made.at(-1);
    if (last?.upTo === limit) last.count += countAddedInThisIterationStep;
    else made.push({ upTo: limit, count: countAddedInThisIterationStep });
  }
  return made;
}

function spreadOf(latency: Histogram): string {
  const list = buckets(latency);
  const highest = Math.max(...list.map(({ count }) => count));
  const longest = Math.max(4, Math.min(BAR, (process.stdout.columns || 80) - BAR_START));
  return list
    .map(({ upTo, count }) => {
      const bar = '█'.repeat(Math.round((longest * count) / highest)) || '▏';
      const part = `${((100 * count) / latency.totalCount).toFixed(2)}%`;
      return `  up to ${humanMicros(upTo).padStart(8)}  ${part.padStart(7)}  ${colors.cyan(bar)}`;
    })
    .join('\n');
}
