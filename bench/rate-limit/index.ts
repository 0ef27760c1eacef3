/** The limits beside others: round trips, rate, and whether they hold. Takes the rounds and the seconds of each part. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from '../../scripts/table.ts';
import { startMemcached } from '../../test/support/memcached.ts';
import { startProxy } from '../../test/support/proxy.ts';
import { Random } from '../../test/support/random.ts';
import { median } from '../src/results.ts';
import { startRedis } from '../src/servers.ts';
import { type Limit, SUBJECTS, type Subject } from './limits.ts';

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 2);

const KEYS = 1000;
const TAKERS = 64;
/** How many windows are looked at, and how long they should be, in seconds. */
const WINDOWS = 10;
const PER = 2;
/** So many clients take at once of each of so many new keys, and should get so many points. */
const CLIENTS = 4;
const CROWDS = 100;
const CROWD = 100;
const POINTS = 30;

interface Rate {
  rate: number;
  /** Of this process, in microseconds a take. */
  cpu: number;
}

async function rateOf(limit: Limit): Promise<Rate> {
  const end = performance.now() + seconds * 1000;
  const before = process.cpuUsage();
  const began = performance.now();
  let takes = 0;
  await Promise.all(
    Array.from({ length: TAKERS }, async (_, seed) => {
      const random = new Random(seed);
      while (performance.now() < end) {
        await limit.take(`user${random.below(KEYS)}`);
        takes++;
      }
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return { rate: takes / ((performance.now() - began) / 1000), cpu: (user + system) / takes };
}

/** How often a take of a key that is there, and of one that is not, waits for the server. */
async function tripsOf({ make }: Subject, port: number): Promise<string> {
  const proxy = await startProxy(port);
  const limit = make(proxy.port, 1_000_000, 1000);
  await limit.take('warm');
  const count = async (keyOf: (index: number) => string): Promise<number> => {
    const before = proxy.piecesToClient;
    for (let i = 0; i < 200; i++) await limit.take(keyOf(i));
    return Math.round((proxy.piecesToClient - before) / 200);
  };
  const trips = `${await count(() => 'warm')} / ${await count((index) => `new${index}`)}`;
  await limit.close();
  await proxy.stop();
  return trips;
}

/** How long windows are that begin at different times of a second: until a key of one point has its next, in seconds. */
async function lengthsOf({ name, make }: Subject, port: number): Promise<string> {
  if (name.includes('sliding')) return '–';
  const limit = make(port, 1, PER);
  await limit.take('warm');
  const lengths = await Promise.all(
    Array.from({ length: WINDOWS }, async (_, index) => {
      await sleep((index * 1000) / WINDOWS);
      const began = performance.now();
      await limit.take(`window${index}`);
      do await sleep(5);
      while (!(await limit.take(`window${index}`)));
      return (performance.now() - began) / 1000;
    }),
  );
  await limit.close();
  return `${Math.min(...lengths).toFixed(1)} to ${Math.max(...lengths).toFixed(1)}`;
}

/** How many were allowed of many who come at once to keys without a counter, and how many got an error. */
async function crowdsOf({ make }: Subject, port: number): Promise<string> {
  const limits = Array.from({ length: CLIENTS }, () => make(port, POINTS, 1000));
  await Promise.all(limits.map((limit, index) => limit.take(`own${index}`)));
  const found: number[] = [];
  let errors = 0;
  for (let crowd = 0; crowd < CROWDS; crowd++) {
    const takes = await Promise.allSettled(
      Array.from({ length: CROWD }, (_, index) => (limits[index % CLIENTS] as Limit).take(`crowd${crowd}`)),
    );
    found.push(takes.filter((take) => take.status === 'fulfilled' && take.value).length);
    errors += takes.filter(({ status }) => status === 'rejected').length;
  }
  await Promise.all(limits.map((limit) => limit.close()));
  const [least, most] = [Math.min(...found), Math.max(...found)];
  return `${least === most ? least : `${least} to ${most}`}${errors > 0 ? `, ${errors} errors` : ''}`;
}

async function withServer<T>({ server }: Subject, work: (port: number) => Promise<T>): Promise<T> {
  if (server === 'memcached') {
    await using memcached = await startMemcached();
    return await work(memcached.port);
  }
  const redis = await startRedis();
  try {
    return await work(redis.target.servers[0]?.port as number);
  } finally {
    await redis.stop();
  }
}

function version(name: string): string {
  const { resolve } = createRequire(import.meta.url);
  const manifest = resolve(name).replace(new RegExp(`(node_modules/${name}/).*`), '$1package.json');
  return `${name} ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
}

const rates = new Map<string, Rate[]>(SUBJECTS.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const subject of SUBJECTS) {
    const rate = await withServer(subject, async (port) => {
      const limit = subject.make(port, 1_000_000, 1000);
      const measured = await rateOf(limit);
      await limit.close();
      return measured;
    });
    rates.get(subject.name)?.push(rate);
  }
}
const rows = [];
for (const subject of SUBJECTS) {
  const of = rates.get(subject.name) ?? [];
  const [trips, lengths, crowds] = await withServer(subject, async (port) => [
    await tripsOf(subject, port),
    await lengthsOf(subject, port),
    await crowdsOf(subject, port),
  ]);
  const rate = Math.round(median(of.map((each) => each.rate))).toLocaleString('en-US');
  rows.push([
    subject.name,
    trips ?? '',
    rate,
    median(of.map(({ cpu }) => cpu)).toFixed(1),
    lengths ?? '',
    crowds ?? '',
  ]);
}
const programs = [['memcached', '-V'] as const, ['redis-server', '--version'] as const].map(
  ([program, flag]) => `${program} ${/\d+\.\d+\.\d+/.exec(execFileSync(program, [flag], { encoding: 'utf8' }))?.[0]}`,
);
const packages = ['rate-limiter-flexible', '@fastify/rate-limit', 'memcached', 'ioredis'].map(version);
console.log(
  `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; medians of ${rounds} rounds of ${seconds} s`,
);
console.log(`${[...programs, ...packages].join(', ')}\n`);
const HEAD = ['', 'round trips', 'takes/s', 'CPU µs', `a window of ${PER} s lasts`, `allowed of ${POINTS}`];
console.log(table(HEAD, rows));
