/** One of several processes that take from the same limit, as its parent says. */
import { Client } from '../../../src/index.ts';
import { rateLimiter } from '../../../src/rate-limit/index.ts';
import { sleep } from '../../support/wait.ts';
import type { Allowed, Order, Taken } from './takes.ts';

async function take({ address, protocol, limit, key, seconds, takers, pause }: Order): Promise<Taken> {
  const client = Client.create(address, { protocol, timeout: 10, logger: false });
  const failures: string[] = [];
  const limiter = rateLimiter(client, {
    ...limit,
    whenDown: 'deny',
    onDown: (error) => failures.push(error.message),
  });
  await client.connect();
  const end = Date.now() + seconds * 1000;
  const allowed: Allowed[] = [];
  let takes = 0;
  const runs = Array.from({ length: takers }, async () => {
    while (Date.now() < end) {
      const sent = Date.now();
      const { allowed: isAllowed, remaining } = await limiter.take(key);
      takes++;
      if (isAllowed) allowed.push([sent, Date.now(), remaining]);
      if (pause > 0) await sleep(Math.random() * 2 * pause);
    }
  });
  await Promise.all(runs);
  await client.quit();
  return { takes, allowed, failures };
}

process.on('message', async ({ id, ...order }: Order & { id: number }) => {
  process.send?.({ id, ...(await take(order)) });
});
process.send?.('ready');
