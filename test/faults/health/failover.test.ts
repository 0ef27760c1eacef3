import { afterEach, expect, test, vi } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import type { TcpProxy } from '../../support/proxy.ts';
import { RawClient } from '../../support/raw-client.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { resultWithin, SLACK, useClients } from '../clients.ts';
import { useFleet } from '../fleet.ts';

const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);

const clients = useClients();
const fleet = useFleet();
const { addresses } = fleet;

/** A key of the server at an index. */
function keyOf(client: Client, index: number, prefix = ''): string {
  return KEYS.map((key) => prefix + key).find((key) => Number(client.getServer(key)) === index) as string;
}

/** The index of the server that a key's commands go to now. */
function indexOf(client: Client, key: string): number {
  return fleet.proxies.findIndex(({ port }) => port === client.server(key)?.port);
}

test('a server is ejected after `retries` failures in a row, not before', async () => {
  const client = clients.create(addresses(), { failover: true, failoverTime: 60, retries: 3, retry_delay: 0.3 });
  await client.connect();
  const key = keyOf(client, 1);
  fleet.proxies[1]?.refuse();
  fleet.proxies[1]?.cut();
  await sleep(20);
  const sent = client.set(key, 'value');
  await sleep(40);
  expect(client.servers[1]?.wakeupAt).toBeUndefined();
  expect(await resultWithin(sent, 600 + SLACK)).toBe(true);
  expect(client.servers[1]?.wakeupAt).toBeGreaterThan(Date.now() + 55_000);
  const start = performance.now();
  expect((await client.get(key)).value?.toString()).toBe('value');
  expect(performance.now() - start).toBeLessThan(290);
});

test.each([
  ['back', -3_600_000],
  ['forward', 3_600_000],
])('a system clock that is set %s an hour leaves failoverTime as it is', async (_, step) => {
  const client = clients.create(addresses(), { failover: true, failoverTime: 1, retries: 1, retry_delay: 0.01 });
  await client.connect();
  const key = keyOf(client, 1);
  fleet.proxies[1]?.refuse();
  fleet.proxies[1]?.cut();
  await sleep(20);
  const start = performance.now();
  expect(await client.set(key, 'value')).toBe(true);
  await fleet.proxies[1]?.accept();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + step });
  await eventually(() => client.servers[1]?.down === false, { interval: 5 });
  if (performance.now() - start < 900) expect(indexOf(client, key)).toBe(2);
  await eventually(() => indexOf(client, key) === 1, { interval: 5 });
  expect(performance.now() - start).toBeGreaterThan(900);
  expect(performance.now() - start).toBeLessThan(4000);
});

afterEach(() => {
  vi.useRealTimers();
});

test('a counter that loses its response once does not have an idle server ejected', async () => {
  const options = { failover: true, failoverTime: 60, retries: 2, timeout: 0.1 };
  const client = clients.create(addresses(), options);
  const key = keyOf(client, 1, 'counter');
  await client.set(key, '1');
  await sleep(250);
  fleet.proxies[1]?.hold();
  const counted = failure(client.increment(key, 1));
  await sleep(20);
  fleet.proxies[1]?.cut();
  expect(await counted).toMatchObject({ code: 'ERR_CONNECT' });
  fleet.proxies[1]?.release();
  expect(client.servers[1]?.wakeupAt).toBeUndefined();
  expect(await client.increment(key, 1)).toMatchObject({ success: true, value: 3 });
});

test('a silent server is ejected when counters alone go there', async () => {
  const client = clients.create(addresses(), { failover: true, failoverTime: 60, retries: 2, timeout: 0.1 });
  const key = keyOf(client, 1, 'silent');
  await client.set(key, '1');
  fleet.proxies[1]?.hold();
  for (let count = 0; count < 3; count++) await client.increment(key, 1).catch(() => {});
  expect(client.servers[1]?.wakeupAt).toBeGreaterThan(Date.now() + 55_000);
  expect(indexOf(client, key)).toBe(2);
  expect(await client.increment(key, 1)).toMatchObject({ success: true });
});

test("commands go on in MemJS's order: to the next server in the list, and on from there", async () => {
  const client = clients.create(addresses(), { failover: true, failoverTime: 60, retries: 1 });
  const key = keyOf(client, 1);
  const seen = [indexOf(client, key)];
  for (const index of [1, 2]) {
    fleet.proxies[index]?.refuse();
    fleet.proxies[index]?.cut();
    await sleep(20);
    expect(await client.set(key, 'value')).toBe(true);
    seen.push(indexOf(client, key));
  }
  expect(seen).toEqual([1, 2, 0]);
  expect(KEYS.every((other) => indexOf(client, other) === 0)).toBe(true);
});

