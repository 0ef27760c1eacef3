import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { failure } from '../support/outcomes.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startTwemproxy } from '../support/twemproxy.ts';
import { flagsOf } from './client/suite/target.ts';

describe.each(['classic', 'auto'] as const)('through twemproxy, %s', (protocol) => {
  let servers: Memcached[];
  let proxy: ServerProcess;
  let client: Client;

  beforeAll(async () => {
    servers = await Promise.all([startMemcached(), startMemcached()]);
    proxy = await startTwemproxy({ servers: servers.map(({ address }) => address) });
    client = Client.create(proxy.address, { protocol, timeout: 2, conntimeout: 2, logger: { log(): void {} } });
  });

  afterEach(async () => {
    const direct = Client.create(servers.map(({ address }) => address).join());
    await direct.flush();
    direct.close();
  });

  afterAll(async () => {
    client.close();
    await proxy.stop();
    await Promise.all(servers.map((server) => server.stop()));
  });

  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);

  it('is found to speak classic', async () => {
    await client.get('key');
    expect(client.servers[0]).toHaveProperty('protocol', 'classic');
  });

  it('get, set, add and replace', async () => {
    expect(await client.get('key')).toEqual({ value: null, flags: null });
    expect(await client.replace('key', 'a')).toBe(false);
    expect(await client.add('key', 'b', { flags: 5, expires: 100 })).toBe(true);
    expect(await client.add('key', 'c')).toBe(false);
    expect(await client.replace('key', 'd', { flags: 0xffffffff })).toBe(true);
    expect(await client.get('key')).toEqual({ value: Buffer.from('d'), flags: flagsOf(0xffffffff) });
    expect(await client.set('key', Buffer.alloc(200_000, 7))).toBe(true);
    expect((await client.get('key')).value?.equals(Buffer.alloc(200_000, 7))).toBe(true);
  });

  it('cas', async () => {
    await client.set('key', '1');
    const { cas } = await client.get('key', { cas: true });
    expect(await client.set('key', '2', { cas: cas as bigint })).toBe(true);
    expect(await client.set('key', '3', { cas: cas as bigint })).toBe(false);
    expect(await client.update('key', (value) => `${value}!`)).toBe('2!');
  });

  it('append, prepend and delete', async () => {
    expect(await client.append('key', 'c')).toBe(false);
    await client.set('key', 'b');
    expect(await client.append('key', 'c')).toBe(true);
    expect(await client.prepend('key', 'a')).toBe(true);
    expect((await client.get('key')).value?.toString()).toBe('abc');
    expect(await client.delete('key')).toBe(true);
    expect(await client.delete('key')).toBe(false);
  });

  it('counters, with an initial value too', async () => {
    expect(await client.increment('n', 5, { initial: 10 })).toEqual({ success: true, value: 10 });
    expect(await client.increment('n', 5, { initial: 10 })).toEqual({ success: true, value: 15 });
    expect(await client.decrement('n', 20)).toEqual({ success: true, value: 0 });
    expect(await client.increment('none', 1, { initial: null })).toEqual({ success: false, value: null });
    const counted = await Promise.all(Array.from({ length: 100 }, () => client.increment('many', 1)));
    expect(counted.map(({ value }) => value)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    await client.set('text', 'text');
    expect(await failure(client.increment('text', 1))).toMatchObject({
      code: 'ERR_NOT_NUMERIC',
      message: 'MemJS INCREMENT: Incr/Decr on non-numeric value',
    });
  });

  it('touch', async () => {
    expect(await client.touch('key', 100)).toBe(false);
    await client.set('key', 'value');
    expect(await client.touch('key', 100)).toBe(true);
  });

  it('setMulti, getMulti and deleteMulti, over both servers', async () => {
    const stored = await client.setMulti(keys.map((key) => [key, `value of ${key}`] as const));
    expect(new Map([...stored])).toEqual(new Map(keys.map((key) => [key, true])));
    const found = await client.getMulti([...keys, 'none'], { cas: true });
    expect(found.size).toBe(keys.length);
    for (const key of keys) {
      const hit = found.get(key);
      expect(hit?.value?.toString()).toBe(`value of ${key}`);
      expect(hit?.cas).toBeTypeOf('bigint');
    }
    // Each of them has some.
    for (const { address } of servers) {
      const direct = Client.create(address);
      expect((await direct.getMulti(keys)).size).toBeGreaterThan(0);
      direct.close();
    }
    const deleted = await client.deleteMulti([...keys, 'none']);
    expect(deleted.get('none')).toBe(false);
    expect(keys.map((key) => deleted.get(key))).toEqual(keys.map(() => true));
    expect((await client.getMulti(keys)).size).toBe(0);
  });

  it('version, which the proxy answers itself', async () => {
    expect((await client.version())[proxy.address]).toMatch(/^\d/);
  });

  it('commands that it does not know end, and so does no other', async () => {
    expect(await failure(client.flush().then((results) => Promise.reject(results[proxy.address])))).toMatchObject({
      name: 'MemcacheError',
    });
    expect(await failure(client.getAndTouch('key', 100))).toMatchObject({ name: 'MemcacheError' });
    expect(await failure(client.stats())).toMatchObject({ name: 'MemcacheError' });
    expect(await client.set('key', 'value')).toBe(true);
    expect((await client.get('key')).value?.toString()).toBe('value');
  });
});
