import { describe, expect, it } from 'vitest';
import { Cache, type CacheOptions } from '../../src/cache/index.ts';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { failure } from '../support/outcomes.ts';
import { freePort } from '../support/ports.ts';
import { runWriters } from './parts/run.ts';
import { PROTOCOLS, type Protocol, QUICK, useServer } from './support.ts';

const { server, open } = await useServer();

const PART = 1000;
let names = 0;

interface Setting {
  client: Client;
  namespace: string;
  cache: Cache;
}

function setUp(protocol: Protocol | 'auto', options: CacheOptions = {}): Setting {
  const client = open(protocol);
  const namespace = `parts${names++}`;
  return { client, namespace, cache: new Cache(client, { namespace, partSize: PART, ...options }) };
}

/** Bytes of which none is like its neighbours. */
function bytesOf(length: number, seed = 1): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + seed) & 0xff));
}

/** The keys of the parts that an index names; none of a value that is whole in its item. */
async function partsOf(client: Client, namespace: string, key: string): Promise<string[]> {
  const item = (await client.get(`${namespace}:${key}`)).value as Buffer;
  const [, name, size, length] =
    /^mC1 2 [^\n]*\n([\w-]{12}) (\d+) (\d+) [\w-]{43}$/.exec(item.toString('latin1')) ?? [];
  const count = name === undefined ? 0 : Math.ceil(Number(length) / Number(size));
  return Array.from({ length: count }, (_, index) => `${namespace}%p:${name}:${index}`);
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('gives back values of every size and kind, whichever way they are stored and read', async () => {
    const { client, namespace, cache } = setUp(protocol);
    for (const length of [0, PART - 100, PART, PART + 1, 7 * PART + 3]) {
      const values = [bytesOf(length), 'ü'.repeat(length), { rows: Array.from({ length }, (_, row) => row) }, null];
      for (const value of values) {
        await cache.set('set', value);
        const made = await cache.getOrSet('made', () => value, { expires: 10 });
        await cache.getOrSetMany(
          ['many'],
          (id) => id,
          () => [value],
        );
        expect([made, await cache.get('set')]).toEqual([value, value]);
        const keys = ['set', 'made', 'many'];
        expect(await cache.getMany(keys)).toEqual(new Map(keys.map((key) => [key, value])));
        expect(await cache.getOrSet('made', () => 'other')).toEqual(value);
        expect(await cache.has('many')).toBe(true);
        await cache.deleteMany(['made', 'many']);
      }
    }
    await cache.set('key', bytesOf(7 * PART));
    const parts = await partsOf(client, namespace, 'key');
    expect(parts).toHaveLength(7);
    const sizes = await Promise.all(parts.map(async (key) => (await client.get(key)).value?.length));
    expect(sizes).toEqual(Array.from({ length: 7 }, () => PART));
    expect(cache.stats()).toMatchObject({ errors: 0, unreadable: 0 });
  });

  it('takes a missing or changed part for a miss, and makes the value again', async () => {
    const { client, namespace, cache } = setUp(protocol);
    const value = bytesOf(4 * PART + 5);
    const losses: ((part: string) => Promise<unknown>)[] = [
      (part) => client.delete(part),
      (part) => client.set(part, bytesOf(PART, 7)),
      (part) => client.set(part, 'short'),
      (part) => client.set(part, bytesOf(PART + 1)),
    ];
    for (const lose of losses) {
      for (const index of [0, 2, 4]) {
        await cache.set('key', value);
        const parts = await partsOf(client, namespace, 'key');
        await lose(parts[index] as string);
        expect(await cache.get('key')).toBeUndefined();
        expect(await cache.has('key')).toBe(false);
        expect(await cache.getOrSet('key', () => bytesOf(3 * PART, 2))).toEqual(bytesOf(3 * PART, 2));
        expect(await cache.get('key')).toEqual(bytesOf(3 * PART, 2));
      }
    }
    expect(cache.stats()).toMatchObject({ errors: 0, computed: 12 });
  });

  it('ends with its tags and namespace, by a delete and by another value', async () => {
    const { cache } = setUp(protocol);
    const endings: [() => Promise<unknown>, unknown][] = [
      [() => cache.delete('key'), undefined],
      [() => cache.set('key', 'small'), 'small'],
      [() => cache.set('key', bytesOf(5 * PART, 3)), bytesOf(5 * PART, 3)],
      [() => cache.invalidateTags(['tag']), undefined],
      [() => cache.clear(), undefined],
    ];
    for (const [end, expected] of endings) {
      await cache.set('key', bytesOf(3 * PART), { tags: ['tag'] });
      expect(await cache.get('key')).toEqual(bytesOf(3 * PART));
      await end();
      expect(await cache.get('key')).toEqual(expected);
    }
    await cache.set('key', bytesOf(3 * PART), { tags: ['tag'], expires: 60, staleFor: 60 });
    await cache.invalidateTags(['tag'], { staleFor: 60 });
    const stale = await cache.getOrSet('key', () => bytesOf(2 * PART), { tags: ['tag'] });
    expect(stale).toEqual(bytesOf(3 * PART));
    await expect.poll(() => cache.get('key')).toEqual(bytesOf(2 * PART));
  });

  it('keeps what is at hand, and reads no part again of what has not changed', async () => {
    const { client, namespace } = setUp(protocol);
    const far = new Cache(client, { namespace, partSize: PART });
    await far.set('key', 'x'.repeat(50 * PART));
    const reads = async () => Number(Object.values(await client.stats())[0]?.cmd_get);
    for (const [trustFor, most] of [
      [60, 0],
      [0, 40],
    ] as const) {
      const cache = new Cache(open(protocol), { namespace, partSize: PART, near: { trustFor, admit: 'all' } });
      expect(await cache.get('key')).toBe('x'.repeat(50 * PART));
      expect(cache.stats().bytes).toBeGreaterThan(50 * PART);
      const before = await reads();
      for (let i = 0; i < 20; i++) expect(await cache.get('key')).toBe('x'.repeat(50 * PART));
      // The item and the version of the namespace are asked for each time.
      expect((await reads()) - before).toBeLessThanOrEqual(most);
      await cache.set('key', 'y'.repeat(40 * PART));
      expect(await cache.get('key')).toBe('y'.repeat(40 * PART));
      await cache.set('key', 'x'.repeat(50 * PART));
    }
  });

  it('refuses what is over maxBytes, and leaves what there is', async () => {
    const { client, namespace, cache } = setUp(protocol, { maxBytes: 5 * PART });
    const errors: unknown[] = [];
    cache.on('error', (error) => errors.push(error));
    await cache.set('key', bytesOf(5 * PART));
    for (const store of [
      () => cache.set('key', bytesOf(5 * PART + 1)),
      () => cache.setMany([['key', bytesOf(9 * PART)]]),
    ]) {
      expect(await failure(store())).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    }
    expect(await cache.get('key')).toEqual(bytesOf(5 * PART));
    for (let i = 0; i < 2; i++) {
      expect(await cache.getOrSet('large', () => bytesOf(6 * PART))).toEqual(bytesOf(6 * PART));
    }
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' }),
      expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' }),
    ]);
    // Who may keep more has stored it, or has made it up.
    await new Cache(client, { namespace, partSize: PART }).set('key', bytesOf(6 * PART));
    expect(await cache.get('key')).toBeUndefined();
  });
});

