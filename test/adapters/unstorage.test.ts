import { createStorage, prefixStorage, restoreSnapshot } from 'unstorage';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MemtsDriverOptions, memtsDriver } from '../../src/adapters/unstorage.ts';
import { Client, jsonSerializer } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';

const server = await startMemcached();
const client = Client.create(server.address);
const open = (options: MemtsDriverOptions = {}) => createStorage({ driver: memtsDriver({ client, ...options }) });

beforeEach(() => client.flush());

afterAll(async () => {
  await client.quit();
  await server.stop();
});

// What unstorage's own tests ask of each driver, but for the keys.
describe('a driver of unstorage', () => {
  it('has nothing to begin with', async () => {
    const storage = open();
    expect(await storage.hasItem('s1:a')).toBe(false);
    expect(await storage.getItem('s2:a')).toBeNull();
    expect(await storage.getItemRaw('s2:a')).toBeNull();
  });

  it('keeps items, whatever stands behind the question mark of a key', async () => {
    const storage = open();
    await storage.setItem('s1:a', 'one');
    await storage.setItem('s3:a?q=1', 'three');
    expect(await storage.hasItem('s1:a')).toBe(true);
    expect([await storage.getItem('s1:a'), await storage.getItem('s3:a?q=2')]).toEqual(['one', 'three']);
    await restoreSnapshot(storage as never, { initial: 'works' });
    expect(await storage.getItem('initial')).toBe('works');
  });

  it('gives back values of every kind', async () => {
    const storage = open();
    class Point {
      toJSON() {
        return { x: 1 };
      }
    }
    const values = { object: { json: 'works' }, list: [1, 2], true: true, false: false, zero: 0, empty: '', text: 'ü' };
    for (const [key, value] of Object.entries(values)) await storage.setItem(key, value);
    for (const [key, value] of Object.entries(values)) expect(await storage.getItem(key)).toEqual(value);
    await storage.setItem('point', new Point() as never);
    expect(await storage.getItem('point')).toEqual({ x: 1 });
    await expect(storage.setItem('map', new Map() as never)).rejects.toThrow('Cannot stringify');
    await storage.setItem('object', undefined as never);
    expect(await storage.hasItem('object')).toBe(false);
  });

  it('keeps bytes as they are', async () => {
    const storage = open();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await storage.setItemRaw('bytes', bytes);
    await storage.setItemRaw('buffer', bytes.buffer);
    await storage.setItemRaw('text', 'text');
    expect(await storage.getItemRaw('bytes')).toEqual(Buffer.from(bytes));
    expect(await storage.getItemRaw('buffer')).toEqual(Buffer.from(bytes));
    expect(await storage.getItem('text')).toBe('text');
    await expect(storage.setItemRaw('object', {})).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('reads and stores many with one command of the client', async () => {
    const storage = open();
    const [get, set] = [vi.spyOn(client, 'getMulti'), vi.spyOn(client, 'setMulti')];
    await storage.setItems([
      { key: 't:1', value: 'one' },
      { key: 't:2', value: 'two' },
    ]);
    expect(await storage.getItems([{ key: 't:2' }, 't:1', { key: 't:1?q=1' }, 't:nothing'])).toEqual([
      { key: 't:2', value: 'two' },
      { key: 't:1', value: 'one' },
      { key: 't:1', value: 'one' },
      { key: 't:nothing', value: null },
    ]);
    expect([get.mock.calls.length, set.mock.calls.length]).toEqual([1, 1]);
    vi.restoreAllMocks();
  });

  it('removes items, with their metadata where that is asked for', async () => {
    const storage = open();
    await storage.setItem('a', 'one');
    await storage.setMeta('a', { owner: 'Ada' });
    expect(await storage.getMeta('a')).toEqual({ owner: 'Ada' });
    await storage.removeItem('a', { removeMeta: true });
    expect([await storage.hasItem('a'), await storage.getMeta('a')]).toEqual([false, {}]);
  });

  it('can be disposed of twice, and closes only a client of its own', async () => {
    const connections = async () => Number(Object.values(await client.stats())[0]?.curr_connections);
    const [given, own] = [open(), createStorage({ driver: memtsDriver({ servers: server.address }) })];
    await Promise.all([given.getItem('a'), own.getItem('a')]);
    const before = await connections();
    for (const storage of [given, own, own]) await storage.dispose();
    await vi.waitFor(async () => expect(await connections()).toBe(before - 1));
    expect(await given.getItem('a')).toBeNull();
  });
});

describe('clear', () => {
  it('empties what is under one base, for everybody, and empty storage too', async () => {
    const other = memtsDriver({ servers: server.address, base: 'pages' });
    const [pages, users, there] = [open({ base: 'pages:' }), open({ base: 'users' }), createStorage({ driver: other })];
    for (const storage of [pages, users]) await storage.setItem('a:b', 'value');
    expect(await there.getItem('a:b')).toBe('value');
    await pages.clear();
    await pages.clear();
    expect([await pages.getItem('a:b'), await there.getItem('a:b'), await users.getItem('a:b')]).toEqual([
      null,
      null,
      'value',
    ]);
    await there.dispose();
  });

  it('empties the mounts under a base, and nothing else', async () => {
    const storage = open();
    storage.mount('cache', memtsDriver({ client, base: 'cache' }));
    for (const key of ['cache:a', 'other:a']) await storage.setItem(key, 'value');
    await storage.clear('cache');
    expect([await storage.getItem('cache:a'), await storage.getItem('other:a')]).toEqual([null, 'value']);
    await prefixStorage(storage, 'cache').setItem('b', 'value');
    expect(await storage.getItem('cache:b')).toBe('value');
  });

  it('refuses a part of a driver, which it could only guess', async () => {
    await expect(memtsDriver({ client }).clear('part:')).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' });
  });
});

it('takes what the serializer of the client can not read for nothing, and writes a line', async () => {
  const log: string[] = [];
  const driver = memtsDriver({
    servers: server.address,
    base: 'broken',
    serializer: jsonSerializer(),
    logger: { log: (line) => log.push(line) },
  });
  const storage = createStorage({ driver });
  await storage.setItem('good', 'value');
  const { value: token, cas } = await client.get('broken:generation', { cas: true });
  // Flags that say JSON, bytes that do not.
  await client.set(`broken:${token}.${cas}:bad`, 'hush{', { flags: 0x6d050000 });
  expect([await storage.getItem('bad'), await storage.hasItem('bad'), await storage.getItemRaw('bad')]).toEqual([
    null,
    false,
    null,
  ]);
  expect(await storage.getItems(['bad', 'good'])).toEqual([
    { key: 'bad', value: null },
    { key: 'good', value: 'value' },
  ]);
  expect(log).toEqual(['memts: memts/unstorage: a stored value can not be read, so there is none']);
  await storage.dispose();
});

it('refuses to list keys instead of saying that there are none', async () => {
  await expect(open().getKeys()).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED', message: /can't list/ });
});

