import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../../src/client/client.ts';
import { compressed } from '../../../src/serializers/compress.ts';
import { jsonSerializer } from '../../../src/serializers/json.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';

let server: Memcached;
beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());

function connect<TIn, TOut>(serializer: NonNullable<Parameters<typeof Client.create<TIn, TOut>>[1]>['serializer']) {
  return Client.create<TIn, TOut>(`127.0.0.1:${server.port}`, { serializer });
}

describe('jsonSerializer in a client', () => {
  it('stores and counts', async () => {
    const client = connect(jsonSerializer());
    await client.set('user', { name: 'Ada', tags: ['x'] });
    expect((await client.get('user')).value).toEqual({ name: 'Ada', tags: ['x'] });

    await client.set('visits', 10);
    await client.decrement('visits', 1);
    expect((await client.get('visits')).value).toBe(9);
    await client.increment('visits', 33);
    expect((await client.get('visits')).value).toBe(42);

    await client.set('large', 2n ** 64n - 2n);
    await client.increment('large', 1, { bigint: true });
    expect((await client.get('large')).value).toBe(2n ** 64n - 1n);

    // A counter that the server has made has no mark.
    await client.increment('made', 1, { initial: 5 });
    expect((await client.get('made')).value).toBe('5');
    await client.quit();
  });

  it('appends to strings and tells null from a miss by the flags', async () => {
    const client = connect(jsonSerializer());
    await client.set('log', 'a');
    await client.append('log', 'b');
    await client.prepend('log', 'é');
    expect((await client.get('log')).value).toBe('éab');
    await client.set('null', null);
    expect(await client.get('null')).toEqual({ value: null, flags: Buffer.from('6d050000', 'hex') });
    expect(await client.get('nothing')).toEqual({ value: null, flags: null });
    await client.quit();
  });

  it('reports what it refuses through the promise', async () => {
    const client = connect<unknown, unknown>(compressed(jsonSerializer<unknown>()));
    await expect(client.set('k', undefined)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    await expect(client.append('k', 'x')).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' });
    await client.quit();
  });

  it('stores compressed', async () => {
    const client = connect(compressed(jsonSerializer()));
    const value = { text: 'x'.repeat(2_000_000) };
    expect(await client.set('long', value)).toBe(true);
    expect((await client.get('long')).value).toEqual(value);
    await client.quit();
  });
});
