import { describe, expect, it, test } from 'vitest';
import { jsonSerializer } from '../../../src/index.ts';
import { failure } from '../../support/outcomes.ts';
import { flagsOf, type Target } from '../client/suite/target.ts';
import { describeEverywhere } from '../every-target.ts';

/** The values as text, by key. */
export function texts(found: ReadonlyMap<unknown, { value: unknown }>): Record<string, string> {
  return Object.fromEntries([...found].map(([key, { value }]) => [String(key), String(value)]));
}

describeEverywhere((target: Target) => {
  async function stored(count: number): Promise<string[]> {
    const label = target.key('many');
    const keys = Array.from({ length: count }, (_, index) => `${label}-${index}`);
    await target.client.setMulti(keys.map((key) => [key, `value of ${key}`]));
    return keys;
  }

  describe('getMulti', () => {
    it('gives the hits with their flags, and leaves the misses out', async () => {
      const [one, two] = [target.key(), target.key()];
      await target.client.set(one, '1', { flags: 0xdeadbeef });
      await target.client.set(two, '2');
      const found = await target.client.getMulti([one, target.key(), two]);
      expect([...found.keys()].sort()).toEqual([one, two].sort());
      expect(found.get(one)).toEqual({ value: Buffer.from('1'), flags: flagsOf(0xdeadbeef) });
      expect(found.get(two)).toEqual({ value: Buffer.from('2'), flags: flagsOf(0) });
      expect(found.errors.size).toBe(0);
    });

    it('with nothing but misses is empty', async () => {
      const found = await target.client.getMulti([target.key(), target.key()]);
      expect([found.size, found.errors.size]).toEqual([0, 0]);
    });

    test('getMulti([]) is empty, and nothing is sent', async () => {
      const proxy = await target.proxy();
      const found = await target.create({}, proxy.address).getMulti([]);
      expect([found.size, found.errors.size, proxy.connections]).toEqual([0, 0, 0]);
    });

    test('an empty value in the batch is a hit', async () => {
      const keys = [target.key(), target.key(), target.key()] as const;
      await target.client.setMulti([
        [keys[0], 'a'],
        [keys[1], ''],
        [keys[2], Buffer.alloc(0)],
      ]);
      expect(texts(await target.client.getMulti(keys))).toEqual({ [keys[0]]: 'a', [keys[1]]: '', [keys[2]]: '' });
    });

    test('overlong and empty keys among thousands are errors of their own', async () => {
      const keys = await stored(3000);
      const long = 'x'.repeat(251);
      const found = await target.client.getMulti([...keys.slice(0, 1500), long, '', ...keys.slice(1500)]);
      expect(found.size).toBe(3000);
      expect([...found.errors.keys()]).toEqual([long, '']);
      for (const error of found.errors.values()) expect(error).toMatchObject({ code: 'ERR_INVALID_KEY' });
      for (const key of keys) expect(found.get(key)?.value?.toString()).toBe(`value of ${key}`);
    });

    it('rejects where no key at all can be sent', async () => {
      expect(await failure(target.client.getMulti(['']))).toMatchObject({ code: 'ERR_INVALID_KEY' });
      const both = (await failure(target.client.getMulti(['', 'x'.repeat(251)]))) as AggregateError;
      expect(both.errors.map(({ code }) => code)).toEqual(['ERR_INVALID_KEY', 'ERR_INVALID_KEY']);
    });

    it('asks once for a key that stands there often', async () => {
      const [key = ''] = await stored(1);
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      await client.get(key);
      const before = proxy.bytesFromServer;
      await client.getMulti([key]);
      const once = proxy.bytesFromServer - before;
      const found = await client.getMulti(Array.from({ length: 500 }, () => key));
      expect(proxy.bytesFromServer - before).toBe(2 * once);
      expect(texts(found)).toEqual({ [key]: `value of ${key}` });
    });

    it('takes any iterable, and refuses what is none', async () => {
      const keys = await stored(3);
      expect((await target.client.getMulti(new Set(keys))).size).toBe(3);
      expect((await target.client.getMulti(keys.values())).size).toBe(3);
      for (const list of ['abc', 5, null, undefined, { length: 1 }]) {
        const refused = failure(target.client.getMulti(list as never));
        expect(await refused).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
    });

    it.skipIf(!target.can.cas)('tells the CAS when asked to, with which a set goes through once', async () => {
      const [one = '', two = ''] = await stored(2);
      const found = await target.client.getMulti([one, two, target.key()], { cas: true });
      const { cas } = found.get(one) ?? {};
      expect(found.size).toBe(2);
      expect(typeof cas).toBe('bigint');
      expect(await target.client.set(one, 'new', { cas: cas as bigint })).toBe(true);
      expect(await target.client.set(one, 'newer', { cas: cas as bigint })).toBe(false);
      expect((await target.client.getMulti([two])).get(two)).not.toHaveProperty('cas');
    });

    it('gives values of all sizes whole', async () => {
      const label = target.key('sizes');
      const values = new Map(
        [0, 1, 100, 8192, 70_000, 500_000].map((size) => [`${label}-${size}`, Buffer.alloc(size, label)]),
      );
      await target.client.setMulti(values);
      const found = await target.client.getMulti(values.keys());
      expect(found.size).toBe(6);
      for (const [key, value] of values) expect(found.get(key)?.value?.equals(value)).toBe(true);
    });

    it('goes through the serializer, whose error is that of its key alone', async () => {
      const [bad, good] = [target.key(), target.key()];
      const client = target.create({ serializer: jsonSerializer() });
      await client.setMulti([[good, { a: [1] }]]);
      // Marked as JSON, which it is not.
      await target.client.set(bad, '{', { flags: 0x6d050000 });
      const found = await client.getMulti([bad, good]);
      expect(found.get(good)?.value).toEqual({ a: [1] });
      expect([...found.errors]).toEqual([[bad, expect.objectContaining({ code: 'ERR_UNSUPPORTED' })]]);
    });

    it('calls at once share a connection and mix nothing up', async () => {
      const keys = await stored(600);
      const calls = Array.from({ length: 20 }, (_, call) => keys.slice(call * 10, call * 10 + 400));
      const found = await Promise.all(calls.map((some) => target.client.getMulti(some)));
      for (const [call, some] of calls.entries()) {
        expect(texts(found[call] ?? new Map())).toEqual(
          Object.fromEntries(some.map((key) => [key, `value of ${key}`])),
        );
      }
    });

    it('keys with spaces and line ends are found, or refused alone where the protocol has no form for them', async () => {
      const [plain = ''] = await stored(1);
      const odd = `${target.key()} with\r\nmore`;
      const classic = target.protocol === 'classic';
      if (!classic) await target.client.set(odd, 'odd');
      const found = await target.client.getMulti([odd, plain, target.key()]);
      expect(texts(found)).toEqual({ [plain]: `value of ${plain}`, ...(classic ? {} : { [odd]: 'odd' }) });
      expect([...found.errors.keys()]).toEqual(classic ? [odd] : []);
    });
  });
});
