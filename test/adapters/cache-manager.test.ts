import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { afterAll, expect, it } from 'vitest';
import { KeyvMemts } from '../../src/adapters/keyv.ts';
import { createKeyv } from '../../src/adapters/keyv-create.ts';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';

const server = await startMemcached();
const client = Client.create(server.address);

afterAll(async () => {
  await client.quit();
  await server.stop();
});

it.each([
  ['a Keyv', () => new Keyv({ store: new KeyvMemts(client), namespace: 'manager' })],
  ['createKeyv', () => createKeyv(client, { namespace: 'created' })],
])('is a store of cache-manager 7, as %s', async (_name, makeKeyv) => {
  const cache = createCache({ stores: [makeKeyv()], ttl: 60_000 });
  expect(await cache.set('user', { name: 'Ada' })).toEqual({ name: 'Ada' });
  expect(await cache.get('user')).toEqual({ name: 'Ada' });
  expect(await cache.ttl('user')).toBeGreaterThan(Date.now() + 50_000);

  await cache.mset([
    { key: 'a', value: 1 },
    { key: 'b', value: 2, ttl: 1000 },
  ]);
  expect(await cache.mget(['b', 'nothing', 'a'])).toEqual([2, undefined, 1]);
  await cache.mdel(['a', 'b']);
  expect(await cache.mget(['a', 'b'])).toEqual([undefined, undefined]);

  let computations = 0;
  const compute = () => cache.wrap('report', async () => ++computations, 60_000);
  expect([await compute(), await compute(), computations]).toEqual([1, 1, 1]);

  expect(await cache.del('user')).toBe(true);
  expect(await cache.get('user')).toBeUndefined();
  await cache.clear();
  expect(await compute()).toBe(2);
  await cache.disconnect();
  // The client is the test's own and still works.
  expect(await client.set('open', '1')).toBe(true);
});
