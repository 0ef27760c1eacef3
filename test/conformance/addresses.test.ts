import dns from 'node:dns';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Client, type ServerOptions } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { startProxy } from '../support/proxy.ts';

const PROTOCOLS = ['auto', 'binary', 'meta', 'classic'] as const;
const HAS_IPV6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

const open: Client[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
});

function create(address: string, options: ServerOptions = {}): Client {
  const client = Client.create(address, { logger: { log() {} }, retries: 1, ...options });
  open.push(client);
  return client;
}

/** Lets a name lead to these addresses, which may change, and counts how often it is asked for. */
function resolveTo(addresses: () => { address: string; family: number }[]): { readonly asked: string[] } {
  const asked: string[] = [];
  const lookup = (name: string, _options: unknown, done: (error: null, found: unknown) => void): void => {
    asked.push(name);
    process.nextTick(done, null, addresses());
  };
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as never);
  return { asked };
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  test('a unix socket, as a path and as a URL', async () => {
    await using server = await startMemcached({ unix: true });
    for (const address of [server.address, `unix://${server.address}`]) {
      const client = create(address, { protocol });
      expect(await client.set('a', address)).toBe(true);
      expect((await client.get('a')).value?.toString()).toBe(address);
      expect(Object.keys(await client.stats())).toEqual([server.address]);
    }
  });

  test.skipIf(!HAS_IPV6)('an IPv6 address in brackets (needs ::1)', async () => {
    await using server = await MemoryServer.start({ host: '::1' });
    const client = create(server.address, { protocol });
    expect(server.address).toBe(`[::1]:${server.port}`);
    expect(await client.set('a', 'value')).toBe(true);
    expect((await client.get('a')).value?.toString()).toBe('value');
  });
});

test('a unix socket of MemoryServer', async () => {
  const path = join(tmpdir(), `memts-address-${process.pid}.sock`);
  await using server = await MemoryServer.start({ path });
  expect(await create(server.address).set('a', 'value')).toBe(true);
});

test('a unix socket where nobody listens: the reason, with the path', async () => {
  const path = join(tmpdir(), `memts-nobody-${process.pid}.sock`);
  await expect(create(path).get('a')).rejects.toMatchObject({ code: 'ERR_CONNECT', server: path });
});

test('a host name is resolved again at every connect', async () => {
  await using server = await startMemcached();
  await using proxy = await startProxy(server.port);
  const { asked } = resolveTo(() => [{ address: '127.0.0.1', family: 4 }]);
  const client = create(`cache.example:${proxy.port}`);
  for (let round = 1; round <= 3; round++) {
    expect(await client.set('a', 'value')).toBe(true);
    expect(asked).toEqual(Array.from({ length: round }, () => 'cache.example'));
    proxy.cut();
    await vi.waitFor(() => expect(client.servers[0]?.connected).toBe(false));
  }
});

test('DNS is asked again: a name that leads elsewhere after a move is followed', async () => {
  await using before = await MemoryServer.start({ host: '127.0.0.1' });
  await using after = await MemoryServer.start({ host: '127.0.0.2', port: before.port });
  let address = '127.0.0.1';
  resolveTo(() => [{ address, family: 4 }]);
  const client = create(`1cache.example:${before.port}`);
  await client.set('a', 'before');
  address = '127.0.0.2';
  await before.stop();
  await vi.waitFor(async () => expect(await client.set('a', 'after').catch(() => false)).toBe(true), 3000);
  expect(after.stats().cmd_set).toBe('1');
});

test.skipIf(!HAS_IPV6).each([
  ['IPv6 comes first and nobody listens there', '127.0.0.1', ['::1', '127.0.0.1']],
  ['IPv4 comes first and nobody listens there', '::1', ['127.0.0.1', '::1']],
])('both families are tried: %s (needs ::1)', async (_what, host, order) => {
  await using server = await MemoryServer.start({ host });
  resolveTo(() => order.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  const client = create(`both.example:${server.port}`);
  expect(await client.set('a', 'value')).toBe(true);
});
