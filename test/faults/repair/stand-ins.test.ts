import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { useClients } from '../clients.ts';

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
function create(kind: Kind): { client: Client; repaired: string[] } {
  const addresses = proxies.map(({ port }) => `127.0.0.1:${port}`);
  const list = kind === 'a gutter' ? addresses.slice(0, 2) : addresses;
  const failover = kind === 'a gutter' ? { gutter: addresses[2] as string, expires: 60 } : true;
  const options = { timeout: 1, retries: 1, failoverTime: 0.05, failover, repair: {} };
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
      const found = await client.get('key');
      expect(found.value).toBeNull();
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