it('believes no index that can not be one', async () => {
  const { client, namespace, cache } = setUp('auto');
  await cache.set('key', bytesOf(3 * PART));
  const [head = '', index = ''] = String((await client.get(`${namespace}:key`)).value).split('\n');
  const [name, size, length, digest] = index.split(' ');
  for (const forged of [
    '',
    'x',
    `${name} ${size} ${length}`,
    `${name} 0 ${length} ${digest}`,
    `${name} -1 ${length} ${digest}`,
    `${name} ${size} 999999999999999 ${digest}`,
    `${name} ${size} 2999 ${digest}`,
    `${name} 1 67108864 ${digest}`,
    `${name} 999999999999999 ${length} ${digest}`,
    `${name} ${size} ${length} ${'A'.repeat(43)}`,
  ]) {
    const line = head.replace(/^(mC1 2 \d+ \d+) \d+/, `$1 ${forged.length}`);
    await client.set(`${namespace}:key`, `${line}\n${forged}`);
    expect(await cache.get('key'), forged).toBeUndefined();
  }
});

it('stores no index where a server of the parts is away, and leaves what there was', async () => {
  const away = `127.0.0.1:${await freePort()}`;
  await using client = Client.create([server.address, away], QUICK);
  const there = (key: string) => client.getServer(key) === 0;
  const namespace = Array.from({ length: 50 }, (_, i) => `away${i}`).find((name) => there(`${name}%v`)) as string;
  const key = Array.from({ length: 50 }, (_, i) => `key${i}`).find((name) => there(`${namespace}:${name}`)) as string;
  const cache = new Cache(client, { namespace, partSize: PART });
  const errors: unknown[] = [];
  cache.on('error', (error) => errors.push(error));
  await cache.set(key, 'small');
  expect((await failure(cache.set(key, bytesOf(40 * PART)))).code).toMatch(/^ERR_(CONNECT|TIMEOUT)$/);
  expect(await cache.get(key)).toBe('small');
  await cache.delete(key);
  expect(await cache.getOrSet(key, () => bytesOf(40 * PART))).toEqual(bytesOf(40 * PART));
  expect(errors).toHaveLength(1);
  // The right to make the value has been given back.
  expect(await cache.getOrSet(key, () => 'small')).toBe('small');
  expect(await cache.get(key)).toBe('small');
});

