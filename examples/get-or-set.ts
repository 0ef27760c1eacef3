/**
 * A value that is costly to make, made once however many ask for it.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/index.ts` is `memts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, jsonSerializer } from '../src/index.ts';

interface Report {
  made: number;
}

const client = Client.create(undefined, { serializer: jsonSerializer() });
await client.delete('example:report');

let computations = 0;
async function compute(): Promise<Report> {
  await sleep(50);
  computations += 1;
  return { made: computations };
}

// A hundred callers, one computation.
const options = { expires: 60, staleFor: 600, lockFor: 5 };
const reports = await Promise.all(
  Array.from({ length: 100 }, () => client.getOrSet<Report>('example:report', compute, options)),
);
console.log('callers', reports.length, 'computations', computations, reports[0]);

// From now on it is a hit, in every process, until it expires.
console.log('hit', await client.getOrSet<Report>('example:report', compute, options), 'computations', computations);

// What the computation throws reaches whoever waits for it, and nothing is stored.
const broken = client.getOrSet('example:broken', () => {
  throw new Error('the database is down');
});
await broken.catch((error) => console.log('failed:', error.message));

// null is returned and not stored.
console.log('nobody', await client.getOrSet('example:nobody', () => null));

await client.quit();
