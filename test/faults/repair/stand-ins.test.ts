import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { outcome } from '../../support/outcomes.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { type Options, useClients } from '../clients.ts';

const clients = useClients();
let servers: Memcached[] = [];
let proxies: TcpProxy[] = [];
let direct: Client[] = [];

beforeAll(async () => {
  servers = await Promise.all(Array.from({ length: 3 }, () => startMemcached()));
});

afterAll(() => Promise.all(servers.map((server) => server.stop())));

beforeEach(async () => {
  proxies = await Promise.all(servers.map(({ port }) => startProxy(port)));
  direct = servers.map(({ address }) => clients.create(address));
  await Promise.all(direct.map((client) => client.flush()));
});

afterEach(() => Promise.all(proxies.map((proxy) => proxy.stop())));

type Kind = 'failover: true' | 'a gutter';

/** Of three servers, one is the key's own; the last is the gutter where there is one. */
function create(kind: Kind, more: Options = {}): { client: Client; repaired: string[] } {
  const addresses = proxies.map(({ port }) => `127.0.0.1:${port}`);
  const list = kind === 'a gutter' ? addresses.slice(0, 2) : addresses;
  const failover = kind === 'a gutter' ? { gutter: addresses[2] as string, expires: 60 } : true;
  const options = { timeout: 1, retries: 1, failoverTime: 0.05, failover, repair: {}, ...more };
  const client = clients.create(list.join(), options);
  const repaired: string[] = [];
  client.on('repaired', ({ port }, keys) => {
    for (const key of keys) repaired.push(`${key} at ${proxies.findIndex((proxy) => proxy.port === port)}`);
  });
  return { client, repaired };
}

/** Takes a server away, so that what it stores stays. */
async function away(index: number): Promise<void> {
  const proxy = proxies[index] as TcpProxy;
  proxy.refuse();
  proxy.cut('reset');
  await sleep(5);
}

async function valuesOf(key: string): Promise<(string | null)[]> {
  const found = await Promise.all(direct.map((client) => client.get(key)));
  return found.map(({ value }) => (value === null ? null : String(value)));
}

/** Keys that a server has, as the client spreads them. */
async function keysAt(client: Client, index: number, count: number): Promise<string[]> {
  const keys = Array.from({ length: 40 }, (_, at) => `other-${at}`);
  await client.setMulti(keys.map((key) => [key, 'x']));
  const found = await (direct[index] as Client).getMulti(keys);
  return [...found.keys()].slice(0, count);
}

