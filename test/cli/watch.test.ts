import { describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { MEMCACHEDS } from '../support/memcacheds.ts';
import { eventually } from '../support/wait.ts';
import { jsonLines, memts, PATIENCE } from './support/memts.ts';

/** Waits until the log of a server is followed, where it tells; otherwise for a while, and it is not sure then. */
async function followed(client: Client, address: string): Promise<boolean> {
  const watchers = async (): Promise<string | undefined> => (await client.stats())[address]?.log_watchers;
  if ((await watchers()) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return false;
  }
  await eventually(async () => Number(await watchers()) > 0, { timeout: PATIENCE });
  await new Promise((resolve) => setTimeout(resolve, 300));
  return true;
}

/** The oldest and the newest: the log has become longer in between. */
const VERSIONS = MEMCACHEDS.filter(({ program }) => program !== undefined)
  .map(({ name }) => name)
  .filter((_, index, all) => index === 0 || index === all.length - 1);

describe.concurrent('hot', { timeout: PATIENCE }, () => {
  it.each(VERSIONS)('finds the ten hottest of 10,000 keys, in their order: memcached %s', async (version) => {
    await using server = await startMemcached({ version });
    await using client = Client.create(server.address, { timeout: 20 });
    const keys = Array.from({ length: 10_000 }, (_, index) => `item:${index}`);
    const hits = keys.slice(0, 10);
    await client.setMulti(hits.map((key) => [key, 'x'.repeat(50)] as const));
    let isSure = false;
    const found = await memts(['hot', '--seconds', '60', '--limit', '10', '--json'], {
      servers: server.address,
      meanwhile: async (child) => {
        isSure = await followed(client, server.address);
        // Few enough at a time that a server hardly leaves any out.
        for (let round = 0; round < 50; round++) {
          const wave = keys.slice(round * 200, round * 200 + 200);
          await Promise.all(wave.map((key) => client.get(key)));
          await new Promise((resolve) => setTimeout(resolve, 20));
          await Promise.all(hits.flatMap((key, index) => Array.from({ length: 11 - index }, () => client.get(key))));
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        await client.set('stored', 'x');
        await new Promise((resolve) => setTimeout(resolve, 1500));
        child.kill('SIGINT');
      },
    });
    const lines = jsonLines(found.stdout) as { key?: string; reads: number; hits: number; skipped?: number }[];
    const { skipped } = lines.at(-1) ?? {};
    const hottest = lines.slice(0, 10);
    expect(hottest.map(({ key }) => key).sort()).toEqual(hits.toSorted());
    // One read more: that of the wave. What the server has left out, it tells.
    if (isSure && skipped === 0) {
      expect(hottest.map(({ key, reads }) => [key, reads])).toEqual(
        hits.map((key, index) => [key, 50 * (11 - index) + 1]),
      );
    }
    expect(hottest.every((heat) => heat.hits === heat.reads)).toBe(true);
    expect(found.code).toBe(0);
  });

  it('counts by prefix, and stores apart from reads', async () => {
    await using server = await startMemcached();
    await using client = Client.create(server.address, { timeout: 20 });
    const found = await memts(['hot', '--seconds', '60', '--by', ':', '--json'], {
      servers: server.address,
      meanwhile: async (child) => {
        await followed(client, server.address);
        for (let index = 0; index < 5; index++) await client.set(`user:${index}`, 'x');
        for (let index = 0; index < 8; index++) await client.get(`user:${index}`);
        await client.get(Buffer.from('a b:c'));
        await new Promise((resolve) => setTimeout(resolve, 1500));
        child.kill('SIGTERM');
      },
    });
    const lines = jsonLines(found.stdout);
    expect(lines).toContainEqual(expect.objectContaining({ key: 'user:', reads: 8, hits: 5, stores: 5 }));
    expect(lines).toContainEqual(expect.objectContaining({ key: 'a b:', reads: 1, stores: 0 }));
  });
});

describe('watch', { timeout: PATIENCE }, () => {
  it('follows the logs of all servers, and filters', async () => {
    await using first = await startMemcached();
    await using second = await startMemcached();
    await using client = Client.create(`${first.address},${second.address}`, { timeout: 20 });
    const watched = await memts(['watch', '--match', 'key=seen', '--json'], {
      servers: `${first.address},${second.address},127.0.0.1:1`,
      meanwhile: async (child) => {
        await Promise.all([first, second].map(({ address }) => followed(client, address)));
        for (let index = 0; index < 20; index++) await client.get(`seen:${index}`);
        for (let index = 0; index < 20; index++) await client.get(`other:${index}`);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        child.kill('SIGINT');
      },
    });
    const lines = jsonLines(watched.stdout) as { server: string; line: string }[];
    expect(lines).toHaveLength(20);
    expect(new Set(lines.map(({ server }) => server))).toEqual(new Set([first.address, second.address]));
    expect(lines.every(({ line }) => / type=item_get key=seen/.test(line))).toBe(true);
    expect([watched.code, watched.stderr]).toEqual([130, expect.stringMatching(/^memts: .*ECONNREFUSED/)]);
  });
});
