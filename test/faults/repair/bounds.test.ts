import { describe, expect, test } from 'vitest';
import { Cache } from '../../../src/cache/index.ts';
import type { Client, Discovery } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';
import { startRogueServer } from '../../support/rogue-server.ts';
import { CAN } from '../../support/subject.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { type Options, useClients } from '../clients.ts';
import { type Noted, noted, useProxied } from './proxied.ts';

/** As many as there may be in an outage; `REPAIR_KEYS=1000000` for more. */
const KEYS = Number(process.env.REPAIR_KEYS ?? 100_000);
const CHUNK = 5000;

const clients = useClients();
const stage = useProxied(clients);

/** A client that notes the keys of its events. */
function create(servers: string | null, options: Options = {}): Noted {
  return noted(clients.create(servers as string, { timeout: 0.5, retries: 1, repair: {}, ...options }));
}

async function away(client: Client): Promise<void> {
  stage.proxy.refuse();
  stage.proxy.cut('reset');
  await eventually(() => expect(client.status()[stage.proxy.address]?.connections).toBe(0));
}

test('very many keys in an outage: the last of them are kept, and no more', async () => {
  const { client, repaired, unrepaired } = create(stage.proxy.address, { repair: { keys: 10_000 } });
  await client.get('x');
  await away(client);
  const waiting = (): number => Object.values(client.status())[0]?.unrepaired ?? 0;
  for (let from = 0; from < KEYS; from += CHUNK) {
    const keys = Array.from({ length: CHUNK }, (_, index) => `key-${from + index}`);
    const failed = from === 0 ? Promise.all(keys.map((key) => client.delete(key))) : client.deleteMulti(keys);
    await expect(failed).rejects.toThrow();
    expect(waiting()).toBeLessThanOrEqual(10_000);
  }
  expect(waiting()).toBe(10_000);
  await eventually(() => expect(unrepaired).toHaveLength(KEYS - 10_000));
  await stage.proxy.accept();
  await eventually(() => expect(waiting()).toBe(0));
  expect(repaired.toSorted()).toEqual(
    Array.from({ length: 10_000 }, (_, index) => `key-${KEYS - 1 - index}`).toSorted(),
  );
});

test('what waits at a server that leaves the list is given up, and nothing is sent there', async () => {
  await using stays = await startMemcached();
  const addresses = [stage.proxy.port, stays.port].map((port) => ({ host: '127.0.0.1', port }));
  const discovery: Discovery = { interval: 0.02, discover: async () => addresses };
  const { client, repaired, unrepaired } = create(null, { discovery });
  const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
  await client.setMulti(keys.map((key) => [key, 'old']));
  const there = [...(await stage.direct.getMulti(keys)).keys()];
  expect(there.length).toBeGreaterThan(0);
  await away(client);
  for (const key of there) await expect(client.delete(key)).rejects.toThrow();
  addresses.shift();
  await eventually(() => expect(unrepaired.toSorted()).toEqual(there.toSorted()));
  await stage.proxy.accept();
  await sleep(100);
  expect(repaired).toEqual([]);
  expect((await stage.direct.getMulti(there)).size).toBe(there.length);
});

test('a server that refuses the deletes gets them again, with pauses, until it takes them', async () => {
  let refusals = 0;
  const deletes: number[] = [];
  await using rogue = await startRogueServer((socket) => {
    socket.on('data', (chunk) => {
      for (const line of String(chunk).split('\r\n').slice(0, -1)) {
        if (line.startsWith('get')) socket.write('END\r\n');
        else if (line.startsWith('delete')) {
          deletes.push(performance.now());
          socket.write(++refusals <= 3 ? 'SERVER_ERROR temporary failure\r\n' : 'DELETED\r\n');
        } else if (line.startsWith('version')) socket.write('VERSION 1.6.18\r\n');
      }
    });
  });
  const { client, repaired } = create(rogue.address, { protocol: 'classic' });
  await client.get('x');
  rogue.refuse();
  rogue.cut();
  await eventually(() => expect(client.status()[rogue.address]?.connections).toBe(0));
  await expect(client.delete('key')).rejects.toThrow();
  await rogue.accept();
  await eventually(() => expect(repaired).toEqual(['key']));
  expect(deletes).toHaveLength(4);
  // 50, 100 and 200 ms, less their jitter.
  expect((deletes[3] as number) - (deletes[0] as number)).toBeGreaterThan(100);
});

/** What `getOrSet` gives where `made` is what it would make. */
async function value(client: Client, key: string, made: string): Promise<string> {
  return String(await client.getOrSet(key, () => made, { expires: 60 }));
}

describe.each(CAN.protocols)('over %s', (protocol) => {
  test('getOrSet: an invalidate or delete that failed is made up for, and only its key is in the events', async () => {
    const { client, repaired } = create(stage.proxy.address, { protocol });
    expect(await value(client, 'key', 'old')).toBe('old');
    expect(await value(client, 'other', 'old')).toBe('old');
    await away(client);
    await expect(client.invalidate('key', { staleFor: 60 })).rejects.toThrow();
    await expect(client.delete('other')).rejects.toThrow();
    expect(await value(client, 'key', 'made in the outage')).toBe('made in the outage');
    await stage.proxy.accept();
    await eventually(() => expect(repaired.toSorted()).toEqual(['key', 'other']));
    expect(await value(client, 'key', 'new')).toBe('new');
    expect(await value(client, 'other', 'new')).toBe('new');
    expect(await value(client, 'key', 'newer')).toBe('new');
  });

  test('Cache: what was deleted, set or invalidated by a tag in an outage is not served again', async () => {
    const { client } = create(stage.proxy.address, { protocol });
    const cache = new Cache(client, { expires: 60 });
    for (const key of ['deleted', 'set']) await cache.set(key, 'old');
    await cache.set('tagged', 'old', { tags: ['tag'] });
    await cache.set('marked', 'old', { tags: ['mark'] });
    await away(client);
    await expect(cache.delete('deleted')).rejects.toThrow();
    await expect(cache.set('set', 'new')).rejects.toThrow();
    await expect(cache.invalidateTags(['tag'])).rejects.toThrow();
    await expect(cache.invalidateTags(['mark'], { staleFor: 60 })).rejects.toThrow();
    await stage.proxy.accept();
    await eventually(() => client.set('any', 'x'));
    for (const key of ['deleted', 'set', 'tagged', 'marked']) expect(await cache.get(key), key).toBeUndefined();
  });
});
