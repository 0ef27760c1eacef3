import type { Statistics } from 'memts';
import { isAmount } from './units.ts';

/** How the statistics of a server changed between two looks. */
export interface Difference {
  server: string;
  /** Between the looks. */
  seconds: number;
  /** By name, per second; what has not changed is 0. */
  rates: Map<string, number>;
}

/** What a server said at a time of `performance.now()`. */
export interface Look {
  server: string;
  at: number;
  statistics: Statistics;
}

/** How it went from one look to the next; nothing where the server was started again, or its counters were reset. */
export function difference(before: Look, now: Look): Difference | undefined {
  if (isNewRun(before.statistics, now.statistics)) return undefined;
  const seconds = (now.at - before.at) / 1000;
  const rates = new Map<string, number>();
  for (const [name, value] of Object.entries(now.statistics)) {
    const last = before.statistics[name];
    if (last === undefined || !isAmount(name, value) || !isAmount(name, last)) continue;
    rates.set(name, minus(value, last) / seconds);
  }
  return { server: now.server, seconds, rates };
}

function isNewRun(before: Statistics, now: Statistics): boolean {
  return ['uptime', 'cmd_get', 'cmd_set', 'total_connections'].some((name) => Number(now[name]) < Number(before[name]));
}

/** Of whole numbers exactly, however large. */
function minus(value: string, last: string): number {
  return value.includes('.') || last.includes('.')
    ? Number(value) - Number(last)
    : Number(BigInt(value) - BigInt(last));
}
