import { expect, test } from 'vitest';
import { backAfter, quantile, type Setting, stopOne } from '../../../reliability/hang/run.ts';
import { startBlackHole } from '../../../support/black-hole.ts';
import { startMemcached } from '../../../support/memcached.ts';
import { freePort } from '../../../support/ports.ts';
import { startProxy } from '../../../support/proxy.ts';
import { eventually, sleep } from '../../../support/wait.ts';
import { failureWithin, SLACK, useClients } from '../../clients.ts';
import { AT_ONCE, eventsOf, OPTIONS, TIMEOUT, untilHung } from './hang.ts';

const clients = useClients();

const PLAIN: Setting = { protocol: 'auto', tls: false, connections: 1, byHand: false };

const SETTINGS: readonly [string, Setting][] = [
  ['auto', PLAIN],
  ['binary', { ...PLAIN, protocol: 'binary' }],
  ['meta, four connections', { ...PLAIN, protocol: 'meta', connections: 4 }],
  ['classic', { ...PLAIN, protocol: 'classic' }],
  ['auto, TLS', { ...PLAIN, tls: true }],
  ['meta, TLS, four connections', { ...PLAIN, protocol: 'meta', tls: true, connections: 4 }],
  ['made by hand', { ...PLAIN, protocol: 'binary', byHand: true }],
  ['made by hand, auto, four connections', { ...PLAIN, byHand: true, connections: 4 }],
];

test.concurrent.each(SETTINGS)('one of three servers is stopped under load: %s', async (_, setting) => {
  const options = { ...OPTIONS, timeout: 2 * TIMEOUT, retries: 2 };
  const outcome = await stopOne(setting, { rate: 150, stopped: 1.3, seenDown: 0.4, after: 1.5, options });
  const { samples, resumedAt, downAt = 0, foundOutAfter, events, log } = outcome;
  expect(foundOutAfter).toBeLessThan(1000);
  expect(events).toEqual(['down 1 ERR_TIMEOUT', 'up 1']);
  const late = samples.filter(({ server, at }) => server === 1 && at > downAt && at < resumedAt);
  expect(late.length).toBeGreaterThan(5);
  expect(new Set(late.map(({ code }) => code))).toEqual(new Set(['ERR_TIMEOUT']));
  expect(quantile(late, 0.9)).toBeLessThan(1500 * TIMEOUT);
  expect(backAfter(outcome)).toBeLessThan(1400);
  const others = samples.filter(({ server, code }) => server !== 1 && code !== undefined);
  expect(others).toEqual([]);
  expect(log.filter((line) => / is (down|up)/.test(line))).toEqual([
    expect.stringContaining(' is down: The server is hung: it has sent nothing for '),
    expect.stringContaining(' is up again'),
  ]);
});

test('commands for a server that hangs fail at once, and nothing of them leaves', async () => {
  await using server = await startMemcached();
  await using proxy = await startProxy(server.port);
  const client = clients.create(proxy.address, { ...OPTIONS, retries: 3, retry_delay: 1, protocol: 'meta' });
  const events = eventsOf(client);
  await client.set('key', 'value');
  server.pause();
  const took = await untilHung(client);
  expect(took).toBeGreaterThan(3000 * TIMEOUT - 30);
  expect(took).toBeLessThan(3000 * TIMEOUT + SLACK);
  await sleep(1000 * TIMEOUT);
  const { bytesToServer } = proxy;
  for (const send of [
    () => client.get('key'),
    () => client.set('key', Buffer.alloc(10_000)),
    () => client.increment('key', 1),
    () => client.getMulti(['key', 'other']),
    () => client.flush().then((results) => Promise.reject(Object.values(results)[0])),
    () => client.stats(),
  ]) {
    const error = await failureWithin(send(), 0, AT_ONCE);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', server: proxy.address });
    expect(error.message).toMatch(/^The server is hung: .* The command had not left, and 0 commands were before it\.$/);
  }
  // A probe has a hundred bytes.
  expect(proxy.bytesToServer - bytesToServer).toBeLessThan(500);
  expect(events).toEqual(['down ERR_TIMEOUT']);
  server.resume();
  await eventually(() => client.get('key').catch(() => false), { timeout: 2000 + SLACK });
  expect(events).toEqual(['down ERR_TIMEOUT', 'up']);
});

test('a probe leaves at once, and then with growing pauses, one at a time', async () => {
  await using server = await startMemcached();
  await using proxy = await startProxy(server.port);
  const client = clients.create(proxy.address, { ...OPTIONS, conntimeout: 0.1 });
  await client.set('key', 'value');
  proxy.hold();
  await untilHung(client);
  const before = proxy.connections;
  await eventually(() => proxy.connections > before - 1, { timeout: 20 });
  let most = 0;
  for (const end = performance.now() + 900; performance.now() < end; await sleep(5)) {
    client.get('key').catch(() => {});
    if (performance.now() > end - 700) most = Math.max(most, proxy.open);
  }
  expect(most).toBe(1);
  // Pauses of 25 to 50, 50 to 100, … milliseconds, and a tenth of a second for each attempt.
  expect(proxy.connections - before).toBeLessThanOrEqual(5);
});

test('an address at which no connection comes about any more hangs too', async () => {
  await using server = await startMemcached();
  const port = await freePort();
  await using proxy = await startProxy(server.port);
  const client = clients.create(proxy.address, { ...OPTIONS, conntimeout: 10, failFast: 2 });
  await client.set('key', 'value');
  proxy.hold();
  await using _hole = await startBlackHole('127.0.0.1', port);
  Object.assign(client.servers[0] as object, { port });
  expect(await untilHung(client)).toBeLessThan(3000 * TIMEOUT + SLACK);
});

test.each([1, 12])('failFast: %i is how many attempts have to time out', async (failFast) => {
  await using server = await startMemcached();
  const client = clients.create(server.address, { ...OPTIONS, failFast });
  const events = eventsOf(client);
  await client.set('key', 'value');
  server.pause();
  await Promise.allSettled(Array.from({ length: failFast - 1 }, () => client.get('key')));
  await sleep(4000 * TIMEOUT);
  expect(events).toEqual([]);
  await client.get('key').catch(() => {});
  await eventually(() => events.length > 0 || client.get('key').catch(() => false), { timeout: 1000 });
  expect(events).toEqual(['down ERR_TIMEOUT']);
});

test('failFast: false waits for a server that hangs, as long as it hangs', async () => {
  await using server = await startMemcached();
  const client = clients.create(server.address, { ...OPTIONS, failFast: false });
  const events = eventsOf(client);
  await client.set('key', 'value');
  server.pause();
  for (let i = 0; i < 6; i++) {
    const failed = Array.from({ length: 10 }, () =>
      failureWithin(client.get('key'), 1000 * TIMEOUT, 1000 * TIMEOUT + SLACK),
    );
    await Promise.all(failed);
  }
  expect(events).toEqual([]);
});
