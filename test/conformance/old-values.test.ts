import { expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startProxy } from '../support/proxy.ts';
import { eventually } from '../support/wait.ts';

it.each([true, false])('a server that comes back, with failover: %s, still has what it had', async (failover) => {
  await using home = await MemoryServer.start();
  await using standIn = await MemoryServer.start();
  await using proxy = await startProxy(home.port);
  const servers = [proxy.address, standIn.address];
  await using client = Client.create(servers, {
    failover,
    failoverTime: 0.1,
    retry_delay: 0.01,
    timeout: 1,
    logger: { log(): void {} },
  });
  const names = Array.from({ length: 100 }, (_, index) => `key-${index}`);
  const key = names.find((name) => client.getServer(name) === 0) as string;
  await client.set(key, 'old');
  proxy.refuse();
  proxy.cut('reset');
  // Acknowledged by the server that stands in, or refused.
  const isSet = await client.set(key, 'new').catch(() => false);
  expect(isSet).toBe(failover);
  if (failover) expect(String((await client.get(key)).value)).toBe('new');
  await proxy.accept();
  await eventually(async () => expect(String((await client.get(key)).value)).toBe('old'), { timeout: 5000 });
});
