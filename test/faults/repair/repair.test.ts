import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';
import { CAN } from '../../support/subject.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { type Options, useClients } from '../clients.ts';
import { type Noted, noted, useProxied } from './proxied.ts';

const clients = useClients();
const stage = useProxied(clients, { args: ['-t', '4'] });

/** A client behind the proxy, which notes the keys of its events. */
function create(options: Options = {}): Noted {
  const given = { timeout: 0.3, retries: 1, repair: {}, ...options };
  return noted(clients.create(`127.0.0.1:${stage.proxy.port}`, given));
}

async function away(): Promise<void> {
  stage.proxy.refuse();
  stage.proxy.cut('reset');
  await sleep(5);
}

const WRITES: Record<string, (client: Client) => Promise<unknown>> = {
  set: (client) => client.set('key', 'new'),
  'set, as bytes': (client) => client.set(Buffer.from('key'), 'new'),
  add: (client) => client.add('key', 'new'),
  replace: (client) => client.replace('key', 'new'),
  append: (client) => client.append('key', 'new'),
  prepend: (client) => client.prepend('key', 'new'),
  delete: (client) => client.delete('key'),
  touch: (client) => client.touch('key', 100),
  invalidate: (client) => client.invalidate('key'),
  'invalidate with staleFor': (client) => client.invalidate('key', { staleFor: 60 }),
  setMulti: (client) => client.setMulti([['key', 'new']]),
  deleteMulti: (client) => client.deleteMulti(['key']),
};

describe.each(CAN.protocols)('over %s', (protocol) => {
  test.each(Object.entries(WRITES))(
    '%s that is refused: the key is deleted when the server is back',
    async (_, write) => {
      const { client, repaired } = create({ protocol });
      await client.set('key', 'old');
      await away();
      await expect(write(client)).rejects.toThrow();
      await expect(client.get('key')).rejects.toThrow();
      expect(Object.values(client.status())[0]?.unrepaired).toBe(1);
      await stage.proxy.accept();
      await eventually(() => expect(repaired).toEqual(['key']));
      expect((await stage.direct.get('key')).value).toBeNull();
      expect(Object.values(client.status())[0]?.unrepaired).toBe(0);
    },
  );

  test('what is sent first for a key when the server is back comes behind the delete', async () => {
    const { client, repaired } = create({ protocol });
    await client.set('key', 'old');
    await client.set('set', 'old');
    await away();
    await expect(client.delete('key')).rejects.toThrow();
    await expect(client.delete('set')).rejects.toThrow();
    await stage.proxy.accept();
    await eventually(() => client.get('other'));
    expect((await client.get('key')).value).toBeNull();
    expect(await client.set('set', 'newest')).toBe(true);
    await eventually(() => expect(repaired.toSorted()).toEqual(['key', 'set']));
    expect(String((await client.get('set')).value)).toBe('newest');
  });

  test('a set that the server has not read, a delete by another connection: deleted once more', async () => {
    const { client, repaired } = create({ protocol, failFast: false });
    await client.set('key', 'old');
    stage.proxy.hold();
    await expect(client.set('key', 'held up')).rejects.toThrow('timed out');
    stage.proxy.refuse();
    await sleep(20);
    await stage.proxy.accept();
    expect(repaired).toEqual([]);
    stage.proxy.release();
    await eventually(() => expect(repaired).toEqual(['key']));
    expect((await stage.direct.get('key')).value).toBeNull();
  });

  test('what did not leave, has a condition or counts is not kept', async () => {
    const { client, repaired, unrepaired } = create({ protocol, maxPending: 1 });
    await client.set('key', 'old');
    const { cas } = await client.get('key', { cas: true });
    const aborted = client.set('aborted', 'x', { signal: AbortSignal.timeout(1) });
    aborted.catch(() => {});
    await aborted.catch(() => {});
    await away();
    await expect(client.set('key', 'new', { cas: cas ?? 1n })).rejects.toThrow();
    await expect(client.increment('key', 1)).rejects.toThrow();
    await expect(client.get('key')).rejects.toThrow();
    client.close();
    await sleep(20);
    expect(repaired.concat(unrepaired)).not.toContain('key');
  });
});

