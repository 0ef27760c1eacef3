import { Keyv } from 'keyv';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyvMemts } from '../../src/adapters/keyv.ts';
import { createKeyv } from '../../src/adapters/keyv-create.ts';
import { Client, jsonSerializer, type Serializer } from '../../src/index.ts';
import { findKeyv6, loadKeyv6 } from '../support/keyv-6.ts';
import { startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { sleep } from '../support/wait.ts';

const server = await startMemcached();
const client = Client.create(server.address);

beforeEach(async () => {
  await client.flush();
  vi.restoreAllMocks();
});

afterAll(async () => {
  await client.quit();
  await server.stop();
});

/** What a program uses of either Keyv. */
interface Cache {
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  deleteMany(keys: string[]): Promise<unknown>;
  has(key: string): Promise<boolean>;
  hasMany(keys: string[]): Promise<boolean[]>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

type MakeKeyv = (store: KeyvMemts, namespace?: string) => Cache;
type Keyv6 = new (store: KeyvMemts, options: { namespace?: string }) => Cache;

const { folder, reason } = await findKeyv6();
const Keyv6 = folder === undefined ? undefined : await loadKeyv6<Keyv6>(folder);

const HOSTS: [string, MakeKeyv | undefined][] = [
  ['Keyv 5', (store, namespace) => new Keyv({ store, ...(namespace ? { namespace } : {}) })],
  ['Keyv 6', Keyv6 && ((store, namespace) => new Keyv6(store, namespace ? { namespace } : {}))],
];

describe.each(HOSTS)('%s', (_name, make) => {
  const makeKeyv = make ?? (() => expect.unreachable());
  beforeEach(({ skip }) => {
    if (make === undefined) skip(reason);
  });
  const open = (namespace?: string): Cache => makeKeyv(new KeyvMemts(client), namespace);

  it('gives back what was stored', async () => {
    const keyv = open('values');
    const values = ['', 'Zürich', ':colon', 0, -1.5, true, false, null, [1, [2]], { a: { b: 'c' } }];
    for (const [index, value] of values.entries()) expect(await keyv.set(`key ${index}`, value)).toBe(true);
    for (const [index, value] of values.entries()) expect(await keyv.get(`key ${index}`)).toEqual(value);
    await keyv.set('bytes', Buffer.from([0, 255]));
    expect(Buffer.from((await keyv.get('bytes')) as Buffer)).toEqual(Buffer.from([0, 255]));
    expect(await keyv.get('nothing')).toBeUndefined();
  });

  it('deletes, and says whether there was anything', async () => {
    const keyv = open('delete');
    await keyv.set('a', 1);
    expect([await keyv.has('a'), await keyv.delete('a')]).toEqual([true, true]);
    expect([await keyv.has('a'), await keyv.delete('a')]).toEqual([false, false]);
  });

  it('takes keys of any length and kind', async () => {
    const keyv = open('keys');
    const long = new KeyvMemts(server.address);
    const own = makeKeyv(long, 'keys');
    await own.set('k'.repeat(400), 'one');
    await own.set(`${'k'.repeat(399)}l`, 'two');
    await keyv.set('with spaces, ünïcode\n', 'three');
    expect(await own.getMany(['k'.repeat(400), `${'k'.repeat(399)}l`])).toEqual(['one', 'two']);
    expect(await keyv.get('with spaces, ünïcode\n')).toBe('three');
    await own.disconnect();
  });

  it('does many at a time with one command of the client', async () => {
    const keyv = open('many');
    const single = [vi.spyOn(client, 'set'), vi.spyOn(client, 'delete')];
    const batches = [vi.spyOn(client, 'getMulti'), vi.spyOn(client, 'deleteMulti'), vi.spyOn(client, 'setMulti')];
    const stored = await keyv.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'a', value: 3 },
    ]);
    expect(stored).toEqual([true, true, true]);
    expect(await keyv.getMany(['b', 'missing', 'a', 'b'])).toEqual([2, undefined, 3, 2]);
    await keyv.deleteMany(['a', 'b']);
    expect(batches.map((spy) => spy.mock.calls.length)).toEqual([1, 1, 1]);
    for (const spy of single) expect(spy).not.toHaveBeenCalled();
    expect(await keyv.hasMany(['a', 'b'])).toEqual([false, false]);
  });

  it('lets each of many live for its own time, to the millisecond', async () => {
    const keyv = open('ttl');
    const set = vi.spyOn(client, 'setMulti');
    await keyv.setMany([
      { key: 'short', value: 1, ttl: 900 },
      { key: 'long', value: 2, ttl: 60_000 },
      { key: 'month', value: 'overwritten', ttl: 900 },
      { key: 'month', value: 3, ttl: 40 * 86_400_000 },
      { key: 'ever', value: 4 },
      { key: 'lifetime', value: 5, ttl: 100 * 365 * 86_400_000 },
    ]);
    // In two calls at once, either value might be the last.
    const sent = set.mock.calls.flatMap(([entries]) => [...entries].map(([key]) => String(key)));
    expect(sent.filter((key) => key.endsWith(':month'))).toHaveLength(1);
    const keys = ['short', 'long', 'month', 'ever', 'lifetime'];
    expect(await keyv.getMany(keys)).toEqual([1, 2, 3, 4, 5]);
    await sleep(950);
    expect(await keyv.hasMany(keys)).toEqual([false, true, true, true, true]);
    expect(await keyv.has('short')).toBe(false);
    expect(await keyv.getMany(keys)).toEqual([undefined, 2, 3, 4, 5]);
  });

  it('clears its namespace, for everybody, and no other', async () => {
    const other = Client.create(server.address);
    const [here, there] = [open('one'), makeKeyv(new KeyvMemts(other), 'one')];
    const [prefix, outside] = [open('one:two'), open('two')];
    for (const keyv of [here, prefix, outside]) await keyv.set('key', 'value');
    expect(await there.get('key')).toBe('value');
    await here.clear();
    expect(await there.get('key')).toBeUndefined();
    expect(await there.delete('key')).toBe(false);
    expect([await prefix.get('key'), await outside.get('key')]).toEqual(['value', 'value']);
    await there.set('key', 'again');
    expect(await here.get('key')).toBe('again');
    await other.quit();
  });

  it('tells of a server that is down, and does not wait for it', async () => {
    const options = { timeout: 2, retry_delay: 0.01, logger: { log: () => {} } };
    const keyv = makeKeyv(new KeyvMemts(`127.0.0.1:${await freePort()}`, options), 'down');
    const errors: Error[] = [];
    keyv.on('error', (error) => errors.push(error));
    const start = performance.now();
    expect(await keyv.get('key')).toBeUndefined();
    expect(errors.length).toBeGreaterThan(0);
    expect(await keyv.set('key', 'value')).toBe(false);
    await keyv.clear();
    expect(new Set(errors.map((error) => Reflect.get(error, 'code')))).toEqual(new Set(['ERR_CONNECT']));
    expect(performance.now() - start).toBeLessThan(5000);
    await keyv.disconnect();
  });
});

