/**
 * The cache beside others, on the same work and servers of the same kind, in rounds of which each begins with another one.
 * Takes the rounds and the seconds of each part; `--write` renews the table of docs/cache.md.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { renew } from '../../scripts/renew.ts';
import { table } from '../../scripts/table.ts';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../../test/support/memcached.ts';
import { Random } from '../../test/support/random.ts';
import { median } from '../src/results.ts';
import { SUBJECTS, type Subject, type Value } from './caches.ts';

const { values: options, positionals } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? 5);
const seconds = Number(positionals[1] ?? 2);
/** Before each part is measured, in seconds. */
const WARM_UP = Math.min(0.5, seconds);

const KEYS = 1000;
const READERS = 64;
const CALLERS = 1000;
/** How long a computation takes, in milliseconds. */
const WORK = 5;
/** One call in so many deletes what it would have read. */
const DELETES = 200;

/** Of about 1 KB. */
function userOf(id: number): Value {
  return {
    id,
    name: `Name ${id}`,
    email: `user${id}@example.com`,
    roles: ['reader', 'writer'],
    active: id % 2 === 0,
    history: Array.from({ length: 12 }, (_, index) => ({
      at: 1_700_000_000 + index,
      what: 'visited',
      page: `/p/${index}`,
    })),
  };
}

interface Measured {
  rate: number;
  /** Of this process, in microseconds for each call. */
  cpu: number;
  computed: number;
}

async function measure(
  callers: number,
  call: (random: Random) => Promise<unknown>,
): Promise<Omit<Measured, 'computed'>> {
  await callFor(WARM_UP, callers, call);
  const before = process.cpuUsage();
  const began = performance.now();
  const calls = await callFor(seconds, callers, call);
  const { user, system } = process.cpuUsage(before);
  return { rate: calls / ((performance.now() - began) / 1000), cpu: (user + system) / calls };
}

/** How often callers have called in so many seconds, each again as soon as it has its value. */
async function callFor(time: number, callers: number, call: (random: Random) => Promise<unknown>): Promise<number> {
  let calls = 0;
  const end = performance.now() + time * 1000;
  await Promise.all(
    Array.from({ length: callers }, async (_, seed) => {
      const random = new Random(seed);
      while (performance.now() < end) {
        await call(random);
        calls++;
      }
    }),
  );
  return calls;
}

async function hits(subject: Subject): Promise<Measured> {
  for (let id = 0; id < KEYS; id++) await subject.set(`key${id}`, userOf(id));
  return { ...(await measure(READERS, (random) => subject.get(`key${random.below(KEYS)}`))), computed: 0 };
}

async function getOrSet(subject: Subject): Promise<Measured> {
  let computed = 0;
  const compute = (id: number) => async () => {
    computed++;
    await sleep(WORK);
    return userOf(id);
  };
  const measured = await measure(CALLERS, (random) => {
    const id = random.below(KEYS);
    return random.below(DELETES) === 0 ? subject.delete(`key${id}`) : subject.getOrSet(`key${id}`, compute(id));
  });
  return { ...measured, computed };
}

/** How often a missing value is computed for callers in four clients, as in four processes. */
async function stampede(make: (address: string) => Subject, address: string): Promise<number> {
  let computed = 0;
  const subjects = Array.from({ length: 4 }, () => make(address));
  await Promise.all(subjects.map((subject) => subject.get('warm')));
  const compute = async () => {
    computed++;
    await sleep(50);
    return userOf(1);
  };
  const asked = subjects.flatMap((subject) =>
    Array.from({ length: CALLERS / 4 }, () => subject.getOrSet('hot', compute)),
  );
  await Promise.all(asked);
  await Promise.all(subjects.map((subject) => subject.close()));
  return computed;
}

/** Of what is measured: memts's, or one of those that the benchmark pins. */
function version(name: string): string {
  const read = (path: string) => JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8'));
  return name === 'memts/cache' ? read('../../../package.json').version : read('../../package.json').dependencies[name];
}

const results = new Map(
  Object.keys(SUBJECTS).map((name) => [
    name,
    { hits: [] as Measured[], sets: [] as Measured[], storms: [] as number[] },
  ]),
);
const subjects = Object.entries(SUBJECTS);
let memcached = '';
for (let round = 0; round < rounds; round++) {
  const first = round % subjects.length;
  for (const [name, make] of [...subjects.slice(first), ...subjects.slice(0, first)]) {
    const server = await startMemcached();
    const subject = make(server.address);
    const result = results.get(name);
    result?.hits.push(await hits(subject));
    result?.sets.push(await getOrSet(subject));
    await subject.close();
    result?.storms.push(await stampede(make, server.address));
    memcached ||= await versionOf(server.address);
    await server.stop();
  }
}

async function versionOf(address: string): Promise<string> {
  await using client = Client.create(address);
  return Object.values(await client.version())[0] ?? '';
}

const count = (value: number) => Math.round(value).toLocaleString('en-US');
const rows = [...results].map(([name, result]) => [
  `${name} ${version(name)}`,
  count(median(result.hits.map(({ rate }) => rate))),
  median(result.hits.map(({ cpu }) => cpu)).toFixed(1),
  count(median(result.sets.map(({ rate }) => rate))),
  median(result.sets.map(({ cpu }) => cpu)).toFixed(1),
  count(median(result.sets.map(({ computed }) => computed))),
  count(median(result.storms)),
]);
const head = ['', 'hits/s', 'CPU µs', 'getOrSet/s', 'CPU µs', 'computed', 'computed for 1,000 callers in 4 clients'];
const where = `Node.js ${process.version.slice(1)}, memcached ${memcached} and ${cpus().length} × ${cpus()[0]?.model}`;
const when = new Date().toISOString().slice(0, 10);
const text = `${table(head, rows)}\n\nOn ${when}, with ${where}; medians of ${rounds} rounds of ${seconds} s.`;
console.log(text);
if (options.write) {
  const page = join(import.meta.dirname, '../../../docs/cache.md');
  renew(page, '<!-- caches: by npm run bench:cache -- --write -->', '<!-- /caches -->', text);
}
