import { barChart } from './bar-chart.ts';

/** What an application asks of the servers under the same load, with and without values in memory. */
export interface NearRecord {
  recorded: string;
  machine: string;
  node: string;
  memcached: string;
  perSecond: number;
  reads: NearReads[];
  zipf: NearLoad[];
}

export interface NearReads extends NearUse {
  value: string;
  way: string;
}

export interface NearLoad extends NearUse {
  way: string;
  hits: number;
  near: number;
}

interface NearUse {
  seconds: number;
  calls: number;
  requests: number;
  bytes: number;
  cpu: number;
  serverCpu: number;
}

const SHARES = {
  'requests to the server': ({ requests }: NearUse) => requests,
  'bytes on the wire': ({ bytes }: NearUse) => bytes,
  'CPU of the application': ({ cpu }: NearUse) => cpu,
  'CPU of the server': ({ serverCpu }: NearUse) => serverCpu,
} as const;

/** Each load as a share of that without values in memory, which is the first. */
export function nearChart({ perSecond, zipf }: NearRecord): string {
  const [first] = zipf;
  return barChart({
    title: `${perSecond.toLocaleString('en-US')} calls a second, keys by Zipf's law`,
    unit: '% of the same without near',
    groups: Object.entries(SHARES).map(([label, of]) => ({
      label,
      bars: zipf.map((load) => ({
        client: load.way,
        paint: load === first ? 'floor' : 'memts',
        value: first === undefined ? 0 : (100 * of(load)) / of(first),
      })),
    })),
  });
}
