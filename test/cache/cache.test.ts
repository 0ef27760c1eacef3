import { describe, expect, it } from 'vitest';
import { Cache } from '../../src/cache/index.ts';
import { compressed, jsonSerializer, structuredSerializer } from '../../src/index.ts';
import { sleep } from '../support/wait.ts';
import { gate, PROTOCOLS, useServer } from './support.ts';

const { cache: open, open: openClient } = await useServer();

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('gives back what was stored, and undefined for a miss', async () => {
    const cache = open(protocol);
    const values = [
      0,
      '',
      null,
      false,
      Number.NaN,
      { at: new Date(1), of: new Map([[1, [undefined]]]) },
      Buffer.from('hi'),
    ];
    for (const [index, value] of values.entries()) {
      expect(await cache.set(`key ${index}`, value)).toBe(true);
      expect(await cache.get(`key ${index}`)).toEqual(value);
      expect(await cache.has(`key ${index}`)).toBe(true);
    }
    expect(await cache.get('missing')).toBeUndefined();
    expect(await cache.has('missing')).toBe(false);
  });

  it('reads, stores and deletes many', async () => {
    const cache = open(protocol);
    expect(
      await cache.setMany([
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ]),
    ).toBe(true);
    expect(await cache.getMany(['b', 'a', 'c', 'a'])).toEqual(
      new Map([
        ['b', 2],
        ['a', 3],
      ]),
    );
    expect(await cache.deleteMany(['a', 'c'])).toEqual(
      new Map([
        ['a', true],
        ['c', false],
      ]),
    );
    expect(await cache.getMany(new Set(['a', 'b']))).toEqual(new Map([['b', 2]]));
    expect([await cache.delete('b'), await cache.delete('b')]).toEqual([true, false]);
    expect(await cache.getMany([])).toEqual(new Map());
  });

  it('computes a value once for all who ask for it, in this process and others', async () => {
    const caches = Array.from({ length: 3 }, () => new Cache(openClient(protocol), { namespace: `once ${protocol}` }));
    let computed = 0;
    const compute = async () => {
      await sleep(50);
      return { number: ++computed };
    };
    const asked = caches.flatMap((cache) => Array.from({ length: 20 }, () => cache.getOrSet('key', compute)));
    const values = await Promise.all(asked);
    expect(new Set(values.map(({ number }) => number))).toEqual(new Set([1]));
    // Each has one of its own.
    expect(new Set(values).size).toBe(60);
  });

  it('gives an error of compute to all who wait, and stores nothing', async () => {
    const cache = open(protocol);
    const failing = Array.from({ length: 3 }, () => cache.getOrSet('key', () => Promise.reject(new Error('mine'))));
    for (const outcome of await Promise.allSettled(failing))
      expect(outcome).toMatchObject({ reason: { message: 'mine' } });
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
  });

  it('serves what is past its expires for staleFor seconds, while one makes the new value', async () => {
    const cache = open(protocol, { expires: 1, staleFor: 60 });
    let number = 0;
    const get = () => cache.getOrSet('key', () => ++number);
    expect(await get()).toBe(1);
    await expect.poll(() => cache.get('key'), { timeout: 4000 }).toBeUndefined();
    expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
    await expect.poll(get).toBe(2);
    expect(number).toBe(2);
    expect(cache.stats()).toMatchObject({ stale: expect.any(Number), computed: 2 });
  });

  it('keeps a computed null for misses seconds, or as long as anything else', async () => {
    const cache = open(protocol);
    let computed = 0;
    const nothing = () => {
      computed++;
      return null;
    };
    for (const misses of [undefined, 60]) {
      expect(await cache.getOrSet(`key ${misses}`, nothing, { misses })).toBeNull();
      expect(await cache.getOrSet(`key ${misses}`, () => 'other', { misses })).toBeNull();
    }
    expect(computed).toBe(2);
    for (let i = 0; i < 2; i++) expect(await cache.getOrSet('none', nothing, { misses: 0 })).toBeNull();
    for (let i = 0; i < 2; i++) expect(await cache.getOrSet('undefined', () => undefined)).toBeUndefined();
    expect(computed).toBe(4);
    if (protocol !== 'meta') return;
    await cache.getOrSet('short', nothing, { misses: 1 });
    await expect.poll(() => cache.has('short'), { timeout: 4000 }).toBe(false);
  });

  it('invalidates tags and the namespace for all processes', async () => {
    const options = { namespace: `tags ${protocol}` };
    const [here, there] = [new Cache(openClient(protocol), options), new Cache(openClient(protocol), options)];
    await here.set('a', 1, { tags: ['one', 'both'] });
    await here.set('b', 2, { tags: ['two', 'both'] });
    await here.set('c', 3);
    expect(await there.getMany(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]),
    );
    await there.invalidateTags(['one']);
    expect(await here.getMany(['a', 'b', 'c'])).toEqual(
      new Map([
        ['b', 2],
        ['c', 3],
      ]),
    );
    await here.invalidateTags(['both', 'nobody has it']);
    expect(await there.getMany(['a', 'b', 'c'])).toEqual(new Map([['c', 3]]));
    await there.set('a', 4, { tags: ['one', 'both'] });
    expect(await here.get('a')).toBe(4);
    await there.clear();
    expect(await here.getMany(['a', 'b', 'c'])).toEqual(new Map());
  });

  it('serves old values of a tag only where its invalidation said so', async () => {
    const cache = open(protocol, { staleFor: 60 });
    const get = (value: number) => cache.getOrSet('key', () => value, { tags: ['soft', 'hard'] });
    await get(1);
    await cache.invalidateTags(['soft'], { staleFor: 60 });
    expect(await cache.get('key')).toBeUndefined();
    expect(await get(2)).toBe(1);
    await expect.poll(() => get(3)).toBe(2);
    await cache.invalidateTags(['soft'], { staleFor: 60 });
    await cache.invalidateTags(['hard']);
    expect(await get(4)).toBe(4);
    await cache.invalidateTags(['soft'], { staleFor: 60 });
    await cache.invalidateTags(['soft']);
    expect(await get(5)).toBe(5);
    if (protocol !== 'meta') return;
    await cache.invalidateTags(['soft'], { staleFor: 1 });
    await sleep(1100);
    expect(await get(6)).toBe(6);
  });

  it('does not store what was computed from before an invalidation, a delete or a set', async () => {
    const options = { namespace: `during ${protocol}` };
    const [here, there] = [new Cache(openClient(protocol), options), new Cache(openClient(protocol), options)];
    const during: [string, () => Promise<unknown>, unknown][] = [
      ['tag', () => there.invalidateTags(['tag']), undefined],
      ['clear', () => there.clear(), undefined],
      ['delete', () => there.delete('delete'), undefined],
      ['set', () => there.set('set', 'newer'), 'newer'],
    ];
    for (const [key, change, expected] of during) {
      const [begun, end] = [gate(), gate()];
      const compute = async () => {
        begun.open();
        await end.promise;
        return 'older';
      };
      const computing = here.getOrSet(key, compute, { tags: ['tag'] });
      await begun.promise;
      await change();
      end.open();
      expect(await computing).toBe('older');
      expect(await there.get(key), key).toBe(expected);
    }
  });

  it('has who came behind an invalidation compute again, though they waited for a computation', async () => {
    const cache = open(protocol);
    const other = cache;
    const [begun, end] = [gate(), gate()];
    let computed = 0;
    const compute = async () => {
      const number = ++computed;
      if (number === 1) {
        begun.open();
        await end.promise;
      }
      return number;
    };
    const get = () => cache.getOrSet('key', compute, { tags: ['tag'] });
    const first = [get(), get()];
    await begun.promise;
    const between = get();
    await other.invalidateTags(['tag']);
    const late = [get(), get(), get()];
    await sleep(20);
    end.open();
    expect(await Promise.all(first)).toEqual([1, 1]);
    expect(await Promise.all(late)).toEqual([2, 2, 2]);
    expect([1, 2]).toContain(await between);
    expect(await get()).toBe(2);
  });

  it('computes many in one call, and once among all who ask', async () => {
    const cache = open(protocol);
    await cache.set('user:2', 'two');
    const calls: number[][] = [];
    const load = async (ids: number[]) => {
      calls.push(ids);
      await sleep(20);
      return new Map(ids.filter((id) => id !== 9).map((id) => [id, `made ${id}`]));
    };
    const get = (ids: number[]) => cache.getOrSetMany(ids, (id) => `user:${id}`, load, { tags: [] });
    const [some, others] = await Promise.all([get([1, 2, 3, 9, 1]), get([3, 4])]);
    expect(some).toEqual(
      new Map([
        [1, 'made 1'],
        [2, 'two'],
        [3, 'made 3'],
      ]),
    );
    expect(others).toEqual(
      new Map([
        [3, 'made 3'],
        [4, 'made 4'],
      ]),
    );
    expect(calls.map((ids) => ids.toSorted())).toEqual([[1, 3, 9], [4]]);
    expect(
      await cache.getOrSetMany(
        [1, 9],
        (id) => `user:${id}`,
        (ids) => ids.map(() => 'again'),
      ),
    ).toEqual(
      new Map([
        [1, 'made 1'],
        [9, 'again'],
      ]),
    );
    const error = await cache.getOrSetMany([5], String, () => []).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('wraps a function', async () => {
    const cache = open(protocol);
    const db = {
      calls: 0,
      async user(id: number) {
        this.calls++;
        return { id, since: new Date(id) };
      },
    };
    const load = cache.wrap(db.user, { key: (id) => `user:${id}`, tags: (id) => [`user ${id}`] });
    expect(await load.call(db, 1)).toEqual({ id: 1, since: new Date(1) });
    expect(await load.call(db, 1)).toEqual({ id: 1, since: new Date(1) });
    expect(db.calls).toBe(1);
    await cache.invalidateTags(['user 1']);
    await load.call(db, 1);
    expect(db.calls).toBe(2);
  });

  it('counts', async () => {
    const cache = open(protocol);
    await cache.getOrSet('a', () => 1);
    await cache.getOrSet('a', () => 1);
    await cache.get('a');
    await cache.get('b');
    expect(cache.stats()).toEqual({
      hits: 2,
      near: 0,
      revalidated: 0,
      misses: 2,
      computed: 1,
      stale: 0,
      unreadable: 0,
      errors: 0,
      bytes: 0,
    });
  });
});