test.each(['ketama', 'rendezvous'] as const)(
  'with %s keys of a server that is ejected spread over the others, and theirs stay',
  async (distribution) => {
    const client = clients.create(addresses(), { failover: true, failoverTime: 60, retries: 1, distribution });
    const before = KEYS.map((key) => indexOf(client, key));
    const lost = before.indexOf(1);
    fleet.proxies[1]?.refuse();
    expect(await client.set(KEYS[lost] as string, 'value')).toBe(true);
    const after = KEYS.map((key) => indexOf(client, key));
    const moved = after.filter((_, index) => before[index] === 1);
    expect(new Set(moved)).toEqual(new Set([0, 2]));
    expect(after.filter((_, index) => before[index] !== 1)).toEqual(before.filter((index) => index !== 1));
  },
);

test('one probe and not a thundering herd finds out that a silent server is back, within failoverTime + 1 s', async () => {
  const [, stopped] = fleet.servers as [Memcached, Memcached, Memcached];
  const failoverTime = 0.6;
  const options = { failover: true, failoverTime, retries: 2, retry_delay: 0.02, timeout: 0.1, conntimeout: 0.2 };
  const client = clients.create(addresses(), options);
  const events: string[] = [];
  client.on('down', ({ port }) => events.push(`down ${port}`)).on('up', ({ port }) => events.push(`up ${port}`));
  await client.connect();
  const key = keyOf(client, 1);
  stopped.pause();
  const [proxy] = fleet.proxies.slice(1) as [TcpProxy];
  let most = 0;
  const load = async (until: () => boolean): Promise<void> => {
    while (!until()) {
      await Promise.all(Array.from({ length: 20 }, () => client.get(key)));
      if (client.servers[1]?.wakeupAt !== undefined) most = Math.max(most, proxy.open);
      await sleep(2);
    }
  };
  const end = Date.now() + 1200;
  await load(() => Date.now() > end);
  const attempts = proxy.connections;
  stopped.resume();
  const resumed = Date.now();
  await load(() => indexOf(client, key) === 1);
  expect(Date.now() - resumed).toBeLessThan(1000 * (failoverTime + 1) + SLACK);
  expect(await client.set(key, 'value')).toBe(true);
  // The connection that fell silent, until its commands are over, and the one attempt.
  expect(most).toBeLessThanOrEqual(2);
  expect(attempts).toBeLessThanOrEqual(8);
  expect(proxy.connections - attempts).toBeLessThanOrEqual(1);
  expect(events).toEqual([`down ${proxy.port}`, `up ${proxy.port}`]);
});

test('no socket of a server that is ejected stays open, idle ones included', async () => {
  const options = { failover: true, failoverTime: 60, connections: 3, retries: 1, timeout: 0.5, conntimeout: 0.5 };
  const client = clients.create(addresses(), options);
  const [proxy] = fleet.proxies.slice(1) as [TcpProxy];
  const keys = KEYS.filter((key) => Number(client.getServer(key)) === 1);
  await eventually(async () => {
    await Promise.all(keys.map((key) => client.get(key)));
    return proxy.open === 3;
  });
  proxy.hold();
  await client.get(keys[0] as string);
  proxy.refuse();
  await eventually(() => proxy.open === 0, { timeout: 3000 });
});

/** How long an item has to live, on the server itself. */
async function timeToLive(server: Memcached, key: string): Promise<number> {
  using raw = await RawClient.connect(server);
  raw.send(`mg ${key} t\r\n`);
  return Number(/^HD t(-?\d+)/.exec(await raw.receiveLine())?.[1]);
}

test('gutter: a spare pool with short expirations stands in, and the server itself comes back', async () => {
  await using spare = await startMemcached();
  const failover = { gutter: spare.address, expires: 10 };
  const client = clients.create(addresses(), { failover, failoverTime: 1.5, retries: 1, expires: 1000 });
  const key = keyOf(client, 1);
  await client.set(key, 'before', { expires: 2000 });
  const [server] = fleet.servers.slice(1) as [Memcached];
  expect(await timeToLive(server, key)).toBeGreaterThan(1990);
  fleet.proxies[1]?.refuse();
  fleet.proxies[1]?.cut();
  await sleep(20);
  expect((await client.get(key)).value).toBeNull();
  for (const [name, store] of Object.entries({
    default: () => client.set(key, 'spare'),
    forever: () => client.set(key, 'spare', { expires: 0 }),
    'a Unix time': () => client.set(key, 'spare', { expires: Math.floor(Date.now() / 1000) + 5000 }),
    touch: () => client.touch(key, 4000),
    counter: () => client.increment(`${key}`, 1, { initial: 1, expires: 4000 }).catch(() => {}),
    many: () => client.setMulti([[key, 'spare']], { expires: 4000 }),
  })) {
    await store();
    const left = await timeToLive(spare, key);
    expect(left, name).toBeGreaterThan(7);
    expect(left, name).toBeLessThanOrEqual(10);
  }
  await client.set(key, 'short', { expires: 3 });
  expect(await timeToLive(spare, key)).toBeLessThanOrEqual(3);
  expect(KEYS.filter((other) => client.server(other)?.port === spare.port)).toEqual(
    KEYS.filter((other) => Number(client.getServer(other)) === 1),
  );
  await fleet.proxies[1]?.accept();
  await eventually(() => indexOf(client, key) === 1, { timeout: 500 + 2000 + SLACK });
  expect((await client.get(key)).value?.toString()).toBe('before');
});