test('a stopped server: the old set comes after the delete, and is deleted', async () => {
  await using stopped = await startMemcached({ args: ['-t', '4'] });
  const client = clients.create(stopped.address, { timeout: 0.1, retries: 1, repair: {}, protocol: 'auto' });
  const repaired = vi.fn();
  client.on('repaired', repaired);
  for (let round = 0; round < 20; round++) {
    const key = `key-${round}`;
    await client.set('other', 'x');
    stopped.pause();
    await expect(client.set(key, 'old')).rejects.toThrow('timed out');
    const deleted = client.delete(key, { timeout: 5 });
    await sleep(10);
    stopped.resume();
    await deleted.catch(() => {});
    await eventually(() => expect(repaired.mock.calls.flatMap(([, keys]) => keys)).toContain(key));
    expect((await client.get(key)).value).toBeNull();
  }
});

test('all keys of a setMulti that fails are deleted, those that were not sent any more too', async () => {
  const { client, repaired } = create();
  const keys = Array.from({ length: 3000 }, (_, index) => `key-${index}`);
  await client.setMulti(keys.map((key) => [key, 'old']));
  await away();
  await expect(client.setMulti(keys.map((key) => [key, 'new']))).rejects.toThrow();
  expect(Object.values(client.status())[0]?.unrepaired).toBe(keys.length);
  await stage.proxy.accept();
  await eventually(() => expect(repaired).toHaveLength(keys.length));
  expect((await stage.direct.getMulti(keys)).size).toBe(0);
});

test('over the limit the oldest are given up; after `for` all are', async () => {
  const { client, repaired, unrepaired } = create({ repair: { keys: 3, for: 0.3 } });
  await client.get('x');
  await away();
  for (const key of ['a', 'b', 'c', 'a', 'd', 'e']) await expect(client.delete(key)).rejects.toThrow();
  await sleep(5);
  expect(unrepaired).toEqual(['b', 'c']);
  await eventually(() => expect(unrepaired).toEqual(['b', 'c', 'a', 'd', 'e']));
  expect(repaired).toEqual([]);
});

test('close gives up what waits; events have keys without their prefix', async () => {
  const { client, unrepaired } = create({ keyPrefix: 'shop:' });
  await client.get('x');
  await away();
  await expect(client.delete('key')).rejects.toThrow();
  const cut = client.set('cut', 'x');
  client.close();
  await expect(cut).rejects.toThrow();
  await eventually(() => expect(unrepaired).toEqual(['key', 'cut']));
  await sleep(30);
  expect(Object.values(client.status())[0]).toMatchObject({ connections: 0, waiting: 0, unrepaired: 0 });
});

test('quit deletes what can be deleted, and gives up the rest', async () => {
  const { client, repaired, unrepaired } = create();
  await client.set('key', 'old');
  await away();
  await expect(client.delete('key')).rejects.toThrow();
  await stage.proxy.accept();
  await eventually(() => client.get('other'));
  await client.quit();
  expect(repaired).toEqual(['key']);
  const again = create();
  await again.client.get('x');
  await away();
  await expect(again.client.delete('key')).rejects.toThrow();
  await again.client.quit();
  expect(again.unrepaired).toEqual(['key']);
  expect(unrepaired).toEqual([]);
});

test.each([{ keys: 0 }, { keys: 1.5 }, { keys: -1 }, { for: 0 }, { for: Number.NaN }, { for: -1 }, 5, 'yes'])(
  '%o is refused',
  (repair) => {
    expect(() => clients.create('127.0.0.1:1', { repair: repair as Options['repair'] })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
  },
);

test('without the option nothing is kept', async () => {
  const { client, repaired, unrepaired } = create({ repair: false });
  await client.set('key', 'old');
  await away();
  await expect(client.delete('key')).rejects.toThrow();
  await stage.proxy.accept();
  const up = once(client as unknown as NodeJS.EventEmitter, 'up');
  await Promise.race([up, sleep(300)]);
  expect(String((await stage.direct.get('key')).value)).toBe('old');
  expect(repaired.concat(unrepaired)).toEqual([]);
  expect(Object.values(client.status())[0]).not.toHaveProperty('unrepaired');
});
