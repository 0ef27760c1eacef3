import { on, once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { Cache } from '../../src/cache/index.ts';
import { Client, MemcacheError } from '../../src/index.ts';
import { failure } from '../support/outcomes.ts';
import { freePort } from '../support/ports.ts';
import { Repeater } from '../support/repeater.ts';
import { PROTOCOLS, QUICK, useServer } from './support.ts';

const { server, cache: open } = await useServer();
const AWAY = `127.0.0.1:${await freePort()}`;

describe.each([false, true])('with a server away and failover: %s', (failover) => {
  it('reads miss and getOrSet computes, with an event and a number; writes and invalidations reject', async () => {
    await using client = Client.create([server.address, AWAY], { ...QUICK, failover });
    const home = (key: string) => client.getServer(key);
    // Whose own version is at hand, so that only the keys decide.
    const namespace = Array.from({ length: 50 }, (_, index) => `away${index}`).find((name) => home(`${name}%v`) === 0);
    const cache = new Cache(client, { namespace: namespace as string });
    const errors: unknown[] = [];
    cache.on('error', (error) => errors.push(error));
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
    const [there, away] = [0, 1].map((index) =>
      keys.filter((key) => home(`${namespace}:${key.replace(' ', '%20')}`) === index),
    );
    for (const key of there as string[]) {
      await cache.set(key, key);
      expect(await cache.get(key)).toBe(key);
    }
    expect(errors).toEqual([]);
    for (const key of (away as string[]).slice(0, 3)) {
      expect(await failure(cache.set(key, key))).toBeInstanceOf(MemcacheError);
      expect(await failure(cache.delete(key))).toBeInstanceOf(MemcacheError);
      expect(await cache.get(key)).toBeUndefined();
      expect(await cache.has(key)).toBe(false);
      expect(await cache.getOrSet(key, () => 'made')).toBe('made');
      expect(await cache.getOrSet(key, () => 'again')).toBe('again');
    }
    expect((await cache.getMany(keys)).size).toBe((there as string[]).length);
    await expect(cache.setMany(keys.map((key) => [key, 'new']))).rejects.toThrow();
    for (const key of there as string[]) expect(await cache.get(key)).toBe('new');
    await expect(cache.deleteMany(keys)).rejects.toThrow();
    expect((await cache.getMany(keys)).size).toBe(0);
    expect(errors.length).toBeGreaterThan(5);
    for (const error of errors) expect(error).toBeInstanceOf(MemcacheError);
    expect(cache.stats().errors).toBe(errors.length);
    const tags = Array.from({ length: 20 }, (_, index) => `tag${index}`);
    const gone = tags.find((tag) => home(`${namespace}%t:${tag}`) === 1) as string;
    await expect(cache.invalidateTags([gone])).rejects.toThrow();
    await expect(cache.invalidateTags([gone], { staleFor: 5 })).rejects.toThrow();
    expect(await cache.getOrSet('tagged', () => 1, { tags: [gone] })).toBe(1);
    expect(await failure(cache.set('tagged', 1, { tags: [gone] }))).toBeInstanceOf(MemcacheError);
    const lost = Array.from({ length: 50 }, (_, index) => `lost${index}`).find((name) => home(`${name}%v`) === 1);
    const other = new Cache(client, { namespace: lost as string });
    await expect(other.clear()).rejects.toThrow();
    expect(await other.get('key')).toBeUndefined();
    expect(await other.getOrSet('key', () => 2)).toBe(2);
  });
});

it('has its errors waited for, and listeners taken off, as those of an EventEmitter', async () => {
  await using client = Client.create(AWAY, QUICK);
  const cache = new Cache(client);
  const listener = vi.fn();
  cache.on('error', listener).removeListener('error', listener);
  const next = once(cache, 'error').catch((error: unknown) => [error]);
  await cache.get('key');
  expect(await next).toMatchObject([{ code: 'ERR_CONNECT' }]);
  const errors = on(cache, 'failed');
  await errors.return?.();
  expect(listener).not.toHaveBeenCalled();
});

it('needs no listener to errors', async () => {
  await using client = Client.create(AWAY, QUICK);
  const cache = new Cache(client);
  expect(await cache.get('key')).toBeUndefined();
  expect(
    await cache.getOrSetMany(
      [1, 2],
      (id) => `${id}`,
      (ids) => ids,
    ),
  ).toEqual(
    new Map([
      [1, 1],
      [2, 2],
    ]),
  );
  expect(cache.stats()).toMatchObject({ errors: expect.any(Number), computed: 2, misses: 3 });
});

it('has invalidated what it could where one of several tags could not be', async () => {
  await using client = Client.create([server.address, AWAY], QUICK);
  const tags = Array.from({ length: 30 }, (_, index) => `tag${index}`);
  const cache = new Cache(client, { namespace: 'some' });
  const near = tags.filter((tag) => client.getServer(`some%t:${tag}`) === 0);
  await expect(cache.invalidateTags(tags)).rejects.toThrow();
  expect(near.length).toBeGreaterThan(2);
});

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('brings nothing back by a command that the server gets once more, late', async () => {
    await using repeater = await Repeater.start(server.port);
    await using client = Client.create(repeater.address, { protocol });
    const options = { namespace: `late ${protocol}` };
    const cache = new Cache(client, options);
    const other = new Cache(client, options);
    const rounds: [string, () => Promise<unknown>][] = [
      ['delete', () => other.delete('key')],
      ['set', () => other.set('key', 'newer')],
      ['tag', () => other.invalidateTags(['tag'])],
      ['clear', () => other.clear()],
    ];
    for (const [name, end] of rounds) {
      for (const store of [
        () => cache.set('key', 'older', { tags: ['tag'] }),
        () => cache.getOrSet('key', () => 'older', { tags: ['tag'] }),
      ]) {
        // So that the versions are stored in the round, too.
        await other.clear();
        await other.invalidateTags(['tag']);
        await other.delete('key');
        repeater.take();
        await store();
        expect(await cache.get('key')).toBe('older');
        const sent = repeater.take();
        await end();
        for (const bytes of sent) {
          await repeater.repeat(bytes);
          expect(await cache.get('key'), name).not.toBe('older');
        }
        for (const bytes of sent.toReversed()) {
          await repeater.repeat(bytes);
          expect(await cache.get('key'), name).not.toBe('older');
        }
      }
    }
  });
});

it('ends what is under way when its client is closed, and nothing keeps the process', async () => {
  const cache = open('meta', { lockFor: 5 });
  const own = Client.create(server.address, QUICK);
  const closing = new Cache(own, { namespace: 'closing' });
  const waiting = closing.getOrSet('key', () => new Promise<number>(() => {}));
  await expect.poll(() => closing.stats().computed).toBe(1);
  own.close();
  expect((await failure(waiting)).message).toContain('closed');
  expect(await cache.getOrSet('key', () => 1)).toBe(1);
});

it.each(PROTOCOLS)('sets one key from many callers and clients at once, over %s', async (protocol) => {
  const namespace = `crowd ${protocol}`;
  const clients = Array.from({ length: 6 }, () => Client.create(server.address, { protocol }));
  const caches = clients.map((client) => new Cache(client, { namespace }));
  const sets = caches.flatMap((cache, index) =>
    Array.from({ length: 30 }, (_, number) => cache.set('key', `${index}:${number}`)),
  );
  expect((await Promise.allSettled(sets)).filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(await (caches[0] as Cache).get('key')).toMatch(/^\d:29$/);
  await Promise.all(clients.map((client) => client.quit()));
});
