import { describe, expect, it, vi } from 'vitest';
import { jsonSerializer } from '../../src/index.ts';
import { failure, timeLeft } from '../support/outcomes.ts';
import { freePort } from '../support/ports.ts';
import { eventually, sleep } from '../support/wait.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

const made = (keys: string[]): Map<string, string> => new Map(keys.map((key) => [key, `made ${key}`]));

/** A result with its values as text. */
function texts(result: ReadonlyMap<unknown, unknown>): Map<unknown, string> {
  return new Map([...result].map(([key, value]) => [key, String(value)]));
}

describeEverywhere((target: Target) => {
  describe('getOrSetMulti', () => {
    const keysOf = (count: number): string[] => {
      const name = target.key();
      return Array.from({ length: count }, (_, index) => `${name}-${index}`);
    };

    it('computes what is missing with one call, stores it, and serves it without computing', async () => {
      const keys = keysOf(600);
      const [first = '', second = ''] = keys;
      await target.client.set(first, 'there');
      const compute = vi.fn(made);
      const expected = made(keys).set(first, 'there');
      expect(texts(await target.client.getOrSetMulti(keys, compute, { expires: 100 }))).toEqual(expected);
      expect(compute).toHaveBeenCalledTimes(1);
      expect(compute.mock.calls[0]?.[0]).toEqual(keys.slice(1));
      if (target.can.ttl) expect(await timeLeft(target.description.server, second)).toBeOneOf([99, 100]);
      expect(texts(await target.create().getOrSetMulti(keys, compute))).toEqual(expected);
      expect(compute).toHaveBeenCalledTimes(1);
      expect(texts(await target.client.getMulti(keys)).size).toBe(keys.length);
    });

    it('no keys: an empty map, and nothing is computed', async () => {
      const compute = vi.fn(made);
      const none = await target.client.getOrSetMulti([], compute);
      expect([none.size, none.errors.size]).toEqual([0, 0]);
      expect(compute).not.toHaveBeenCalled();
    });

    it('a key that is asked for twice, as text and as bytes, is computed once', async () => {
      const key = target.key();
      const bytes = Buffer.from(key);
      const compute = vi.fn((keys: (string | Buffer)[]) => keys.map((one) => [one, 'value'] as const));
      const found = await target.client.getOrSetMulti<string, string | Buffer>([key, bytes, key], compute);
      expect(compute.mock.calls[0]?.[0]).toEqual([key]);
      expect(texts(found)).toEqual(
        new Map<unknown, string>([
          [key, 'value'],
          [bytes, 'value'],
        ]),
      );
      found.get(key)?.fill(0);
      expect(String(found.get(bytes))).toBe('value');
    });

    it('calls that overlap compute each key once', async () => {
      const keys = keysOf(40);
      const counts = new Map<string, number>();
      const compute = async (asked: string[]): Promise<Map<string, string>> => {
        for (const key of asked) counts.set(key, (counts.get(key) ?? 0) + 1);
        await sleep(30);
        return made(asked);
      };
      const calls = [0, 5, 10, 15].map((start) =>
        (start % 2 ? target.create() : target.client).getOrSetMulti(keys.slice(start, start + 25), compute),
      );
      for (const found of await Promise.all(calls)) expect(found.size).toBe(25);
      expect(counts).toEqual(new Map(keys.map((key) => [key, 1])));
    });

    it('its own keys are stored before those of others are waited for', async () => {
      const [mine = '', theirs = ''] = keysOf(2);
      let finish: ((_: string) => void) | undefined;
      const other = target.create().getOrSet(theirs, () => new Promise<string>((resolve) => (finish = resolve)));
      await eventually(() => finish !== undefined);
      const both = target.client.getOrSetMulti([mine, theirs], made);
      await eventually(async () => expect(await target.text(mine)).toBe(`made ${mine}`));
      finish?.('theirs');
      expect(texts(await both).get(theirs)).toBe('theirs');
      await other;
    });

    it('is called again for a key whose computer gave up', async () => {
      const [mine = '', theirs = ''] = keysOf(2);
      let fail: ((_: Error) => void) | undefined;
      const other = target.create().getOrSet(theirs, () => new Promise<string>((_, reject) => (fail = reject)));
      await eventually(() => fail !== undefined);
      const compute = vi.fn(made);
      const both = target.client.getOrSetMulti([mine, theirs], compute);
      await eventually(() => expect(compute).toHaveBeenCalledTimes(1));
      fail?.(new Error('gave up'));
      await failure(other);
      expect(texts(await both)).toEqual(made([mine, theirs]));
      expect(compute.mock.calls.map(([keys]) => keys)).toEqual([[mine], [theirs]]);
    });

    it('a key without a value is absent, and the next caller tries at once; other keys are ignored and logged', async () => {
      const [one = '', two = '', foreign = ''] = keysOf(3);
      const found = await target.client.getOrSetMulti([one, two], () => ({ [one]: '1', [foreign]: 'x' }));
      expect(texts(found)).toEqual(new Map([[one, '1']]));
      expect(await target.text(foreign)).toBeNull();
      expect(target.log.join('\n')).toMatch(/getOrSetMulti has returned 1 key/);
      expect(target.log.join('\n')).not.toContain(foreign);
      const start = performance.now();
      expect(texts(await target.create().getOrSetMulti([one, two], made)).get(two)).toBe(`made ${two}`);
      expect(performance.now() - start).toBeLessThan(900);
    });

    it('what compute throws, or that it takes too long, rejects the call and gives the rights back', async () => {
      const keys = keysOf(3);
      const reason = new Error('no');
      expect(await failure(target.client.getOrSetMulti(keys, () => Promise.reject(reason)))).toBe(reason);
      const hangs = target.client.getOrSetMulti(keys, () => new Promise<never>(() => {}), { lockFor: 0.05 });
      expect(await failure(hangs)).toMatchObject({ code: 'ERR_TIMEOUT' });
      const start = performance.now();
      expect((await target.create().getOrSetMulti(keys, made)).size).toBe(3);
      expect(performance.now() - start).toBeLessThan(900);
    });

    it.each([undefined, null, 'text', ['value'], [[1, 'value']]])('a result of %j is refused', async (answer) => {
      const refused = target.client.getOrSetMulti(keysOf(1), () => answer as never);
      expect(await failure(refused)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    });

    it('null and undefined are in the result and not stored; with misses they are kept as null', async () => {
      const client = target.create({ serializer: jsonSerializer() });
      const [one = '', two = ''] = keysOf(2);
      const nothing = vi.fn(() => new Map<string, null | undefined>([[one, null]]).set(two, undefined));
      expect([...(await client.getOrSetMulti([one, two], nothing))]).toEqual([
        [one, null],
        [two, undefined],
      ]);
      const kept = await client.getOrSetMulti([one, two], nothing, { misses: 50, staleFor: 100, expires: 100 });
      expect([...kept.values()]).toEqual([null, null]);
      const again = await client.getOrSetMulti([one, two], nothing, { misses: 50, staleFor: 100, expires: 100 });
      expect([...again.values()]).toEqual([null, null]);
      await sleep(20);
      expect(nothing).toHaveBeenCalledTimes(2);
      if (target.can.ttl) expect(await timeLeft(target.description.server, one)).toBeOneOf([49, 50]);
    });

    it('a value that cannot be stored, and a key that cannot be sent, are errors of their own', async () => {
      const client = target.create({ serializer: jsonSerializer() });
      const [good = '', bad = ''] = keysOf(2);
      const values = new Map<string, unknown>([
        [good, 1],
        [bad, new Map()],
      ]);
      const found = await client.getOrSetMulti([good, bad, ''], () => values as never);
      expect([...found]).toEqual([[good, 1]]);
      expect(found.errors.get(bad)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(found.errors.get('')).toMatchObject({ code: 'ERR_INVALID_KEY' });
      expect(await failure(client.getOrSetMulti([''], () => values as never))).toMatchObject({
        code: 'ERR_INVALID_KEY',
      });
      const start = performance.now();
      expect((await client.getOrSetMulti([bad], () => new Map([[bad, 2]]))).get(bad)).toBe(2);
      expect(performance.now() - start).toBeLessThan(900);
    });

    it('deleted meanwhile: the outdated result is returned and not stored; the others are', async () => {
      const [one = '', two = ''] = keysOf(2);
      const found = await target.client.getOrSetMulti([one, two], async (keys) => {
        await target.client.delete(one);
        return made(keys);
      });
      expect(found.size).toBe(2);
      expect([await target.text(one), await target.text(two)]).toEqual([null, `made ${two}`]);
    });

    it('old values are served while one call makes the new ones behind them', async () => {
      const keys = keysOf(3);
      const options = { expires: 100, staleFor: 60 };
      await target.client.getOrSetMulti(keys, made, options);
      for (const key of keys) {
        await target.client.touch(key, 30);
        await target.client.delete(`${key}:fresh`);
      }
      const compute = vi.fn(async (asked: string[]) => asked.map((key) => [key, 'new'] as const));
      expect(texts(await target.client.getOrSetMulti(keys, compute, options))).toEqual(made(keys));
      await eventually(async () => expect(await target.text(keys[0] as string)).toBe('new'));
      expect(compute.mock.calls.map(([asked]) => asked)).toEqual([keys]);
      const found = await target.create().getOrSetMulti(keys, compute, options);
      expect([...texts(found).values()]).toEqual(['new', 'new', 'new']);
      expect(compute).toHaveBeenCalledTimes(1);
    });

    it('with its server down computes with one call, and logs that', async () => {
      const client = target.create({ retry_delay: 0.01 }, `127.0.0.1:${await freePort()}`);
      const compute = vi.fn(made);
      const keys = keysOf(3);
      expect(texts(await client.getOrSetMulti(keys, compute))).toEqual(made(keys));
      expect(compute).toHaveBeenCalledTimes(1);
      expect(target.log.join('\n')).toMatch(/could not be read/);
    });

    it('a signal ends the wait, and the computation goes on', async () => {
      const [key = ''] = keysOf(1);
      const controller = new AbortController();
      const slow = async (keys: string[]): Promise<Map<string, string>> => {
        await sleep(60);
        return made(keys);
      };
      const aborted = failure(target.client.getOrSetMulti([key], slow, { signal: controller.signal }));
      setTimeout(() => controller.abort(new Error('enough')), 10);
      expect(await aborted).toMatchObject({ message: 'enough' });
      await eventually(async () => expect(await target.text(key)).toBe(`made ${key}`));
    });

    it('refuses what cannot be meant', async () => {
      const { client } = target;
      for (const call of [
        client.getOrSetMulti('keys' as never, made),
        client.getOrSetMulti(['k'], undefined as never),
        client.getOrSetMulti(['k'], made, { jitter: 1.5 }),
        client.getOrSetMulti(['k'], made, { misses: 5 }),
        client.getOrSetMulti(['k'], made, { lockFor: 0 }),
      ]) {
        expect(await failure(call)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
    });
  });
});
