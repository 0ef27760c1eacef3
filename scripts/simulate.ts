/**
 * What a distribution does to a fleet, in numbers: `npm run simulate` prints the tables of docs/clusters.md, and
 * `npm run simulate -- --write` puts them there. Nothing depends on the machine or the time of day.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildDistribution } from '../src/cluster/distribution/distribution.ts';
import type { DistributionServer, Pick } from '../src/cluster/distribution/pick.ts';
import { Random } from '../test/support/random.ts';
import { table } from './table.ts';

const DISTRIBUTIONS = ['modulo', 'ketama', 'rendezvous'] as const;
type Name = (typeof DISTRIBUTIONS)[number];

const DOCS = fileURLToPath(new URL('../docs/clusters.md', import.meta.url));
const KEYS = 100_000;
/** So many that chance is a small part of a balance. */
const MANY_KEYS = 400_000;
/** memcached's own limit, `-c`. */
const MOST_CONNECTIONS = 1024;

/** Each table of the docs by the name in its marker. */
export const TABLES: Readonly<Record<string, () => string>> = { moves, balance, failover, sockets, fanout, hotkeys };

/** A page with new tables. */
export function renewed(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, make]) => {
    const marked = new RegExp(`(<!-- simulate: ${name} -->\n)[^]*?(<!-- end -->)`);
    if (!marked.test(text)) throw new Error(`no place for the table ${name}`);
    return text.replace(marked, (_, start: string, end: string) => `${start}\n${make()}\n\n${end}`);
  }, page);
}

/** The share of the keys that are on another server after a change. */
function moves(): string {
  const ten = makeServers(10);
  const hundred = makeServers(100);
  const doubled = ten.map((server, index) => (index === 4 ? { ...server, weight: 2 } : server));
  const renamed = ten.map((server, index) => (index === 4 ? makeServer(10) : server));
  const cases: [string, DistributionServer[], DistributionServer[]][] = [
    ['3 servers, one added', makeServers(3), makeServers(4)],
    ['10 servers, one added', ten, makeServers(11)],
    ['10 servers, the last one removed', ten, ten.slice(0, 9)],
    ['10 servers, the first one removed', ten, ten.slice(1)],
    ['10 servers, one replaced by another address', ten, renamed],
    ['10 servers in another order', ten, ten.toReversed()],
    ['10 servers, one gets twice the weight', ten, doubled],
    ['10 servers, five added', ten, makeServers(15)],
    ['100 servers, one added', hundred, makeServers(101)],
    ['100 servers, one removed', hundred, hundred.slice(1)],
  ];
  const keys = makeKeys(KEYS);
  return table(
    ['change', ...DISTRIBUTIONS],
    cases.map(([title, before, after]) => [
      title,
      ...DISTRIBUTIONS.map((name) => percent(movedShare(name, before, after, keys))),
    ]),
  );
}

function movedShare(
  name: Name,
  before: readonly DistributionServer[],
  after: readonly DistributionServer[],
  keys: readonly string[],
): number {
  const first = buildDistribution(name, before);
  const second = buildDistribution(name, after);
  return keys.filter((key) => before[first(key)]?.name !== after[second(key)]?.name).length / keys.length;
}

/** The keys of the fullest server, against the mean. */
function balance(): string {
  const sizes = [3, 10, 100, 1000];
  const even = (count: number): Pick => {
    const random = new Random(1);
    return Object.assign(() => random.below(count), { after: () => undefined });
  };
  const rows: [string, (count: number) => Pick][] = [
    ...DISTRIBUTIONS.map((name): [string, (count: number) => Pick] => [
      name,
      (count) => buildDistribution(name, makeServers(count)),
    ]),
    ['by chance', even],
  ];
  return table(
    ['', ...sizes.map((size) => `${whole(size)} servers`)],
    rows.map(([name, build]) => [name, ...sizes.map((size) => fullest(build(size), size))]),
  );
}

function fullest(pick: Pick, count: number): string {
  const loads = loadsOf(pick, makeKeys(count < 1000 ? MANY_KEYS : 2 * MANY_KEYS), count);
  return ratio((Math.max(...loads) * count) / sum(loads));
}

