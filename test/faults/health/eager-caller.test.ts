import { expect, test } from 'vitest';
import { startMemcached } from '../../support/memcached.ts';
import { freePort } from '../../support/ports.ts';
import { useClients } from '../clients.ts';

const clients = useClients();

/** Calls again as soon as a call has failed, until one succeeds or timers say that it is enough: they have to run. */
async function insist(call: () => Promise<unknown>, enough: number): Promise<{ failed: number; succeeded: boolean }> {
  let over = false;
  setTimeout(() => {
    over = true;
  }, enough);
  let failed = 0;
  while (!over) {
    try {
      await call();
      return { failed, succeeded: true };
    } catch {
      failed++;
      // Without a turn of the event loop the timer could not end this.
      if (failed > 5_000_000) throw new Error('the process came to nothing else');
    }
  }
  return { failed, succeeded: false };
}

test('a caller who tries again and again lets the server come back', async () => {
  await using server = await startMemcached();
  const client = clients.create(server.address, { retries: 1, timeout: 0.1 });
  await client.set('key', 'value');
  await server.kill();
  expect(await insist(() => client.get('key'), 50)).toMatchObject({ succeeded: false });
  await server.restart();
  expect(await insist(() => client.get('key'), 3000)).toMatchObject({ succeeded: true });
});

test('nor does it keep the process from anything else with failover, or with arguments that can not be', async () => {
  const client = clients.create(`127.0.0.1:${await freePort()}`, { retries: 1, failover: true });
  expect((await insist(() => client.get('key'), 50)).failed).toBeGreaterThan(1);
  expect((await insist(() => client.get(''), 50)).failed).toBeGreaterThan(1);
});