it('has parts that any memcached takes by default, whatever the key and the tags', async () => {
  const { client, cache } = setUp('auto', { partSize: undefined as never, expires: 60 });
  const key = 'k'.repeat(240);
  const tags = Array.from({ length: 100 }, (_, index) => `${'t'.repeat(180)}${index}`);
  for (const length of [1_000_000, 1_020_000, 1_047_000, 1_047_552, 1_048_576, 2_100_000]) {
    const value = Buffer.alloc(length, length & 0xff);
    for (const name of [key, 'short']) {
      await cache.set(name, value, { tags });
      expect(value.equals((await cache.get(name)) as Buffer), `${length}`).toBe(true);
    }
  }
  const own = (await client.stats())[server.address];
  expect(own?.evictions).toBe('0');
});

it('is refused by a server with a smaller item size, unless the parts are smaller too', async () => {
  await using small = await startMemcached({ args: ['-I', '512k'] });
  await using client = Client.create(small.address, QUICK);
  const value = Buffer.alloc(1_300_000, 1);
  const refused = new Cache(client, { namespace: 'refused' });
  const errors: unknown[] = [];
  refused.on('error', (error) => errors.push(error));
  expect(await failure(refused.set('key', value))).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
  expect(value.equals((await refused.getOrSet('key', () => value)) as Buffer)).toBe(true);
  expect(errors).toEqual([expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' })]);
  const cache = new Cache(client, { namespace: 'taken', partSize: 512 * 1024 - 512 });
  await cache.set('key', value);
  expect(value.equals((await cache.get('key')) as Buffer)).toBe(true);
});

it('refuses invalid options', () => {
  const client = open('meta');
  for (const options of [{ partSize: 0 }, { partSize: 1.5 }, { partSize: '1' }, { maxBytes: -1 }, { maxBytes: null }]) {
    expect(() => new Cache(client, options as never)).toThrow(/^Invalid option (partSize|maxBytes)/);
  }
});

// `npm run test:large` is the long form, with 50 MB and servers that are started again.
it('never mixes what two processes store, who are killed anywhere', async () => {
  const outcome = await runWriters({ bytes: 5_000_000, hits: 20, kills: 4, memory: 512, seed: Date.now() % 1_000_000 });
  expect(outcome).toMatchObject({ mixed: 0, failed: 0 });
  expect(outcome.stored).toBeGreaterThan(0);
}, 60_000);