describe('createKeyv', () => {
  it('makes a Keyv whose keys are not prefixed twice', async () => {
    const keyv = createKeyv(server.address, { namespace: 'shop' });
    const wires = vi.spyOn((keyv.store as KeyvMemts).client, 'set');
    await keyv.set('cart', 'full');
    expect(await keyv.get('cart')).toBe('full');
    expect(wires.mock.calls.map(([key]) => key)).toEqual([expect.stringMatching(/^shop:[\w-]{12}\.\d+:cart$/)]);
    await keyv.disconnect();
  });

  it('takes what Keyv can not read for a miss, and tells of it without the value', async () => {
    const keyv = createKeyv(client);
    const errors: Error[] = [];
    keyv.on('error', (error: Error) => errors.push(error));
    await client.set('foreign', 'hush');
    expect([await keyv.get('foreign'), await keyv.getMany(['foreign', 'missing'])]).toEqual([
      undefined,
      [undefined, undefined],
    ]);
    expect(errors.map((error) => [Reflect.get(error, 'code'), error.message])).toEqual(
      [1, 2].map(() => ['ERR_UNSUPPORTED', 'memts/keyv: a stored value is not what Keyv can read']),
    );
    await keyv.set('foreign', 'own');
    expect(await keyv.get('foreign')).toBe('own');
  });

  it.each(['null', '5', '"text"', 'true', ''])('takes %j, which is no item of Keyv, for a miss', async (text) => {
    const keyv = createKeyv(client);
    const errors: unknown[] = [];
    keyv.on('error', (error: Error) => errors.push(Reflect.get(error, 'code')));
    await client.set('foreign', text);
    expect(await keyv.get('foreign')).toBeUndefined();
    expect(await keyv.getRaw('foreign')).toBeUndefined();
    expect(await keyv.getMany(['foreign'])).toEqual([undefined]);
    expect(errors).toEqual(['ERR_UNSUPPORTED', 'ERR_UNSUPPORTED', 'ERR_UNSUPPORTED']);
  });

  it('takes what the serializer can not read for a miss, with one key and with many', async () => {
    const serializer: Serializer<string, unknown> = {
      serialize: (_opcode, value, extras) => ({ value, extras }),
      deserialize: (_opcode, value, extras) => ({ value: value === null ? null : JSON.parse(String(value)), extras }),
    };
    const store = new KeyvMemts(server.address, { serializer });
    const errors: Error[] = [];
    store.on('error', (error) => errors.push(error));
    await client.set('broken', 'hush');
    expect([await store.get('broken'), await store.getMany(['broken']), await store.has('broken')]).toEqual([
      undefined,
      [undefined],
      false,
    ]);
    expect(errors).toHaveLength(3);
    await store.disconnect();
  });

  it('uses the keys as they are without a namespace, and empties the servers to clear', async () => {
    const keyv = createKeyv(client);
    await keyv.set('cart', 'full');
    expect(JSON.parse(String((await client.get('cart')).value))).toEqual({ value: 'full' });
    await client.set('of another program', '1');
    await keyv.clear();
    expect((await client.get('of another program')).value).toBeNull();
  });
});

it('keeps objects with a serializer, where Keyv is set not to serialize', async () => {
  const store = new KeyvMemts(server.address, { serializer: jsonSerializer() });
  const keyv = new Keyv({ store, serialize: undefined, deserialize: undefined } as object);
  await keyv.set('user', { name: 'Ada' }, 300);
  expect([await keyv.get('user'), await keyv.has('user')]).toEqual([{ name: 'Ada' }, true]);
  await sleep(350);
  expect([await keyv.has('user'), await keyv.get('user')]).toEqual([false, undefined]);
  await keyv.disconnect();
});
