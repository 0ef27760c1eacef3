import { describe, expect, it } from 'vitest';
import { jsonSerializer, MemcacheError } from '../../../src/index.ts';
import { failure, timeLeft } from '../../support/outcomes.ts';
import type { Target } from '../client/suite/target.ts';
import { describeEverywhere } from '../every-target.ts';

const MEGABYTE = 1024 * 1024;

describeEverywhere((target: Target) => {
  const keys = (count: number): string[] => {
    const label = target.key('change');
    return Array.from({ length: count }, (_, index) => `${label}-${index}`);
  };

  describe('setMulti', () => {
    it('stores each value under its key and says so', async () => {
      const list = keys(1000);
      const done = await target.client.setMulti(list.map((key, index) => [key, String(index)]));
      expect([done.size, done.errors.size]).toEqual([1000, 0]);
      expect(new Set(done.values())).toEqual(new Set([true]));
      for (const index of [0, 255, 256, 999]) expect(await target.text(list[index] as string)).toBe(String(index));
    });

    it('takes a Map, and of entries for one key the last', async () => {
      const [one = '', two = ''] = keys(2);
      expect([...(await target.client.setMulti(new Map([[one, 'map']])))]).toEqual([[one, true]]);
      const done = await target.client.setMulti([
        [one, 'first'],
        [two, 'other'],
        [one, 'last'],
      ]);
      expect(done.size).toBe(2);
      expect([await target.text(one), await target.text(two)]).toEqual(['last', 'other']);
    });

    it('of nothing is an empty map', async () => {
      const done = await target.client.setMulti([]);
      expect([done.size, done.errors.size]).toEqual([0, 0]);
    });

    it.skipIf(!target.can.ttl)('has flags and an expiration for all', async () => {
      const list = keys(3);
      await target.client.setMulti(
        list.map((key) => [key, 'v']),
        { flags: 77, expires: 100 },
      );
      const found = await target.client.getMulti(list);
      expect([...found.values()].map(({ flags }) => flags?.readUInt32BE())).toEqual([77, 77, 77]);
      for (const key of list) expect(await timeLeft(target.description.server, key)).toBeOneOf([99, 100]);
    });

    it('refuses bad options before anything is sent', async () => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      for (const options of [{ expires: -1 }, { flags: 1.5 }, { timeout: 0 }, { timeout: '1' }, { signal: {} }]) {
        const refused = failure(
          client.setMulti(
            [
              ['a', '1'],
              ['b', '2'],
            ],
            options as never,
          ),
        );
        expect(await refused).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
      expect(proxy.connections).toBe(0);
    });

    it('a bad key or value is an error of its own', async () => {
      const [good = '', bad = ''] = keys(2);
      const long = 'x'.repeat(251);
      const entries: [string, unknown][] = [
        [long, 'v'],
        [good, 'v'],
        [bad, 5],
        ['', 'v'],
      ];
      const done = await target.client.setMulti(entries as [string, string][]);
      expect([...done]).toEqual([[good, true]]);
      expect([...done.errors].map(([key, error]) => [key, (error as MemcacheError).code])).toEqual([
        [long, 'ERR_INVALID_KEY'],
        [bad, 'ERR_INVALID_ARGUMENT'],
        ['', 'ERR_INVALID_KEY'],
      ]);
      expect(await target.text(good)).toBe('v');
    });

    it('what the serializer cannot write is an error of its key', async () => {
      const [good = '', bad = ''] = keys(2);
      const client = target.create({ serializer: jsonSerializer() });
      const done = await client.setMulti([
        [bad, new Map()],
        [good, [1]],
      ]);
      expect([...done]).toEqual([[good, true]]);
      expect(done.errors.get(bad)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    });

    it.skipIf(!target.can.roomy)(
      'values of nearly 1 MB go through, one over the limit is an error of its own, with the connection intact',
      async () => {
        const proxy = await target.proxy();
        const client = target.create({ timeout: 5 }, proxy.address);
        const list = keys(6);
        const value = (key: string): Buffer => Buffer.alloc(MEGABYTE - 1024, key);
        const entries = list.map((key, index): [string, Buffer] => [
          key,
          index === 2 ? Buffer.alloc(MEGABYTE) : value(key),
        ]);
        const done = await client.setMulti(entries);
        expect([...done.errors].map(([key, error]) => [key, (error as MemcacheError).code])).toEqual([
          [list[2], 'ERR_VALUE_TOO_LARGE'],
        ]);
        expect(done.size).toBe(5);
        const found = await client.getMulti(list);
        expect(found.size).toBe(5);
        for (const [key, { value: stored }] of found) expect(stored?.equals(value(String(key)))).toBe(true);
        expect(proxy.connections).toBe(1);
      },
    );
  });

  describe('deleteMulti', () => {
    it('says which keys were there', async () => {
      const list = keys(700);
      await target.client.setMulti(list.filter((_, index) => index % 2 === 0).map((key) => [key, 'v']));
      const done = await target.client.deleteMulti(list);
      expect(list.map((key) => done.get(key))).toEqual(list.map((_, index) => index % 2 === 0));
      expect(done.errors.size).toBe(0);
      expect((await target.client.getMulti(list)).size).toBe(0);
    });

    it('deletes a key once that stands there twice', async () => {
      const [key = ''] = keys(1);
      await target.client.set(key, 'v');
      expect([...(await target.client.deleteMulti([key, key]))]).toEqual([[key, true]]);
    });

    it('of nothing is an empty map; a bad key is an error of its own', async () => {
      expect((await target.client.deleteMulti([])).size).toBe(0);
      const [key = ''] = keys(1);
      const done = await target.client.deleteMulti(['', key]);
      expect([...done]).toEqual([[key, false]]);
      expect(done.errors.get('')).toMatchObject({ code: 'ERR_INVALID_KEY' });
      expect(await failure(target.client.deleteMulti('key' as never))).toBeInstanceOf(MemcacheError);
    });
  });
});
