import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import type { ConnectionEvent } from '../../../../src/index.ts';
import { startMemcached } from '../../../support/memcached.ts';
import { failure } from '../../../support/outcomes.ts';
import { startProxy } from '../../../support/proxy.ts';
import { startRogueServer } from '../../../support/rogue-server.ts';
import { eventually, sleep } from '../../../support/wait.ts';
import { failureWithin, resultWithin, SLACK, useClients } from '../../clients.ts';
import { useFleet } from '../../fleet.ts';
import { AT_ONCE, eventsOf, OPTIONS, TIMEOUT, untilHung } from './hang.ts';

const clients = useClients();
const fleet = useFleet();
const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);
const QUICK = { ...OPTIONS, failoverTime: 60, protocol: 'meta' } as const;

/** A client of the fleet, the server that hangs and its keys, and a key of another one. */
async function hang(options: Parameters<typeof clients.create>[1] = {}) {
  const client = clients.create(fleet.addresses(), { ...QUICK, ...options });
  const own = KEYS.filter((key) => Number(client.getServer(key)) === 1);
  const other = KEYS.find((key) => Number(client.getServer(key)) === 0) as string;
  await Promise.all([...own, other].map((key) => client.set(key, 'before')));
  fleet.proxies[1]?.hold();
  await untilHung(client, own[0]);
  return { client, own, key: own[0] as string, other, name: fleet.proxies[1]?.address as string };
}

test('commands for many keys, and for all servers, say which server hangs; the others answer', async () => {
  const { client, own, key, other, name } = await hang();
  const errors = async (sent: Promise<{ errors: Map<string, Error> }>) => [...(await sent).errors.entries()];
  const expected = [[name, expect.objectContaining({ code: 'ERR_TIMEOUT', server: name })]];
  const keys = [...own, other];
  expect(await errors(client.getMulti(keys))).toEqual(expected);
  expect((await client.getMulti(keys)).has(other)).toBe(true);
  expect(await errors(client.setMulti(keys.map((each) => [each, 'after'])))).toEqual(expected);
  expect(await errors(client.deleteMulti(keys))).toEqual(expected);
  expect(await errors(client.stats())).toEqual(expected);
  expect(await errors(client.version())).toEqual(expected);
  expect(await client.flush()).toMatchObject({ [name]: expect.objectContaining({ code: 'ERR_TIMEOUT' }) });
  expect(
    await failureWithin(
      client.update(key, () => 'x'),
      0,
      AT_ONCE,
    ),
  ).toMatchObject({ code: 'ERR_TIMEOUT' });
});

test('getOrSet computes, and stores nothing', async () => {
  const { client, key } = await hang();
  let computed = 0;
  const compute = (): string => `computed ${++computed}`;
  expect(String(await resultWithin(client.getOrSet(key, compute, { expires: 10 }), AT_ONCE))).toBe('computed 1');
  fleet.proxies[1]?.release();
  await eventually(async () => expect(String((await client.get(key)).value)).toBe('before'), { timeout: 2000 });
});

test('failover: the next server takes over at once, and nothing is waited for twice', async () => {
  const client = clients.create(fleet.addresses(), { ...QUICK, failover: true, retries: 20, retry_delay: 1 });
  const own = KEYS.filter((key) => Number(client.getServer(key)) === 1);
  await Promise.all(own.map((key) => client.set(key, 'before')));
  fleet.proxies[1]?.hold();
  // Not for the same keys: a write is not sent again behind a later one.
  const [first, ...later] = own as [string, ...string[]];
  expect(later.length).toBeGreaterThan(1);
  const waiting = [client.set(first, 'after'), client.get(later[0] as string).then(({ value }) => value === null)];
  await untilHung(client, first);
  for (const key of later) expect(await resultWithin(client.set(key, 'after'), AT_ONCE)).toBe(true);
  expect(await resultWithin(Promise.all(waiting), 1000 + SLACK)).toEqual([true, expect.any(Boolean)]);
  expect(fleet.proxies.findIndex(({ port }) => port === client.server(own[0] as string)?.port)).toBe(2);
});

test('failover to a spare pool is as quick', async () => {
  await using spare = await startMemcached();
  const { client, key } = await hang({ failover: { gutter: spare.address, expires: 10 }, retries: 20, retry_delay: 1 });
  expect(await resultWithin(client.set(key, 'spare'), AT_ONCE)).toBe(true);
  expect(client.server(key)?.port).toBe(spare.port);
  expect(client.status()[spare.address]).toMatchObject({ state: 'up', downSince: null });
});

