import { describe, expect, it, test } from 'vitest';
import { failure } from '../support/outcomes.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere, startMore } from './every-target.ts';

const LONG = 'x'.repeat(400);

describeEverywhere((target: Target) => {
  describe('keyPrefix', () => {
    it('is put before every key on the wire, and is not in any result', async () => {
      const [prefix, key, other] = [`${target.key('prefix')}:`, target.key(), target.key()];
      const client = target.create({ keyPrefix: prefix });
      await client.set(key, '1');
      expect([await target.text(key), await target.text(prefix + key)]).toEqual([null, '1']);
      expect([...(await client.setMulti([[other, '2']]))]).toEqual([[other, true]]);
      expect([...(await client.getMulti([key, other])).keys()].sort()).toEqual([key, other].sort());
      expect(await client.increment(key, 4)).toEqual({ success: true, value: 5 });
      expect(await client.getOrSet(key, () => 'made')).toEqual(Buffer.from('5'));
      if (target.can.cas) expect(await client.update(other, (value) => `${value}!`)).toBe('2!');
      expect(await target.text(prefix + other)).toBe(target.can.cas ? '2!' : '2');
      expect([...(await client.deleteMulti([key, other])).values()]).toEqual([true, true]);
      expect((await target.client.getMulti([prefix + key, prefix + other])).size).toBe(0);
    });

    it('decides with the key which server is asked', async () => {
      await using more = await startMore(target, 2);
      const addresses = [target.name, ...more.map(({ address }) => address)].join(',');
      const [plain, prefixed] = [target.create({}, addresses), target.create({ keyPrefix: 'p:' }, addresses)];
      const keys = Array.from({ length: 100 }, () => target.key('routed'));
      await prefixed.setMulti(keys.map((key) => [key, key]));
      expect((await plain.getMulti(keys.map((key) => `p:${key}`))).size).toBe(100);
      for (const key of keys.slice(0, 10)) expect((await prefixed.get(key)).value?.toString()).toBe(key);
    });

    it('counts towards the 250 bytes, and an empty key stays an error', async () => {
      const client = target.create({ keyPrefix: 'ü'.repeat(5) });
      expect(await client.set('x'.repeat(240), 'v')).toBe(true);
      expect(await failure(client.set('x'.repeat(241), 'v'))).toMatchObject({ code: 'ERR_INVALID_KEY' });
      expect(await failure(client.get(''))).toMatchObject({ code: 'ERR_INVALID_KEY' });
      expect(await failure(client.get(Buffer.alloc(0)))).toMatchObject({ code: 'ERR_INVALID_KEY' });
      const found = await client.getMulti(['x'.repeat(240), 'x'.repeat(241), '']);
      expect([found.size, [...found.errors.keys()]]).toEqual([1, ['x'.repeat(241), '']]);
    });
  });

  describe('hashLongKeys', () => {
    test('two long keys that differ in their last character come back under their own names', async () => {
      const client = target.create({ hashLongKeys: true });
      const [one, two] = [`${target.key()}${LONG}1`, `${target.key()}${LONG}2`];
      await client.set(one, 'one');
      expect((await client.get(two)).value).toBeNull();
      await client.setMulti([[two, 'two']]);
      const found = await client.getMulti([one, two, `${one}3`]);
      expect([...found].map(([key, { value }]) => [key, String(value)])).toEqual(
        expect.arrayContaining([
          [one, 'one'],
          [two, 'two'],
        ]),
      );
      expect(found.size).toBe(2);
      expect([...(await client.deleteMulti([one, two]))].sort()).toEqual([
        [one, true],
        [two, true],
      ]);
    });

    it('refuses a long key that has no UTF-8 form of its own, as it does a short one', async () => {
      const client = target.create({ hashLongKeys: true });
      const refused = { code: 'ERR_INVALID_KEY', message: expect.stringContaining('surrogate') };
      await expect(client.set(`${LONG}\ud800`, 'v')).rejects.toMatchObject(refused);
      await expect(client.get(`${LONG}\ud801`)).rejects.toMatchObject(refused);
    });

    it('leaves keys of up to 250 bytes as they are', async () => {
      const client = target.create({ hashLongKeys: true });
      const key = target.key().padEnd(250, 'y');
      await client.set(key, 'v');
      expect(await target.text(key)).toBe('v');
      expect(await failure(client.get(''))).toMatchObject({ code: 'ERR_INVALID_KEY' });
    });

    it('counts bytes, and cuts no character in two', async () => {
      const client = target.create({ hashLongKeys: true });
      for (const text of ['ä'.repeat(126), '🌱'.repeat(63), `a${'€'.repeat(90)}`]) {
        await client.set(text, text);
        expect((await client.get(text)).value?.toString()).toBe(text);
      }
    });

    it('keeps a readable head with the prefix in front', async () => {
      const client = target.create({ hashLongKeys: true, keyPrefix: 'app:' });
      const wire = client.engine.toWire(LONG);
      expect(wire).toMatch(/^app:x{116}:[\w-]{43}$/);
      await client.set(LONG, 'v');
      expect(await target.text(String(wire))).toBe('v');
    });

    it('works for getOrSetMulti, as a prefix does', async () => {
      const client = target.create({ hashLongKeys: true, keyPrefix: 'app:' });
      const short = target.key();
      const keys: (string | Buffer)[] = [short, `${short}${LONG}1`, Buffer.from(`${short}${LONG}2`)];
      const texts = async (word: string): Promise<string[]> => {
        const values = await client.getOrSetMulti(keys, (asked) => asked.map((key) => [key, `${word} ${key}`]));
        return keys.map((key) => String(values.get(key)));
      };
      const expected = keys.map((key) => `first ${key}`);
      expect(await texts('first')).toEqual(expected);
      expect(await texts('second')).toEqual(expected);
      expect(String((await client.get(short)).value)).toBe(expected[0]);
    });

    it('works for getOrSet and update', async () => {
      const client = target.create({ hashLongKeys: true });
      const key = target.key() + LONG;
      expect(await client.getOrSet(key, () => 'made')).toEqual(Buffer.from('made'));
      if (target.can.cas) expect(await client.update(key, (value) => `${value}!`)).toBe('made!');
      expect((await client.get(key)).value?.toString()).toBe(target.can.cas ? 'made!' : 'made');
    });
  });

  describe('Buffer keys', () => {
    it('are the same as the string of their bytes', async () => {
      const key = `${target.key()}-ä`;
      await target.client.set(Buffer.from(key), 'v');
      expect(await target.text(key)).toBe('v');
      expect(await target.client.getOrSet(Buffer.from(key), () => 'made')).toEqual(Buffer.from('v'));
      expect(await target.client.delete(new Uint8Array(Buffer.from(key)))).toBe(true);
    });

    it('hold bytes that are no UTF-8, and stand for themselves in many-key results', async () => {
      const text = target.key();
      const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xe9])]);
      await target.client.setMulti([
        [bytes, 'bytes'],
        [text, 'text'],
      ]);
      const found = await target.client.getMulti([bytes, text]);
      expect(found.get(bytes)?.value?.toString()).toBe('bytes');
      expect(found.get(text)?.value?.toString()).toBe('text');
      expect((await target.client.deleteMulti([bytes])).get(bytes)).toBe(true);
    });

    it('two Buffers of the same bytes have a result each', async () => {
      const [one, two] = [Buffer.from(target.key()), Buffer.alloc(0)];
      const copy = Buffer.from(one);
      await target.client.set(one, 'v');
      const found = await target.client.getMulti([one, copy, two]);
      expect([found.get(one)?.value?.toString(), found.get(copy)?.value?.toString()]).toEqual(['v', 'v']);
      expect([...found.errors.keys()]).toEqual([two]);
    });

    it('get a prefix and a digest too', async () => {
      const client = target.create({ keyPrefix: 'b:', hashLongKeys: true });
      const long = Buffer.alloc(300, 0xfe);
      const other = Buffer.concat([long.subarray(1), Buffer.from([1])]);
      const classic = target.protocol === 'classic';
      await client.set(long, 'long');
      expect((await client.get(long)).value?.toString()).toBe('long');
      expect((await client.get(other)).value).toBeNull();
      await client.set(Buffer.from('k'), classic ? 'c' : 'm');
      expect(await target.text('b:k')).toBe(classic ? 'c' : 'm');
    });

    it('a key of another kind is refused', async () => {
      for (const key of [5, null, {}, 'x'.repeat(251), '\ud800']) {
        expect(await failure(target.client.get(key as never))).toMatchObject({ code: 'ERR_INVALID_KEY' });
        expect(await failure(target.client.update(key as never, () => 'v'))).toMatchObject({ code: 'ERR_INVALID_KEY' });
        const refused = failure(target.client.getOrSet(key as never, () => 'v'));
        expect(await refused).toMatchObject({ code: 'ERR_INVALID_KEY' });
      }
    });
  });
});
