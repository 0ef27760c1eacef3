import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { Cache } from '../../src/cache/index.ts';
import { Client, jsonSerializer } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { PROTOCOLS, QUICK } from './support.ts';

const SERVERS: [string, () => Promise<{ address: string } & AsyncDisposable>][] = [
  ['a server without CAS', () => startMemcached({ args: ['-C'] })],
  ['MemoryServer', () => MemoryServer.start()],
];

describe.each(SERVERS)('on %s', (_name, start) => {
  it.each(PROTOCOLS)('works over %s', async (protocol) => {
    await using server = await start();
    await using client = Client.create(server.address, { ...QUICK, protocol });
    const cache = new Cache(client, { namespace: 'shop', expires: 300, staleFor: 300 });
    await cache.set('a', { at: new Date(1) }, { tags: ['tag'] });
    expect(await cache.get('a')).toEqual({ at: new Date(1) });
    await cache.set('a', 2, { tags: ['tag'] });
    expect(await cache.getOrSet('a', () => 3, { tags: ['tag'] })).toBe(2);
    await cache.invalidateTags(['tag']);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.getOrSet('a', () => 3, { tags: ['tag'] })).toBe(3);
    expect(await cache.getOrSet('a', () => 4, { tags: ['tag'] })).toBe(3);
    await cache.clear();
    expect(await cache.getOrSet('a', () => 4, { tags: ['tag'] })).toBe(4);
    expect(await cache.delete('a')).toBe(true);
    expect(await cache.has('a')).toBe(false);
    expect(cache.stats().errors).toBe(0);
  });
});

it('has the types of what goes in, of the schema, or of the serializer', async () => {
  await using server = await MemoryServer.start();
  await using client = Client.create(server.address);
  const cache = new Cache(client);
  interface User {
    name: string;
    since: Date;
  }
  const user = (): User => ({ name: 'Ada', since: new Date(0) });
  expectTypeOf(await cache.getOrSet('a', user)).toEqualTypeOf<User>();
  expectTypeOf(await cache.getOrSet('b', async () => (Math.random() > 2 ? null : user()))).toEqualTypeOf<User | null>();
  expectTypeOf(await cache.get<User>('a')).toEqualTypeOf<User | undefined>();
  expectTypeOf(await cache.get('a')).toEqualTypeOf<unknown>();
  expectTypeOf(await cache.getMany<User>(['a'])).toEqualTypeOf<Map<string, User>>();
  const users = await cache.getOrSetMany([1], String, () => [user()]);
  expectTypeOf(users).toEqualTypeOf<Map<number, User>>();
  const load = cache.wrap(async (id: number, _more: string) => [id], { key: (id, more) => `${id}${more}` });
  expectTypeOf(load).toEqualTypeOf<(id: number, more: string) => Promise<number[]>>();
  const schema = z.object({ name: z.string() });
  expectTypeOf(await cache.getOrSet('a', user, { schema })).toEqualTypeOf<{ name: string }>();
  expectTypeOf(await cache.get('a', { schema })).toEqualTypeOf<{ name: string } | undefined>();
  const json = new Cache(client, { namespace: 'json', serializer: jsonSerializer() });
  expectTypeOf(await json.getOrSet('a', user)).toEqualTypeOf<{ name: string; since: string }>();
  // @ts-expect-error a function has no form.
  await expect(cache.getOrSet('c', () => () => 1)).rejects.toThrow();
  // @ts-expect-error no function either.
  await expect(cache.set('c', () => 1)).rejects.toThrow();
});
