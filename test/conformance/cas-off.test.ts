import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { MEMCACHEDS } from '../support/memcacheds.ts';
import { failure } from '../support/outcomes.ts';

const CASES = MEMCACHEDS.filter(({ program }) => program !== undefined).flatMap(({ name }) =>
  (name === '1.6.9' ? (['auto', 'binary', 'classic'] as const) : (['auto', 'binary', 'meta', 'classic'] as const)).map(
    (protocol) => [name, protocol] as const,
  ),
);

describe.each(CASES)('memcached %s -C, %s', (version, protocol) => {
  let server: Memcached;
  let client: Client;
  let other: Client;
  beforeAll(async () => {
    server = await startMemcached({ version, args: ['-C'] });
    const options = { protocol, timeout: 2, logger: { log(): void {} } };
    client = Client.create(server.address, options);
    other = Client.create(server.address, options);
  });
  afterAll(async () => {
    client?.close();
    other?.close();
    await server?.stop();
  });

  it('get with cas and update say that CAS is switched off', async () => {
    await client.set('key', 'value');
    const errors = [
      await failure(client.get('key', { cas: true })),
      await failure(client.get('key', { ifNoneMatch: 5n })),
      await failure(client.update('key', () => 'new')),
      (await client.getMulti(['key'], { cas: true })).errors.get('key'),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_UNSUPPORTED', server: server.address });
      expect(String(error)).toMatch(/CAS switched off/);
    }
    expect((await client.get('key')).value?.toString()).toBe('value');
    expect((await client.get('missing', { cas: true })).value).toBeNull();
  });

  it.skipIf(protocol !== 'meta')('an item that is inspected has null for its CAS', async () => {
    await client.set('key', 'value');
    expect(await client.inspect('key')).toMatchObject({ cas: null, size: 5, ttl: null });
  });

  it('getOrSet computes once, stores, and makes nobody wait', async () => {
    const begin = performance.now();
    let computed = 0;
    const compute = async (): Promise<string> => `made ${++computed}`;
    expect(String(await client.getOrSet('made', compute))).toBe('made 1');
    expect(String(await client.getOrSet('made', compute))).toBe('made 1');
    expect(String(await other.getOrSet('made', compute))).toBe('made 1');
    expect(await failure(client.getOrSet('failing', () => Promise.reject(new Error('no'))))).toMatchObject({
      message: 'no',
    });
    expect(String(await other.getOrSet('failing', compute))).toBe('made 2');
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it('a delete during a computation keeps its result out; a set is overwritten by it', async () => {
    const outdated = (write: () => Promise<unknown>) => async () => {
      await write();
      return 'outdated';
    };
    await client.getOrSet(
      'deleted',
      outdated(() => other.delete('deleted')),
    );
    expect((await client.get('deleted')).value).toBeNull();
    await client.getOrSet(
      'overwritten',
      outdated(() => other.set('overwritten', 'newer')),
    );
    expect(String((await client.get('overwritten')).value)).toBe('outdated');
    const many = await client.getOrSetMulti(['gone', 'kept'], async (keys) => {
      await other.delete('gone');
      return keys.map((key) => [key, 'made'] as const);
    });
    expect(many.size).toBe(2);
    expect([...(await client.getMulti(['gone', 'kept'])).keys()]).toEqual(['kept']);
  });
});
