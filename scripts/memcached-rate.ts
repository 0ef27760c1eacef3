/**
 * How fast `memts/memcached` is beside `memcached` 2.2.2: the same program on both in turn, against one memcached, with
 * callbacks. `npm run bench:memcached`.
 */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { startMemcached } from '../test/support/memcached.ts';
import { median } from '../test/support/startup.ts';
import { table } from './table.ts';

const ROUNDS = 9;
const COUNT = 20_000;
const IN_FLIGHT = 64;
const KEYS = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
const BATCH = KEYS.slice(0, 100);
const VALUE = 'x'.repeat(100);

interface Memcached {
  set(key: string, value: unknown, lifetime: number, callback: (error: unknown) => void): void;
  get(key: string, callback: (error: unknown) => void): void;
  getMulti(keys: readonly string[], callback: (error: unknown) => void): void;
  end(): void;
}
type Constructor = new (server: string) => Memcached;

/** The build, which is what users get. */
const built = (await import(new URL('../dist/memcached.mjs', import.meta.url).href)) as { default: Constructor };
const PACKAGES: [name: string, Constructor][] = [
  ['memcached 2.2.2', createRequire(import.meta.url)('memcached')],
  ['memts/memcached', built.default],
];

/** Each with how many keys one call has. */
const WORKS: [
  name: string,
  keys: number,
  call: (client: Memcached, i: number, done: (error: unknown) => void) => void,
][] = [
  ['set, 100 B', 1, (client, i, done) => client.set(KEYS[i % KEYS.length] as string, VALUE, 0, done)],
  ['get, 100 B', 1, (client, i, done) => client.get(KEYS[i % KEYS.length] as string, done)],
  ['getMulti, 100 keys of 100 B', BATCH.length, (client, _i, done) => client.getMulti(BATCH, done)],
];

/** Keys a second. */
async function load(client: Memcached, [, keys, call]: (typeof WORKS)[number]): Promise<number> {
  const calls = COUNT / keys;
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let done = 0;
    const next = (error?: unknown) => {
      if (error) return reject(error as Error);
      if (++done === calls) resolve();
      else if (sent < calls) call(client, sent++, next);
    };
    const first = Math.min(IN_FLIGHT, calls);
    for (sent = first; sent > 0; sent--) call(client, sent, next);
    sent = first;
  });
  return (calls * keys * 1000) / (performance.now() - start);
}

await using server = await startMemcached();
const clients = PACKAGES.map(([, Package]) => new Package(server.address));
const rows: string[][] = [];
for (const work of WORKS) {
  const rates: number[][] = PACKAGES.map(() => []);
  for (let round = -2; round < ROUNDS; round++) {
    for (const [i, client] of clients.entries()) {
      const rate = await load(client, work);
      if (round >= 0) rates[i]?.push(rate);
    }
  }
  const [theirs, own] = rates.map(median) as [number, number];
  rows.push([
    work[0],
    ...[theirs, own].map((rate) => Math.round(rate).toLocaleString('en')),
    (own / theirs).toFixed(1),
  ]);
}
for (const client of clients) client.end();
console.log(
  `${cpus()[0]?.model}, Node.js ${process.version}, ${IN_FLIGHT} calls in flight, median of ${ROUNDS} rounds\n`,
);
console.log(table(['keys a second', ...PACKAGES.map(([name]) => name), 'ratio'], rows));
