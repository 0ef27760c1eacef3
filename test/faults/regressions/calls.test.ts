import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { called, failure, timeLeft } from '../../support/outcomes.ts';
import { useClients } from '../clients.ts';

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

test.each(['set', 'add', 'replace'] as const)('every arity of %s', async (command) => {
  const client = clients.create(server.address);
  let count = 0;
  const key = async (): Promise<string> => {
    const name = `30-${command}-${++count}`;
    if (command === 'replace') await client.set(name, 'old');
    return name;
  };
  const keys = await Promise.all(Array.from({ length: 8 }, key));
  const [a, b, c, d, e, f, g, h] = keys as [string, string, string, string, string, string, string, string];
  expect(await client[command](a, 'v')).toBe(true);
  expect(await client[command](b, 'v', {})).toBe(true);
  expect(await client[command](c, 'v', { expires: 60 })).toBe(true);
  expect(await called((done) => client[command](d, 'v', done))).toEqual([null, true]);
  expect(await called((done) => client[command](e, 'v', {}, done))).toEqual([null, true]);
  expect(await called((done) => client[command](f, 'v', { expires: 60 }, done))).toEqual([null, true]);
  expect(await called((done) => client[command](g, 'v', null, done))).toEqual([null, true]);
  expect(await called((done) => client[command](h, 'v', done, 60))).toEqual([null, true]);
  const left = await Promise.all(keys.map((key) => timeLeft(server, key)));
  expect(left.map((seconds = -1) => seconds > 55 && seconds <= 60)).toEqual([
    false,
    false,
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
  expect(left.filter((seconds) => seconds === -1)).toHaveLength(5);
});

test.each(['increment', 'decrement'] as const)('every arity of %s', async (command) => {
  const client = clients.create(server.address);
  const keys = Array.from({ length: 7 }, (_, index) => `30-${command}-${index}`);
  const [a, b, c, d, e, f, g] = keys as [string, string, string, string, string, string, string];
  expect(await client[command](a, 1)).toEqual({ success: true, value: 0 });
  expect(await client[command](b, 1, {})).toEqual({ success: true, value: 0 });
  expect(await client[command](c, 1, { initial: 5, expires: 60 })).toEqual({ success: true, value: 5 });
  expect(await called((done) => client[command](d, 1, done))).toEqual([null, true, 0]);
  expect(await called((done) => client[command](e, 1, { initial: 5, expires: 60 }, done))).toEqual([null, true, 5]);
  expect(await called((done) => client[command](f, 1, null, done))).toEqual([null, true, 0]);
  expect(await called((done) => client[command](g, 1, done, 60, 5))).toEqual([null, true, 5]);
  const left = await Promise.all(keys.map((key) => timeLeft(server, key)));
  expect(left.map((seconds = -1) => seconds > 55 && seconds <= 60)).toEqual([
    false,
    false,
    true,
    false,
    true,
    false,
    true,
  ]);
});

test('expirations of set reach the server to the second', async () => {
  const client = clients.create(server.address, { expires: 500 });
  await client.set('30-default', 'v');
  await client.set('30-own', 'v', { expires: 1000 });
  await client.set('30-none', 'v', { expires: 0 });
  await client.set('30-month', 'v', { expires: 2_592_000 });
  await client.set('30-unix', 'v', { expires: Math.floor(Date.now() / 1000) + 3_000_000 });
  const names = ['default', 'own', 'none', 'month', 'unix'];
  const left = await Promise.all(names.map((name) => timeLeft(server, `30-${name}`)));
  for (const [index, expected] of [500, 1000, -1, 2_592_000, 3_000_000].entries()) {
    expect(left[index]).toBeLessThanOrEqual(expected + 1);
    expect(left[index]).toBeGreaterThanOrEqual(expected === -1 ? -1 : expected - 5);
  }
});

test('a promised miss is { value: null, flags: null }', async () => {
  expect(await clients.create(server.address).get('31-gone')).toEqual({ value: null, flags: null });
});

test('a number as a value, with no serializer, is an error through promise or callback', async () => {
  const client = clients.create(server.address);
  for (const command of ['set', 'add', 'replace', 'append', 'prepend'] as const) {
    // The types refuse a number, which is what is tried here.
    const loose = client[command].bind(client) as unknown as Client<number>['set'];
    const promise = loose('31', 5);
    expect(await failure(promise)).toMatchObject({ name: 'MemcacheError', code: 'ERR_INVALID_ARGUMENT' });
    const [error] = await called((done) => loose('31', 5, {}, done));
    expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_INVALID_ARGUMENT' });
  }
});

test("the caller's options are left as they were", async () => {
  const options = { retries: 3, username: 'user', password: 'password', logger: clients.logger };
  const before = { ...options };
  const client = clients.create(server.address, Object.freeze(options));
  await client.set('32', 'v', Object.freeze({}));
  await client.get('32', Object.freeze({}));
  await client.increment('32-n', 1, Object.freeze({}));
  await client.flush(Object.freeze({}));
  expect(options).toEqual(before);
  expect(client.options).not.toBe(options);
  const bare = {};
  clients.create(server.address, bare);
  expect(bare).toEqual({});
});

test('[::1]:11211 is an address', () => {
  const [first, second, third] = clients.create('[::1]:11211,[::1],[fe80::1]:11212').servers;
  expect(first).toMatchObject({ host: '::1', port: 11211 });
  expect(second).toMatchObject({ host: '::1', port: 11211 });
  expect(third).toMatchObject({ host: 'fe80::1', port: 11212 });
});

test('a unix socket is an address', async () => {
  await using unix = await startMemcached({ unix: true });
  for (const address of [unix.address, `unix://${unix.address}`]) {
    const client = clients.create(address);
    expect(await client.set('34', 'value')).toBe(true);
    expect((await client.get('34')).value?.toString()).toBe('value');
    expect(Object.keys(await client.stats())).toEqual([unix.path]);
    expect(await client.flush()).toEqual({ [unix.path as string]: true });
  }
});
