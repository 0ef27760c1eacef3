import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Cache, type CacheOptions, type Schema } from '../../src/cache/index.ts';
import { jsonSerializer, type Serializer } from '../../src/index.ts';
import { type Failure, failure } from '../support/outcomes.ts';
import { PROTOCOLS, useServer } from './support.ts';

const { cache: open, open: openClient } = await useServer();

const SECRET = 'hush';
const codeOf = async (promise: Promise<unknown>): Promise<string | undefined> => {
  const { code, message } = (await failure(promise)) as Failure;
  expect(message).not.toContain(SECRET);
  return code;
};

/** What a cache has stored as another version of the form, with other numbers and kinds, and every piece of it. */
function forgeries(bytes: Buffer): (string | Buffer)[] {
  const [line = '', payload = ''] = bytes.toString().split('\n');
  const words = line.split(' ');
  const forged: (string | Buffer)[] = [Buffer.concat([bytes, Buffer.from('}')])];
  const wrong = ['-1', 'NaN', undefined];
  for (const index of words.keys()) {
    // Any other time may be meant.
    for (const word of index === 2 || index === 3 ? wrong : [...wrong, 'mC2', '4294967296', '1e9', '', '2']) {
      forged.push(`${words.toSpliced(index, 1, ...(word === undefined ? [] : [word])).join(' ')}\n${payload}`);
    }
  }
  for (let length = 0; length < bytes.length; length += 3) forged.push(bytes.subarray(0, length));
  return forged;
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('takes keys and tags with any characters and of any length', async () => {
    const cache = open(protocol);
    const texts = [
      'a b',
      'a\r\nb',
      'a%20b',
      '%v',
      'a:b',
      '\0',
      'ü',
      '🎉',
      'x'.repeat(10_000),
      `${'x'.repeat(10_000)}y`,
    ];
    for (const [index, text] of texts.entries()) await cache.set(text, index, { tags: [text, 'all'] });
    for (const [index, text] of texts.entries()) expect(await cache.get(text)).toBe(index);
    for (const [index, text] of texts.entries()) {
      await cache.invalidateTags([text]);
      const left = await cache.getMany(texts);
      expect([...left.keys()]).toEqual(texts.slice(index + 1));
    }
  });

  it('takes what others have put under a key for a miss, and computes', async () => {
    const client = openClient(protocol);
    const cache = new Cache(client, { namespace: 'others' });
    const foreign: (string | Buffer)[] = ['', 'text', '{"a":1}', '5', Buffer.alloc(100), 'mC1 ', 'mC1 0 0 0 0 \n'];
    await cache.set('good', { a: new Date(0) }, { tags: ['one', 'two'] });
    const { value: good } = await client.get('others:good');
    foreign.push(...forgeries(good as Buffer));
    for (const [index, value] of foreign.entries()) {
      await client.set('others:key', value, { flags: index % 2 === 0 ? 0 : 0x6d060000 });
      expect(await cache.get('key')).toBeUndefined();
      expect(await cache.has('key')).toBe(false);
      expect(await cache.getOrSet('key', () => index)).toBe(index);
      expect(await cache.get('key')).toBe(index);
    }
  });

  it('reads nothing wrong of values that were forged inside', async () => {
    const client = openClient(protocol);
    const cache = new Cache(client, { namespace: 'forged' });
    await cache.set('key', { payload: 'x' });
    const { value } = await client.get('forged:key');
    const [line = ''] = (value as Buffer).toString().split('\n');
    const forge = (payload: string) => `${line.replace(' 15 ', ` ${payload.length} `)}\n${payload}`;
    const payloads = [
      '{"$buffer":{"length":4294967295}}',
      '{"$Uint8Array":"AAAA=="}',
      '{"$map":[[1,2],[1,3]]}',
      '['.repeat(2000) + ']'.repeat(2000),
      '{"$set":['.repeat(1500) + ']}'.repeat(1500),
      '{"$future":1}',
      'not json',
    ];
    for (const payload of payloads) {
      await client.set('forged:key', forge(payload), { flags: 0x6d060000 });
      expect(await cache.get('key')).toBeUndefined();
      expect(await cache.getOrSet('key', () => 'computed')).toBe('computed');
      expect(await cache.get('key')).toBe('computed');
    }
    expect(cache.stats().unreadable).toBeGreaterThanOrEqual(2 * payloads.length);
    const hostile = '[{"__proto__":{"polluted":1}},{"constructor":{"prototype":{"polluted":1}}}]';
    await client.set('forged:key', forge(hostile), { flags: 0x6d060000 });
    expect(JSON.stringify(await cache.get('key'))).toBe(hostile);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('stands the eviction of versions, and others in their place', async () => {
    const client = openClient(protocol);
    const cache = new Cache(client, { namespace: 'evicted' });
    for (const version of ['evicted%v', 'evicted%t:tag']) {
      for (const instead of [undefined, '', 'x', 'x'.repeat(12), `${'x'.repeat(12)} y`, Buffer.from([0, 255])]) {
        await cache.set('key', 1, { tags: ['tag'] });
        expect(await cache.get('key')).toBe(1);
        if (instead === undefined) await client.delete(version);
        else await client.set(version, instead);
        expect(await cache.get('key')).toBeUndefined();
        expect(await cache.getOrSet('key', () => 2, { tags: ['tag'] })).toBe(2);
        expect(await cache.get('key')).toBe(2);
      }
    }
  });
});

it('refuses invalid keys and tags', async () => {
  const cache = open('meta');
  for (const key of ['', `${SECRET}\ud800`, 5, null, undefined, {}, Buffer.from('key')] as string[]) {
    expect(await codeOf(cache.get(key))).toBe('ERR_INVALID_KEY');
    expect(await codeOf(cache.set(key, 1))).toBe('ERR_INVALID_KEY');
    expect(await codeOf(cache.getOrSet(key, () => 1))).toBe('ERR_INVALID_KEY');
    expect(await codeOf(cache.delete(key))).toBe('ERR_INVALID_KEY');
    expect(await codeOf(cache.getMany([key]))).toBe('ERR_INVALID_KEY');
    expect(
      await codeOf(
        cache.getOrSetMany(
          [1],
          () => key,
          () => [1],
        ),
      ),
    ).toBe('ERR_INVALID_KEY');
  }
  const thousands = Array.from({ length: 3000 }, (_, index) => `${SECRET}${index}`);
  for (const tags of ['tag', [''], [5], [null], {}, thousands] as string[][]) {
    expect(await codeOf(cache.set('key', 1, { tags }))).toBe('ERR_INVALID_ARGUMENT');
    expect(await codeOf(cache.getOrSet('key', () => 1, { tags }))).toBe('ERR_INVALID_ARGUMENT');
  }
  expect(await codeOf(cache.set('key', 1, { tags: [`${SECRET}\ud800`] }))).toBe('ERR_INVALID_KEY');
  expect((await failure(cache.set('key', 1, { tags: thousands }))).message).toBe(
    'Invalid tags: expected at most 100 of them, but got 3000',
  );
  for (const tags of [undefined, null, 'tag', ['']] as string[][]) {
    expect(await codeOf(cache.invalidateTags(tags))).toBe('ERR_INVALID_ARGUMENT');
  }
  await cache.set('key', 1, { tags: null as never });
  expect(await cache.delete('key')).toBe(true);
  expect((await failure(cache.get(5 as never))).message).toMatch('it is of type number');
  expect(await cache.has('key')).toBe(false);
  // As many as one likes at once, but not as one value's.
  await cache.invalidateTags(thousands);
});

it('refuses invalid options', async () => {
  const client = openClient('meta');
  const wrong: unknown[] = [
    { namespace: 5 },
    { expires: -1 },
    { expires: 0.5 },
    { staleFor: 'x' },
    { jitter: 2 },
    { misses: -1 },
    { lockFor: 0 },
    { serializer: {} },
    { serializer: { serialize: () => 1 } },
    { near: { admit: 'some' } },
    { partSize: 0 },
    'x',
    null,
  ];
  for (const options of wrong) {
    const made = () => new Cache(client, options as CacheOptions);
    expect(made, JSON.stringify(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  }
  expect(() => new Cache('localhost:11211' as never)).toThrow('Invalid client: expected a Client of memts');
  const cache = new Cache(client);
  expect(await codeOf(cache.set('key', 1, { expires: -1 }))).toBe('ERR_INVALID_ARGUMENT');
  expect(await codeOf(cache.getOrSet('key', 5 as never))).toBe('ERR_INVALID_ARGUMENT');
  expect(await codeOf(cache.getOrSet('key', () => 1, { schema: {} as Schema }))).toBe('ERR_INVALID_ARGUMENT');
  expect(await codeOf(cache.getMany(5 as never))).toBe('ERR_INVALID_ARGUMENT');
  expect(await codeOf(cache.invalidateTags(['a'], { staleFor: -1 }))).toBe('ERR_INVALID_ARGUMENT');
  expect(() => cache.wrap(5 as never, { key: () => 'a' })).toThrow();
  expect(() => cache.wrap(() => 1, {} as never)).toThrow();
});

it('refuses values that can not be stored, by their place, and computes them for nobody', async () => {
  const cache = open('meta');
  for (const value of [{ a: () => 1 }, [Symbol(SECRET)], new (class A {})(), undefined]) {
    expect(await codeOf(cache.set('key', value as never))).toBe('ERR_INVALID_ARGUMENT');
    if (value === undefined) continue;
    expect(await codeOf(cache.getOrSet('key', () => value as never))).toBe('ERR_INVALID_ARGUMENT');
  }
  const error = await failure(cache.set('key', { user: { save: () => 1 } } as never));
  expect(error.message).toBe('Invalid value: there is no form for the function at user.save');
  expect(await cache.has('key')).toBe(false);
  // Larger than the server takes: the caller has the value, and nothing is stored.
  const large = 'x'.repeat(2_000_000);
  const whole = open('meta', { partSize: 4_000_000 });
  expect(await codeOf(whole.set('large', large))).toBe('ERR_VALUE_TOO_LARGE');
  expect(await whole.getOrSet('large', () => large)).toBe(large);
  expect(await whole.has('large')).toBe(false);
});

it('survives a serializer that fails', async () => {
  const broken: Serializer<unknown, unknown> = {
    serialize: (_opcode, value, extras) => ({ value: String(value), extras }),
    deserialize: () => {
      throw new Error(SECRET);
    },
  };
  const cache = open('meta', { serializer: broken });
  await cache.set('key', 'value');
  expect(await cache.get('key')).toBeUndefined();
  const strange = open('meta', {
    serializer: { ...jsonSerializer(), serialize: () => ({ value: 5, extras: 5 }) } as never,
  });
  expect(await codeOf(strange.set('key', 1))).toBe('ERR_INVALID_ARGUMENT');
});

interface User {
  name: string;
}
const SCHEMAS: [string, Schema<User>][] = [
  ['zod', z.object({ name: z.string() })],
  ['valibot', v.object({ name: v.string() })],
  ['arktype', type({ name: 'string' })],
];

describe.each(SCHEMAS)('with a schema of %s', (_name, schema) => {
  it('what it refuses is a miss, and is computed and stored again', async () => {
    const cache = open('meta');
    await cache.set('key', { name: 5 });
    expect(await cache.get('key', { schema })).toBeUndefined();
    expect(await cache.getMany(['key'], { schema })).toEqual(new Map());
    const user = await cache.getOrSet('key', () => ({ name: 'Ada' }), { schema });
    expect(user.name).toBe('Ada');
    expect(await cache.get('key', { schema })).toEqual({ name: 'Ada' });
    expect(cache.stats()).toMatchObject({ computed: 1, unreadable: expect.any(Number) });
    expect(await codeOf(cache.getOrSet('other', () => ({ name: 5, secret: SECRET }), { schema }))).toBe(
      'ERR_INVALID_ARGUMENT',
    );
    expect(await cache.has('other')).toBe(false);
  });
});

it('takes a schema that throws for one that refuses, and what a schema makes of a value for the value', async () => {
  const cache = open('meta');
  const throwing: Schema<string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => {
        throw new Error(SECRET);
      },
    },
  };
  await cache.set('key', 'value');
  expect(await cache.get('key', { schema: throwing })).toBeUndefined();
  expect(await codeOf(cache.getOrSet('new', () => 'value', { schema: throwing }))).toBe('ERR_INVALID_ARGUMENT');
  // Standard Schema asks for an object, and nothing checks that.
  const empty = { '~standard': { version: 1, vendor: 'test', validate: () => undefined } } as unknown as Schema;
  expect(await cache.get('key', { schema: empty })).toBeUndefined();
  expect(await codeOf(cache.getOrSet('new', () => 'value', { schema: empty }))).toBe('ERR_INVALID_ARGUMENT');
  const schema = z.object({ at: z.string().transform((text) => text.length) });
  for (let i = 0; i < 2; i++) expect(await cache.getOrSet('at', () => ({ at: 'four' }), { schema })).toEqual({ at: 4 });
});
