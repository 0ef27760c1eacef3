import { expect, test } from 'vitest';
import { Client, Utils } from '../../../src/index.ts';
import { failure } from '../../support/outcomes.ts';
import type { TcpProxy } from '../../support/proxy.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { resultWithin, SLACK, useClients } from '../clients.ts';
import { useFleet } from '../fleet.ts';

const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);

/** A server that is back is used again within two seconds, in milliseconds. */
const BACK_WITHIN = 2000 + SLACK;

/** How many sets each server has carried out. */
async function setsOf(servers: readonly { address: string }[]): Promise<(string | undefined)[]> {
  const counts = servers.map(async ({ address }) => (await clients.create(address).stats())[address]?.cmd_set);
  return Promise.all(counts);
}

const clients = useClients();
const fleet = useFleet();
const { addresses } = fleet;

test("a key whose hash is negative in 32 bits: a valid server's index", async () => {
  // Java's String.hashCode gives -1,277,454,784.
  expect(Utils.hashCode('ffffff')).toBe(1_277_454_784);
  const client = clients.create(addresses());
  expect([0, 1, 2]).toContain(client.getServer('ffffff'));
  expect(await client.set('ffffff', 'value')).toBe(true);
  expect((await client.get('ffffff')).value?.toString()).toBe('value');
});

test('every key has a server, the same each time, and each server has keys', async () => {
  const client = clients.create(addresses());
  const indices = KEYS.map((key) => Number(client.getServer(key)));
  expect([...new Set(indices)].sort()).toEqual([0, 1, 2]);
  expect(KEYS.map((key) => client.getServer(key))).toEqual(indices);
  await Promise.all(KEYS.map((key) => client.set(key, `value of ${key}`)));
  for (const [index, server] of fleet.servers.entries()) {
    const own = clients.create(server.address);
    const found = await Promise.all(KEYS.map((key) => own.get(key)));
    const there = found.map(({ value }) => value !== null);
    expect(there).toEqual(indices.map((at) => at === index));
  }
});

test('all servers down: "No servers available", and back after failoverTime', async () => {
  const before = await setsOf(fleet.servers);
  for (const proxy of fleet.proxies) proxy.refuse();
  const options = { failover: true, failoverTime: 1, retries: 2, retry_delay: 0.01 };
  const client = clients.create(addresses(), options);
  const error = await failure(client.get('a'));
  const left = performance.now();
  expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_NO_SERVERS', message: 'No servers available' });
  for (const proxy of fleet.proxies) await proxy.accept();
  expect(await failure(client.set('a', 'value'))).toMatchObject({ code: 'ERR_NO_SERVERS' });
  // Commands, not connections: attempts in the background find out when a server is back.
  expect(await setsOf(fleet.servers)).toEqual(before);
  await eventually(() => client.set('a', 'value').catch(() => false));
  const away = performance.now() - left;
  expect(away).toBeGreaterThan(900);
  expect(away).toBeLessThan(1000 + BACK_WITHIN);
  expect((await client.get('a')).value?.toString()).toBe('value');
});

test('a failed server is ejected, and its commands go to the next one', async () => {
  const client = clients.create(addresses(), { failover: true, failoverTime: 60, retries: 1 });
  const key = KEYS.find((name) => client.getServer(name) === 2) as string;
  fleet.proxies[2]?.refuse();
  expect(await client.set(key, 'value')).toBe(true);
  expect(client.servers[2]?.wakeupAt).toBeGreaterThan(Date.now() + 55_000);
  const { host, port } = client.server(key) ?? {};
  expect(`${host}:${port}`).toBe(fleet.proxies[0]?.address);
  await fleet.proxies[2]?.accept();
  expect((await client.get(key)).value?.toString()).toBe('value');
  expect(fleet.proxies[2]?.connections).toBe(0);
});

test('without failover a failed server stays the one that is asked', async () => {
  const client = clients.create(addresses(), { retries: 1 });
  const key = KEYS.find((name) => client.getServer(name) === 1) as string;
  fleet.proxies[1]?.refuse();
  expect(await failure(client.set(key, 'value'))).toMatchObject({
    code: 'ERR_CONNECT',
    server: fleet.proxies[1]?.address,
  });
  await fleet.proxies[1]?.accept();
  expect(await eventually(() => client.set(key, 'value').catch(() => false), { timeout: BACK_WITHIN })).toBe(true);
});

test('retried on another server, a command keeps its own answer', async () => {
  const client = clients.create(addresses(), { failover: true, timeout: 2, retries: 2, retry_delay: 0.01 });
  for (const server of fleet.servers) {
    const own = clients.create(server.address);
    await Promise.all(KEYS.map((key) => own.set(key, `value of ${key}`)));
  }
  await Promise.all(KEYS.map((key) => client.get(key)));
  for (const proxy of fleet.proxies) proxy.hold();
  const found = Promise.all(KEYS.map((key) => client.get(key)));
  await eventually(() => fleet.proxies.every(({ bytesFromServer, bytesToClient }) => bytesFromServer > bytesToClient));
  fleet.proxies[0]?.refuse();
  fleet.proxies[0]?.cut('reset');
  fleet.proxies[2]?.refuse();
  fleet.proxies[2]?.cut();
  fleet.proxies[1]?.release();
  const values = (await found).map(({ value }) => value?.toString());
  expect(values).toEqual(KEYS.map((key) => `value of ${key}`));
});

test.each([
  ['two servers', 2, 0.02],
  ['two servers and no failoverTime', 2, 0],
  ['one server and no failoverTime', 1, 0],
])(
  'nobody answers, and failoverTime is shorter than a try: a command settles all the same (%s)',
  async (_what, count, failoverTime) => {
    for (const proxy of fleet.proxies) proxy.hold();
    const list = fleet.proxies.slice(0, count).map(({ address }) => address);
    const options = { failover: true, failoverTime, timeout: 0.1, conntimeout: 0.1, retries: 1 };
    const client = clients.create(list.join(), options);
    const waited = Promise.race([failure(client.get('a')), sleep(count * 200 + SLACK)]);
    expect(await waited).toMatchObject({ name: 'MemcacheError' });
  },
);

test('one server and failover: a clear error at once while it is ejected, then back', async () => {
  const [proxy] = fleet.proxies as [TcpProxy];
  proxy.refuse();
  const client = clients.create(proxy.address, { failover: true, failoverTime: 0.3, retries: 1 });
  const errors = await resultWithin(Promise.all(KEYS.map((key) => failure(client.get(key)))), SLACK);
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'ERR_NO_SERVERS'));
  await proxy.accept();
  expect(await eventually(() => client.set('a', 'value').catch(() => false))).toBe(true);
});

test('host and host:11211 are one server', async () => {
  const names = (list: string): string[] =>
    Client.create(list).servers.map((server) => `${server.host}:${server.port} ${server}`);
  const expected = names('cache.example:11211');
  expect(expected).toEqual(['cache.example:11211 <Server cache.example:11211>']);
  for (const list of [
    'cache.example',
    'memcached://cache.example',
    'memcached://cache.example:11211',
    ' cache.example ',
  ]) {
    expect(names(list)).toEqual(expected);
  }
});
