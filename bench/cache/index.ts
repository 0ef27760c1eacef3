/** The cache beside others, on the same work and the same server, alternating. Takes the rounds and the seconds of each part. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from '../../scripts/table.ts';
import { startMemcached } from '../../test/support/memcached.ts';
import { Random } from '../../test/support/random.ts';
import { SUBJECTS, type Subject, type Value } from './caches.ts';

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 2);

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
  let calls = 0;
  const end = performance.now() + seconds * 1000;
  const before = process.cpuUsage();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, seed) => {
      const random = new Random(seed);
      while (performance.now() < end) {
        await call(random);
        calls++;
      }
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return { rate: calls / ((performance.now() - began) / 1000), cpu: (user + system) / calls };
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function version(name: string): string {
  const path = name === 'memts/cache' ? '../../../package.json' : `${name}/package.json`;
  const { resolve } = createRequire(import.meta.url);
  try {
    return JSON.parse(readFileSync(name === 'memts/cache' ? new URL(path, import.meta.url) : resolve(path), 'utf8'))
      .version;
  } catch {
    return '';
  }
}

const results = new Map(
  Object.keys(SUBJECTS).map((name) => [name, { hits: [] as Measured[], sets: [] as Measured[], storm: 0 }]),
);
for (let round = 0; round < rounds; round++) {
  for (const [name, make] of Object.entries(SUBJECTS)) {
    const server = await startMemcached();
    const subject = make(server.address);
    const result = results.get(name);
    result?.hits.push(await hits(subject));
    result?.sets.push(await getOrSet(subject));
    await subject.close();
    if (result !== undefined) result.storm = await stampede(make, server.address);
    await server.stop();
  }
}

const count = (value: number) => Math.round(value).toLocaleString('en-US');
const rows = [...results].map(([name, result]) => [
  `${name} ${version(name)}`.trim(),
  count(median(result.hits.map(({ rate }) => rate))),
  median(result.hits.map(({ cpu }) => cpu)).toFixed(1),
  count(median(result.sets.map(({ rate }) => rate))),
  median(result.sets.map(({ cpu }) => cpu)).toFixed(1),
  count(median(result.sets.map(({ computed }) => computed))),
  count(result.storm),
]);
console.log(
  `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; medians of ${rounds} rounds of ${seconds} s.\n`,
);
console.log(
  table(['', 'hits/s', 'CPU µs', 'getOrSet/s', 'CPU µs', 'computed', 'computed for 1,000 callers in 4 clients'], rows),
);
