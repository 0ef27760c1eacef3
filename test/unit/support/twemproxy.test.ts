import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { startMemcached } from '../../support/memcached.ts';
import { isFree } from '../../support/ports.ts';
import { libmemcachedNames, requireProgram } from '../../support/programs.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startTwemproxy } from '../../support/twemproxy.ts';

it('starts twemproxy in front of two servers', async () => {
  await using first = await startMemcached();
  await using second = await startMemcached();
  const proxy = await startTwemproxy({ servers: [first.address, `${second.address}:1 b`], settings: { timeout: 400 } });
  using client = await RawClient.connect(proxy);
  for (let i = 0; i < 50; i++) {
    client.send(`set key${i} 0 0 1\r\n1\r\n`);
    expect(await client.receiveLine()).toBe('STORED');
  }
  const counts = await Promise.all([first, second].map(itemCount));
  expect(counts.every((count) => count > 0)).toBe(true);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(50);
  await proxy.stop();
  expect(await isFree(proxy.port)).toBe(true);
});

it("finds libmemcached's tools", async () => {
  await using server = await startMemcached();
  using client = await RawClient.connect(server);
  client.send('set greeting 0 0 5\r\nhello\r\n');
  expect(await client.receiveLine()).toBe('STORED');
  const memcat = requireProgram(...libmemcachedNames('cat'));
  expect(execFileSync(memcat, [`--servers=${server.address}`, 'greeting'], { encoding: 'utf8' })).toBe('hello\n');
});

async function itemCount(server: { host: string; port: number }): Promise<number> {
  using client = await RawClient.connect(server);
  client.send('stats\r\n');
  await expect.poll(() => client.received.toString()).toContain('END\r\n');
  return Number(/STAT curr_items (\d+)/.exec(client.received.toString())?.[1]);
}
