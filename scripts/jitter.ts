/**
 * Stores 10,000 values together, with and without jitter, and records in which second memcached has each of them expire,
 * which is when it is computed again: docs/figures/jitter.json, which `npm run figures` draws.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../src/index.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { eventually } from '../test/support/wait.ts';
import type { JitterRecord, JitterRun } from './figures/jitter.ts';

const KEYS = 10_000;
const EXPIRES = 300;
const JITTERS = [0, 0.1];

async function measure(jitter: number): Promise<JitterRun> {
  await using server = await startMemcached();
  await using client = Client.create(server.address, { timeout: 10 });
  const keys = Array.from({ length: KEYS }, (_, index) => `key-${index}`);
  const start = Math.floor(Date.now() / 1000);
  await client.getOrSetMulti(keys, (asked) => asked.map((key) => [key, 'value'] as const), {
    expires: EXPIRES,
    jitter,
  });
  const perSecond: Record<number, number> = {};
  for (const expiresAt of await expirations(server)) {
    perSecond[expiresAt - start] = (perSecond[expiresAt - start] ?? 0) + 1;
  }
  return { jitter, perSecond };
}

/** The Unix time at which each item of a server expires. */
async function expirations({ host, port }: { host: string; port: number }): Promise<number[]> {
  using raw = await RawClient.connect({ host, port });
  raw.send('lru_crawler metadump all\r\n');
  await eventually(() => raw.received.includes('END\r\n'), { timeout: 10_000 });
  return [...raw.received.toString('latin1').matchAll(/ exp=(\d+)/g)].map(([, time]) => Number(time));
}

const runs: JitterRun[] = [];
for (const jitter of JITTERS) runs.push(await measure(jitter));
const record: JitterRecord = { keys: KEYS, expires: EXPIRES, recorded: new Date().toISOString().slice(0, 10), runs };
writeFileSync(join(import.meta.dirname, '../docs/figures/jitter.json'), `${JSON.stringify(record, null, 2)}\n`);
for (const { jitter, perSecond } of runs) {
  const counts = Object.values(perSecond);
  const total = counts.reduce((sum, count) => sum + count, 0);
  console.log(`jitter ${jitter}: ${total} values, at most ${Math.max(...counts)} expire in a second`);
}
