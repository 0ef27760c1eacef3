/**
 * Stores 10,000 keys together and reads them all until each has been computed again, with and without jitter, and records
 * how many computations fell in each second: docs/figures/jitter.json, which `npm run figures` draws.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../src/index.ts';
import { startMemcached } from '../test/support/memcached.ts';
import type { JitterRecord } from './figures/jitter.ts';

const KEYS = 10_000;
const EXPIRES = 300;
const JITTER = 0.1;
/** Nothing expires before. */
const QUIET = EXPIRES * (1 - JITTER) - 2;

await using server = await startMemcached();

/** The computations in each second after the values were stored, from the first one on. */
async function measure(jitter: number): Promise<JitterRecord['runs'][number]> {
  await using client = Client.create(server.address, { timeout: 5 });
  const keys = Array.from({ length: KEYS }, (_, index) => `jitter-${jitter}-${index}`);
  const options = { expires: EXPIRES, jitter };
  const perSecond: Record<number, number> = {};
  let computed = 0;
  await client.getOrSetMulti(keys, (asked) => asked.map((key) => [key, 'first'] as const), options);
  const start = performance.now();
  await sleep(QUIET * 1000);
  while (computed < KEYS) {
    const compute = (asked: string[]): [string, string][] => {
      const second = Math.floor((performance.now() - start) / 1000);
      perSecond[second] = (perSecond[second] ?? 0) + asked.length;
      computed += asked.length;
      return asked.map((key) => [key, 'second']);
    };
    await client.getOrSetMulti(keys, compute, options);
    await sleep(100);
  }
  return { jitter, perSecond };
}

const runs = await Promise.all([measure(0), measure(JITTER)]);
const record: JitterRecord = { keys: KEYS, expires: EXPIRES, recorded: new Date().toISOString().slice(0, 10), runs };
writeFileSync(join(import.meta.dirname, '../docs/figures/jitter.json'), `${JSON.stringify(record, null, 2)}\n`);
for (const { jitter, perSecond } of runs) {
  console.log(`jitter ${jitter}: at most ${Math.max(...Object.values(perSecond))} computations in a second`);
}