/** The busiest server while another one is away, against the mean before; the worst case of all that may be away. */
function failover(): string {
  const sizes = [3, 10, 100];
  const keys = makeKeys(MANY_KEYS);
  const worst = (name: Name, count: number): string => {
    const pick = buildDistribution(name, makeServers(count));
    const homes = keys.map((key) => pick(key));
    const loads = loadsOf(pick, keys, count);
    const peaks = Array.from({ length: count }, (_, away) => {
      const extra = loads.map((load, index) => (index === away ? 0 : load));
      for (const [at, key] of keys.entries()) {
        if (homes[at] === away) increase(extra, pick.after(key, (index) => index === away) ?? away, 1);
      }
      return Math.max(...extra);
    });
    return ratio((Math.max(...peaks) * count) / keys.length);
  };
  return table(
    ['', ...sizes.map((size) => `${size} servers`)],
    DISTRIBUTIONS.map((name) => [name, ...sizes.map((size) => worst(name, size))]),
  );
}

/** Sockets of a fleet where every process talks to every server. */
function sockets(): string {
  const fleets: [number, number, number][] = [
    [4, 1, 1],
    [16, 3, 1],
    [64, 10, 1],
    [256, 10, 1],
    [256, 10, 4],
    [1000, 10, 1],
    [1000, 100, 1],
    [1000, 1000, 1],
    [2000, 100, 1],
  ];
  return table(
    ['processes', 'servers', '`connections`', 'sockets of a process', 'sockets of a server', 'in all', '`-c 1024`'],
    fleets.map(([processes, servers, connections]) => [
      ...[processes, servers, connections, servers * connections, processes * connections].map(whole),
      whole(processes * servers * connections),
      processes * connections < MOST_CONNECTIONS ? 'enough' : 'too few',
    ]),
  );
}

/** How many servers a request for many keys asks. */
function fanout(): string {
  const sizes = [3, 10, 100, 1000];
  const asked = (servers: number, keys: number) => servers * (1 - (1 - 1 / servers) ** keys);
  return table(
    ['keys in a `getMulti`', ...sizes.map((size) => `${whole(size)} servers`)],
    [1, 10, 100, 1000].map((keys) => [whole(keys), ...sizes.map((size) => asked(size, keys).toFixed(1))]),
  );
}

/** The busiest server where few keys get most requests (Zipf), with copies of the hundred hottest. */
function hotkeys(): string {
  const sizes = [3, 10, 100];
  const total = sum(Array.from({ length: KEYS }, (_, rank) => 1 / (rank + 1)));
  const busiest = (count: number, copies: number): string => {
    const pick = buildDistribution('ketama', makeServers(count));
    const loads = new Array<number>(count).fill(0);
    for (let rank = 0; rank < KEYS; rank++) {
      const parts = rank < 100 ? copies : 1;
      for (let copy = 0; copy < parts; copy++) {
        increase(loads, pick(parts > 1 ? `key:${rank}#${copy}` : `key:${rank}`), 1 / (rank + 1) / total / parts);
      }
    }
    return ratio(Math.max(...loads) * count);
  };
  return table(
    ['copies of the 100 hottest keys', ...sizes.map((size) => `${size} servers`)],
    [1, 2, 4, 8, 16].map((copies) => [String(copies), ...sizes.map((size) => busiest(size, copies))]),
  );
}

function loadsOf(pick: (key: string) => number, keys: readonly string[], count: number): number[] {
  const loads = new Array<number>(count).fill(0);
  for (const key of keys) increase(loads, pick(key), 1);
  return loads;
}

function increase(loads: number[], index: number, by: number): void {
  loads[index] = (loads[index] ?? 0) + by;
}

function makeServers(count: number): DistributionServer[] {
  return Array.from({ length: count }, (_, index) => makeServer(index));
}

function makeServer(index: number): DistributionServer {
  const host = `10.0.${index >> 8}.${index & 255}`;
  return { host, port: 11211, weight: 1, name: `${host}:11211` };
}

function makeKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `user:${i}:profile`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const ratio = (value: number) => value.toFixed(2);
const whole = (value: number) => value.toLocaleString('en-US');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = readFileSync(DOCS, 'utf8');
  if (process.argv.includes('--write')) writeFileSync(DOCS, renewed(page));
  else if (process.argv.includes('--check')) {
    const same = renewed(page) === page;
    console.log(
      `docs/clusters.md ${same ? 'has the tables of the simulation' : 'has other tables: npm run simulate -- --write'}`,
    );
    process.exitCode = same ? 0 : 1;
  } else for (const [name, make] of Object.entries(TABLES)) console.log(`${name}\n\n${make()}\n`);
}