describe.each(['failover: true', 'a gutter'] as const)('with %s', (kind) => {
  const writes: Record<string, (client: Client, value: string) => Promise<unknown>> = {
    set: (client, value) => client.set('key', value),
    setMulti: (client, value) => client.setMulti([['key', value]]),
  };

  test.each(Object.entries(writes))(
    'what %s stored at a stand-in is deleted there, and what was at its own',
    async (_, write) => {
      const { client, repaired } = create(kind);
      await write(client, 'old');
      const own = (await valuesOf('key')).indexOf('old');
      await away(own);
      await write(client, 'in between');
      const standIn = (await valuesOf('key')).indexOf('in between');
      expect(standIn).not.toBe(own);
      expect(String((await client.get('key')).value)).toBe('in between');
      await sleep(150);
      expect(repaired).toEqual([]);
      await (proxies[own] as TcpProxy).accept();
      await eventually(() => expect(repaired.toSorted()).toEqual([`key at ${own}`, `key at ${standIn}`].toSorted()));
      expect(await valuesOf('key')).toEqual([null, null, null]);
    },
  );

  test('a read that fails over again finds nothing from the time before', async () => {
    const { client } = create(kind);
    await client.set('key', 'old');
    const own = (await valuesOf('key')).indexOf('old');
    for (let round = 0; round < 5; round++) {
      await away(own);
      const { value } = await client.get('key');
      // A write may have gone to the stand-in that was not yet deleted there again; it is the last one, or nothing.
      expect([null, `own ${round - 1}`]).toContain(value && String(value));
      await client.set('key', `stand-in ${round}`);
      expect(String((await client.get('key')).value)).toBe(`stand-in ${round}`);
      await (proxies[own] as TcpProxy).accept();
      await eventually(async () => {
        await client.set('key', `own ${round}`);
        expect((await valuesOf('key'))[own]).toBe(`own ${round}`);
      });
      expect(String((await client.get('key')).value)).toBe(`own ${round}`);
    }
  });

  test('an invalidate that found nothing at a stand-in: what its own server has is deleted', async () => {
    const { client } = create(kind, { protocol: 'meta' });
    await client.set('key', 'old');
    const own = (await valuesOf('key')).indexOf('old');
    await away(own);
    expect(await client.invalidate('key', { staleFor: 60 })).toBe(false);
    await (proxies[own] as TcpProxy).accept();
    await eventually(async () => expect(await valuesOf('key')).toEqual([null, null, null]));
  });

  test('a write at a stand-in is not sent again behind a later one, to the own server of its key', async () => {
    const { client } = create(kind, { repair: false, retries: 2, retry_delay: 0.1 });
    await client.set('key', 'old');
    const own = (await valuesOf('key')).indexOf('old');
    await away(own);
    await client.set('key', 'in between');
    const standIn = proxies[(await valuesOf('key')).indexOf('in between')] as TcpProxy;
    standIn.hold();
    const earlier = outcome(client.set('key', 'earlier', { timeout: 5 }));
    await sleep(20);
    await (proxies[own] as TcpProxy).accept();
    await eventually(() => expect(Object.values(client.status())[own]?.state).toBe('up'));
    expect(await client.set('key', 'later')).toBe(true);
    standIn.cut('reset');
    standIn.release();
    expect(await earlier).toMatchObject({ code: 'ERR_CONNECT' });
    expect((await valuesOf('key'))[own]).toBe('later');
  });

  test.each(['setMulti', 'deleteMulti'] as const)(
    'a %s does not go on to a stand-in behind a later write',
    async (what) => {
      const { client } = create(kind, { repair: false, timeout: 0.3 });
      await client.set('key', 'old');
      const own = (await valuesOf('key')).indexOf('old');
      const [other = ''] = await keysAt(client, own, 1);
      const proxy = proxies[own] as TcpProxy;
      proxy.hold();
      const call =
        what === 'setMulti'
          ? client.setMulti([['key', 'earlier']], { timeout: 5 })
          : client.deleteMulti(['key'], { timeout: 5 });
      const earlier = outcome(call);
      await sleep(20);
      proxy.refuse();
      await client.get(other);
      expect(await client.set('key', 'later', { timeout: 5 })).toBe(true);
      proxy.cut('reset');
      proxy.release();
      expect(await earlier).toMatchObject({ code: 'ERR_CONNECT' });
      expect(String((await client.get('key')).value)).toBe('later');
    },
  );

  test('reads alone have nothing deleted', async () => {
    const { client, repaired } = create(kind);
    await client.set('key', 'old');
    const own = (await valuesOf('key')).indexOf('old');
    await away(own);
    expect((await client.get('key')).value).toBeNull();
    await (proxies[own] as TcpProxy).accept();
    await eventually(async () => expect(String((await client.get('key')).value)).toBe('old'));
    await sleep(150);
    expect(repaired).toEqual([]);
  });
});

const REFUSED: Record<string, (client: Client) => Promise<unknown>> = {
  set: (client) => client.set('key', 'new'),
  delete: (client) => client.delete('key'),
  setMulti: (client) => client.setMulti([['key', 'new']]),
  deleteMulti: (client) => client.deleteMulti(['key']),
};

test.each(Object.entries(REFUSED))(
  '%s with all servers ejected: the key is deleted when its own is back',
  async (_, write) => {
    const { client } = create('failover: true', { failoverTime: 60 });
    await client.set('key', 'old');
    const own = (await valuesOf('key')).indexOf('old');
    for (const index of proxies.keys()) await away(index);
    await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_NO_SERVERS' });
    await expect(write(client)).rejects.toMatchObject({ code: 'ERR_NO_SERVERS' });
    for (const proxy of proxies) await proxy.accept();
    await eventually(async () => expect((await valuesOf('key'))[own]).toBeNull());
  },
);

test('a second stand-in: what the first one has is no longer the newest', async () => {
  const { client, repaired } = create('failover: true');
  await client.set('key', 'old');
  const own = (await valuesOf('key')).indexOf('old');
  await away(own);
  await client.set('key', 'first');
  const first = (await valuesOf('key')).indexOf('first');
  await away(first);
  await client.set('key', 'second');
  const second = (await valuesOf('key')).indexOf('second');
  await (proxies[first] as TcpProxy).accept();
  await eventually(() => expect(repaired).toContain(`key at ${first}`));
  expect((await valuesOf('key'))[first]).toBeNull();
  await (proxies[own] as TcpProxy).accept();
  await eventually(() => expect(repaired.toSorted()).toEqual([0, 1, 2].map((index) => `key at ${index}`)));
  expect(new Set([own, first, second]).size).toBe(3);
  expect(await valuesOf('key')).toEqual([null, null, null]);
});