it('lets items live for ttl seconds: of the call, or of the driver', async () => {
  const storage = open({ ttl: 1, base: 'ttl' });
  await storage.hasItem('begin');
  const set = vi.spyOn(client, 'set');
  const setMulti = vi.spyOn(client, 'setMulti');
  await storage.setItem('driver', 'value');
  await storage.setItem('call', 'value', { ttl: 60 });
  await storage.setItem('ever', 'value', { ttl: 0 });
  await storage.setItemRaw('raw', 'value', { ttl: 1.5 });
  const items = [
    { key: 'common', value: 'value' },
    { key: 'own', value: 'value', options: { ttl: 60 } },
    { key: 'like common', value: 'value' },
  ];
  await storage.setItems(items, { ttl: 10 });
  const expires = (calls: unknown[][], index: number) =>
    calls.map((given) => Reflect.get(Object(given[index]), 'expires'));
  // One second more than asked for, as the clock of the server ticks once a second.
  // 0 is for ever, also where the client has a default.
  expect(expires(set.mock.calls, 2)).toEqual([2, 61, 0, 3]);
  expect(expires(setMulti.mock.calls, 1)).toEqual([11, 61]);
  for (const key of ['driver', 'call', 'ever', 'raw', 'common', 'own']) expect(await storage.hasItem(key)).toBe(true);
  vi.restoreAllMocks();
});

it('rejects when a server is down, for many keys too', async () => {
  const options = { retries: 1, timeout: 2, logger: { log: () => {} } };
  const gone = createStorage({ driver: memtsDriver({ servers: `127.0.0.1:${await freePort()}`, ...options }) });
  const refused = { code: 'ERR_CONNECT' };
  await expect(gone.getItem('a')).rejects.toMatchObject(refused);
  await expect(gone.setItem('a', 1)).rejects.toMatchObject(refused);
  await expect(gone.getItems(['a', 'b'])).rejects.toMatchObject(refused);
  await expect(gone.clear()).rejects.toMatchObject(refused);
  await gone.dispose();
});