test('quit() and close() end the probes; a command after that waits for a response, not for its timeout', async () => {
  for (const end of ['quit', 'close'] as const) {
    const { client, key, name } = await hang({ conntimeout: 0.2 });
    const events = eventsOf(client);
    await resultWithin(Promise.resolve(client[end]()), SLACK);
    expect(client.status()[name]).toMatchObject({ state: 'idle', connections: 0, waiting: 0 });
    await sleep(30);
    const before = fleet.proxies[1]?.connections;
    await sleep(200);
    expect(fleet.proxies[1]?.connections).toBe(before);
    expect(await failureWithin(client.get(key), 0, 200 + SLACK)).toMatchObject({ code: 'ERR_TIMEOUT' });
    await failureWithin(client.get(key), 0, AT_ONCE);
    fleet.proxies[1]?.release();
    await eventually(() => client.get(key).catch(() => false), { timeout: 2000 });
    expect(events).toEqual(['up']);
    client.close();
  }
});

test('connect() says which server hangs', async () => {
  const { client, name } = await hang({ conntimeout: 0.2 });
  const error = (await failureWithin(client.connect(), 0, 200 + SLACK)) as unknown as AggregateError;
  expect(error.errors).toMatchObject([{ code: 'ERR_TIMEOUT', server: name }]);
  fleet.proxies[1]?.release();
  await eventually(() =>
    client.connect().then(
      () => true,
      () => false,
    ),
  );
  expect(client.status()[name]).toMatchObject({ state: 'up' });
});

test('quit() waits for what is under way while it is found out', async () => {
  const client = clients.create(fleet.addresses(), { ...QUICK, retries: 2 });
  const key = KEYS.find((each) => Number(client.getServer(each)) === 1) as string;
  await client.set(key, 'before');
  fleet.proxies[1]?.hold();
  const waiting = Array.from({ length: 10 }, () => failure(client.get(key)));
  await sleep(1500 * TIMEOUT);
  await resultWithin(client.quit(), 1000 + SLACK);
  for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
  await eventually(() => fleet.proxies[1]?.open === 0);
});

test('the channel memts:connection has the reason', async () => {
  const seen: ConnectionEvent[] = [];
  const note = (message: unknown): void => {
    const event = message as ConnectionEvent;
    if (event.event === 'down' || event.event === 'up') seen.push(event);
  };
  subscribe('memts:connection', note);
  const { client, key, name } = await hang();
  fleet.proxies[1]?.release();
  await eventually(() => client.get(key).catch(() => false));
  fleet.proxies[1]?.refuse();
  fleet.proxies[1]?.cut();
  await eventually(() =>
    client.get(key).then(
      () => false,
      () => client.status()[name]?.state === 'down',
    ),
  );
  unsubscribe('memts:connection', note);
  expect(seen).toMatchObject([
    { event: 'down', server: name, reason: 'hung', error: { code: 'ERR_TIMEOUT' } },
    { event: 'up', server: name, reason: 'hung', error: undefined },
    { event: 'down', server: name, reason: 'unreachable', error: { code: 'ERR_CONNECT' } },
  ]);
});

test('a server that accepts and closes is down, not hung, and probed with growing pauses', async () => {
  await using rogue = await startRogueServer((socket) => socket.once('data', () => socket.destroy()));
  const client = clients.create(rogue.address, OPTIONS);
  const events = eventsOf(client);
  for (const end = performance.now() + 1000; performance.now() < end; await sleep(5)) client.get('key').catch(() => {});
  expect(events).toEqual(['down ERR_CONNECT']);
  expect(rogue.connections).toBeLessThan(12);
});

test('a server that comes and goes ten times a second: few probes, few events', async () => {
  await using server = await startMemcached();
  await using proxy = await startProxy(server.port);
  const client = clients.create(proxy.address, OPTIONS);
  const events = eventsOf(client);
  const asked = async (): Promise<void> => {
    for (const end = performance.now() + 100; performance.now() < end; await sleep(5))
      client.get('key').catch(() => {});
  };
  for (let flap = 0; flap < 10; flap++) {
    proxy.refuse();
    proxy.cut();
    await asked();
    await proxy.accept();
    await asked();
  }
  // Without pauses that go on growing there would be 10 of each.
  expect(events.length).toBeLessThanOrEqual(14);
  expect(proxy.connections).toBeLessThanOrEqual(8);
  await eventually(() => client.get('key').catch(() => false), { timeout: 2000 + SLACK });
});

test('a server that is stopped and goes on ten times a second is not down', async () => {
  await using server = await startMemcached();
  const client = clients.create(server.address, { ...OPTIONS, retries: 3 });
  const events = eventsOf(client);
  let failed = 0;
  for (let flap = 0; flap < 8; flap++) {
    server.pause();
    for (let i = 0; i < 20; i++, await sleep(4)) client.get('key').catch(() => failed++);
    server.resume();
    await sleep(80);
  }
  expect(events).toEqual([]);
  expect(failed).toBe(0);
});