it('works with any serializer, and over what the client has', async () => {
  const client = openClient('meta', { serializer: jsonSerializer() as never, keyPrefix: 'p:' });
  const date = new Date(5);
  const packed = new Cache(client, { serializer: compressed(structuredSerializer()) });
  await packed.set('packed', { date, text: 'long '.repeat(5000) });
  expect(await packed.get('packed')).toMatchObject({ date });
  const json = new Cache(client, { namespace: 'json', serializer: jsonSerializer() });
  await json.set('date', { date });
  expect(await json.get('date')).toEqual({ date: date.toJSON() });
  expect(await json.getOrSet('date', () => ({ date }))).toEqual({ date: date.toJSON() });
});

it('keeps namespaces apart, whatever is in their names', async () => {
  const client = openClient('classic');
  const names = [
    '',
    'a',
    'a:b',
    'a%3ab',
    'a b',
    'a%20b',
    'x'.repeat(300),
    `${'x'.repeat(300)}y`,
    'ü'.repeat(200),
    '%v',
  ];
  const keys = ['b:c', 'c', 'k', '%v', '%t:tag', 'b', 'a:b:c'];
  const caches = names.map((namespace) => new Cache(client, { namespace }));
  for (const [index, cache] of caches.entries()) {
    for (const key of keys) await cache.set(key, `${index} ${key}`, { tags: ['tag'] });
  }
  // Without a namespace there is no prefix, so that some of its keys are those of others: then those are misses.
  for (const [index, cache] of caches.entries()) {
    for (const key of keys) expect([undefined, `${index} ${key}`]).toContain(await cache.get(key));
  }
  for (const [index, cache] of caches.entries()) {
    await cache.set('own', index, { tags: ['tag'] });
  }
  await caches[1]?.clear();
  await caches[2]?.invalidateTags(['tag']);
  const left = await Promise.all(caches.map((cache) => cache.get('own')));
  expect(left).toEqual(caches.map((_, index) => (index === 1 || index === 2 ? undefined : index)));
});

it('ends a wait by its signal, while the computation goes on', async () => {
  const cache = open('meta');
  const end = gate<number>();
  const stop = new AbortController();
  const waiting = cache.getOrSet('key', () => end.promise, { signal: stop.signal });
  await sleep(20);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  end.open(7);
  await expect.poll(() => cache.get('key')).toBe(7);
});

it('lets a computation take lockFor at most', async () => {
  const cache = open('meta', { lockFor: 0.05 });
  const aborted = gate<unknown>();
  const never = ({ signal }: { signal: AbortSignal }) =>
    new Promise<number>(() => signal.addEventListener('abort', () => aborted.open(signal.reason)));
  await expect(cache.getOrSet('key', never)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  expect(await aborted.promise).toMatchObject({ code: 'ERR_TIMEOUT' });
});
