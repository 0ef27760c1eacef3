/**
 * Several processes that share what they count, what they compute and what there is to do.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/index.ts` is `memts`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '../src/index.ts';

const WORKERS = 3;
const JOBS = 1000;
const client = Client.create(undefined, { keyPrefix: 'example:fleet:' });

/** Takes the next job until there is none: each number goes to one process. */
async function work(name: string): Promise<void> {
  // Whoever comes first computes it; the others wait for that.
  await client.getOrSet('settings', async () => {
    await client.increment('computations', 1);
    return 'made once';
  });
  for (;;) {
    const { value: job } = await client.increment('next job', 1);
    if (Number(job) > JOBS) break;
    await Promise.all([client.increment('done', 1), client.increment('sum', Number(job))]);
  }
  // Only one of those who ask gets true.
  if (await client.add('finished', name)) await client.increment('reports', 1);
}

async function lead(): Promise<void> {
  await client.deleteMulti(['settings', 'finished']);
  const counters = ['computations', 'next job', 'done', 'sum', 'reports'];
  await client.setMulti(counters.map((counter) => [counter, '0']));
  const workers = Array.from({ length: WORKERS }, (_, index) => fork(fileURLToPath(import.meta.url), [`${index}`]));
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0]));
  console.log('workers ended with', codes);
  const counts = await client.getMulti(counters);
  const read = (counter: string): number => Number(counts.get(counter)?.value);
  console.log('jobs done', read('done'), 'of', JOBS, 'sum', read('sum'));
  console.log('computations', read('computations'), 'reports', read('reports'));
}

const [name] = process.argv.slice(2);
await (name === undefined ? lead() : work(name));
await client.quit();
