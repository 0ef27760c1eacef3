import type { Statistics } from 'memts';
import { humanBytes, humanCount, humanSeconds } from '../units.ts';

/** The few figures that people look for among the general statistics; what a server does not tell is left out. */
export function summaryOf(statistics: Statistics): Map<string, string> {
  const number = (name: string): number => Number(statistics[name] ?? Number.NaN);
  const [hits, misses] = [number('get_hits'), number('get_misses')];
  const [used, limit] = [number('bytes'), number('limit_maxbytes')];
  const [open, most] = [number('curr_connections'), number('max_connections')];
  const uptime = number('uptime');
  const gets = hits + misses;
  const entries: [string, string | undefined][] = [
    ['version', statistics.version],
    ['up', known(uptime, humanSeconds)],
    ['items', known(number('curr_items'), humanCount)],
    ['memory', known(used / limit, (share) => `${humanBytes(used)} of ${humanBytes(limit)}, ${percent(share)}`)],
    ['hits', gets > 0 ? `${percent(hits / gets)} of ${humanCount(gets)} gets` : undefined],
    ['gets', known(number('cmd_get') / uptime, perSecond)],
    ['sets', known(number('cmd_set') / uptime, perSecond)],
    ['evictions', known(number('evictions'), humanCount)],
    ['connections', known(open, (count) => `${humanCount(count)}${known(most, (m) => ` of ${humanCount(m)}`) ?? ''}`)],
  ];
  return new Map(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function known(value: number, inWords: (value: number) => string): string | undefined {
  return Number.isFinite(value) ? inWords(value) : undefined;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function perSecond(rate: number): string {
  return `${humanCount(Number(rate.toFixed(1)))}/s since the start`;
}
