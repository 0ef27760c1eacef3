import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { sleep } from '../../support/wait.ts';
import { PROTOCOLS } from '../every-target.ts';

const COUNT = 100_000;
const MEGABYTE = 1024 * 1024;

let servers: Memcached[] = [];

beforeAll(async () => {
  servers = await Promise.all([1, 2, 3].map(() => startMemcached({ args: ['-m', '200'] })));
});

afterAll(async () => void (await Promise.all(servers.map((server) => server.stop()))));

/** The most memory that was in use while `work` ran, over what was before, in bytes. */
async function growth(work: () => Promise<void>): Promise<number> {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, used());
  }, 2);
  await work();
  clearInterval(watch);
  return Math.max(most, used()) - before;
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('100,000 keys in one call work in bounded memory', async () => {
    const client = Client.create(servers[0]?.address, { protocol, timeout: 5 });
    const keys = Array.from({ length: COUNT }, (_, index) => `many-${index}`);
    const value = 'v'.repeat(100);
    const results: number[] = [];
    const used = await growth(async () => {
      results.push((await client.setMulti(keys.map((key) => [key, value]))).size);
      const found = await client.getMulti(keys);
      results.push(found.size, found.errors.size);
      results.push([...(await client.deleteMulti(keys)).values()].filter(Boolean).length);
    });
    expect(results).toEqual([COUNT, COUNT, 0, COUNT]);
    // The keys and values themselves, their entries in maps and what has not been collected yet.
    expect(used).toBeLessThan(200 * MEGABYTE);
    await client.quit();
  });

  it('a stored set of 100 MB is not buffered for the server all at once', async () => {
    const client = Client.create(servers[1]?.address, { protocol, timeout: 5 });
    const value = Buffer.alloc(MEGABYTE - 1024, 'v');
    const entries = Array.from({ length: 100 }, (_, index): [string, Buffer] => [`large-${index}`, value]);
    const used = await growth(async () => {
      const done = await client.setMulti(entries);
      expect([done.size, done.errors.size]).toEqual([100, 0]);
    });
    expect(used).toBeLessThan(30 * MEGABYTE);
    await client.quit();
  });

  it("one server of three is killed during getMulti of 1,000 keys: the others' hits arrive in time, with one error", async () => {
    const timeout = 0.5;
    const client = Client.create(servers.map(({ address }) => address).join(), {
      protocol,
      timeout,
      logger: { log: () => {} },
    });
    const keys = Array.from({ length: 1000 }, (_, index) => `killed-${index}`);
    await client.setMulti(keys.map((key) => [key, 'v']));
    const victim = servers[2] as Memcached;
    victim.pause();
    const start = performance.now();
    const call = client.getMulti(keys);
    await sleep(50);
    await victim.kill();
    const found = await call;
    const bound = 2 * (2 * timeout + timeout) + 0.2;
    expect(performance.now() - start).toBeLessThan(bound * 1000);
    expect([...found.keys()].sort()).toEqual(keys.filter((key) => client.getServer(key) !== 2).sort());
    expect([...found.errors.keys()]).toEqual([victim.address]);
    await client.quit();
    await victim.restart();
  });
});
