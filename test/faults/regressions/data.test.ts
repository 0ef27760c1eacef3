import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { failureWithin, resultWithin, SLACK, useClients } from '../clients.ts';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const clients = useClients();
let server: Memcached;
let proxy: TcpProxy;
let client: Client;

beforeAll(async () => {
  server = await startMemcached({ args: ['-I', '32m', '-m', '256'] });
  proxy = await startProxy(server.port);
  client = Client.create(server.address, { timeout: 5 });
});

afterAll(async () => {
  client.close();
  await proxy.stop();
  await server.stop();
});

test.each([
  ['OK', 'OK'],
  ['END', 'END'],
  ['VALUE', 'VALUE'],
  ['nothing', ''],
  ['an END line inside', 'a\r\nEND\r\nb'],
  ['one of every byte', EVERY_BYTE],
  ['125,884 bytes', Buffer.alloc(125_884, EVERY_BYTE)],
  ['1 MB', Buffer.alloc(1024 * 1024, EVERY_BYTE)],
  ['6 MB', Buffer.alloc(6 * 1024 * 1024, EVERY_BYTE)],
])('a value comes back byte for byte: %s', async (_what, value) => {
  await client.set('16', value);
  const found = (await client.get('16')).value;
  expect(found?.equals(Buffer.from(value))).toBe(true);
});

test('20 MB come back in a time that suits them', async () => {
  const value = Buffer.alloc(20 * 1024 * 1024, EVERY_BYTE);
  await client.set('16', value);
  const found = (await resultWithin(client.get('16'), 3000)).value;
  expect(found?.equals(value)).toBe(true);
});

test('a multi-byte character is cut in two by a chunk boundary', async () => {
  const text = 'ä€🌱'.repeat(40);
  for (const size of [1, 2, 3, 5, 7]) {
    proxy.split(size);
    const split = clients.create(proxy.address, { timeout: 5 });
    await split.set('schlüssel-🔑', text);
    expect((await split.get('schlüssel-🔑')).value?.toString()).toBe(text);
    expect((await split.stats())[proxy.address]).toHaveProperty('pid');
  }
  proxy.split(0);
});

test('under load with timeouts there is never the value of another key', async () => {
  const loaded = clients.create(proxy.address, { timeout: 0.03, retries: 1 });
  const keys = Array.from({ length: 40 }, (_, index) => `18-${index}`);
  await Promise.all(keys.map((key) => client.set(key, `${key}:0`)));
  let right = 0;
  let failed = 0;
  const work = async (key: string, until: number): Promise<void> => {
    for (let round = 1; performance.now() < until; round++) {
      const [stored, found] = await Promise.allSettled([loaded.set(key, `${key}:${round}`), loaded.get(key)]);
      if (found.status === 'fulfilled') {
        expect(found.value.value?.toString().split(':')[0]).toBe(key);
        right += 1;
      }
      if (stored.status === 'rejected' || found.status === 'rejected') failed += 1;
    }
  };
  const until = performance.now() + 1000;
  const all = Promise.all(keys.map((key) => work(key, until)));
  while (performance.now() < until) {
    proxy.hold();
    await sleep(60);
    proxy.release();
    await sleep(30);
  }
  await all;
  expect(right).toBeGreaterThan(100);
  expect(failed).toBeGreaterThan(10);
});

test('answers to gets and sets at the same time find their commands', async () => {
  const keys = Array.from({ length: 200 }, (_, index) => `pair-${index}`);
  const outcomes = await Promise.all(
    keys.flatMap((key, index) => [
      client.set(key, key),
      client.get(key),
      index % 2 ? client.delete(key) : client.append(key, '!'),
      client.get(key),
    ]),
  );
  const expected = keys.flatMap((key, index) => [true, key, true, index % 2 ? undefined : `${key}!`]);
  const shown = outcomes.map((outcome) => (typeof outcome === 'object' ? outcome.value?.toString() : outcome));
  expect(shown).toEqual(expected);
});

test('counters past 2^32 are exact, and so are amounts', async () => {
  await client.set('19', '0');
  expect(await client.increment('19', 5_000_000_000)).toEqual({ success: true, value: 5_000_000_000 });
  expect(await client.increment('19', 2 ** 32)).toEqual({ success: true, value: 9_294_967_296 });
  expect(await client.decrement('19', 5_000_000_000)).toEqual({ success: true, value: 4_294_967_296 });
  expect(await client.increment('19-new', 1, { initial: 5_000_000_000 })).toEqual({
    success: true,
    value: 5_000_000_000,
  });
  expect((await client.get('19')).value?.toString().trim()).toBe('4294967296');
});

test('prepend prepends', async () => {
  await client.set('19', 'end');
  expect(await client.prepend('19', 'start ')).toBe(true);
  expect((await client.get('19')).value?.toString()).toBe('start end');
});

test('commands that would take effect twice are not sent again when they time out', async () => {
  await using stopped = await startMemcached();
  const options = { timeout: 0.1, retries: 3, retry_delay: 0.02 };
  const hasty = clients.create(stopped.address, options);
  const patient = clients.create(stopped.address, { timeout: 5 });
  await Promise.all([patient.set('n', '0'), patient.set('a', '-'), patient.set('c', 'old')]);
  const { cas } = await patient.get('c', { cas: true });
  await hasty.get('a');
  stopped.pause();
  const failures = await Promise.all(
    [
      hasty.increment('n', 1),
      hasty.append('a', 'x'),
      hasty.prepend('a', 'y'),
      hasty.add('new', 'v'),
      hasty.set('c', 'new', { cas: cas as bigint }),
    ].map((sent) => failureWithin(sent, 100, 100 + SLACK)),
  );
  expect(failures.map(({ code }) => code)).toEqual(failures.map(() => 'ERR_TIMEOUT'));
  stopped.resume();
  await eventually(async () => expect((await patient.get('c')).value?.toString()).toBe('new'));
  expect((await patient.get('n')).value?.toString()).toBe('1');
  expect((await patient.get('a')).value?.toString()).toBe('y-x');
  const { [stopped.address]: stats } = await patient.stats();
  expect(stats).toMatchObject({ incr_hits: '1', cas_hits: '1', cas_badval: '0' });
});

test('with retryNonIdempotent they are sent again, as in MemJS', async () => {
  await using stopped = await startMemcached();
  const options = { timeout: 0.1, retries: 2, retry_delay: 0.02, retryNonIdempotent: true };
  const hasty = clients.create(stopped.address, options);
  const patient = clients.create(stopped.address, { timeout: 5 });
  await patient.set('n', '0');
  await hasty.get('n');
  stopped.pause();
  expect(await failure(hasty.increment('n', 1))).toMatchObject({ code: 'ERR_TIMEOUT' });
  stopped.resume();
  await eventually(async () => expect((await patient.get('n')).value?.toString()).toBe('2'));
});

test('an increment of which nothing was written is sent again', async () => {
  await using back = await startProxy(server.port);
  back.refuse();
  const retrying = clients.create(back.address, { retries: 40, retry_delay: 0.05 });
  const counted = retrying.increment('20-new', 1, { initial: 7 });
  await sleep(20);
  await back.accept();
  expect(await counted).toEqual({ success: true, value: 7 });
  expect((await client.get('20-new')).value?.toString()).toBe('7');
});
