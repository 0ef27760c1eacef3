import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import { flagsOf, type Target } from './target.ts';

/** What MemJS has no method for. */
export function describeBeyond(target: Target): void {
  describe('getAndTouch', () => {
    it('finds value and flags, or neither', async () => {
      const key = target.key();
      expect(await target.client.getAndTouch(key, 100)).toEqual({ value: null, flags: null });
      await target.client.set(key, 'value', { flags: 9 });
      expect(await target.client.getAndTouch(key, 100)).toEqual({ value: Buffer.from('value'), flags: flagsOf(9) });
    });

    it('sets an expiration: one in the past ends the item', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      const past = 1_000_000_000;
      expect((await target.client.getAndTouch(key, past)).value?.toString()).toBe('value');
      expect(await target.text(key)).toBeNull();
    });

    it('without an expiration sets the default one, like touch', async () => {
      const key = target.key();
      await target.client.set(key, 'value', { flags: 9 });
      const getAndTouch = target.client.getAndTouch as (...args: unknown[]) => void;
      const found = await called((done) => getAndTouch.call(target.client, key, done));
      expect(found).toEqual([null, Buffer.from('value'), flagsOf(9)]);
    });
  });

  describe('options', () => {
    it('that are null are options that were left out', async () => {
      const { client } = target;
      const [made, changed] = [target.key(), target.key()];
      const none: object = { expires: null, flags: null, timeout: null, signal: null };
      const noTimes: object = { ...none, staleFor: null, lockFor: null, retries: null };
      expect(String(await client.getOrSet(made, () => 'value', null))).toBe('value');
      expect(String(await client.getOrSet(made, () => 'other', noTimes))).toBe('value');
      expect(await client.update(changed, () => '1', null)).toBe('1');
      if (target.can.cas) expect(await client.update(changed, (value) => `${value}2`, noTimes)).toBe('12');
      expect(Object.keys(await client.version(null))).toHaveLength(1);
      expect((await client.getMulti([made, changed], null)).size).toBe(2);
      expect((await client.setMulti([[made, 'v']], none)).get(made)).toBe(true);
      expect((await client.deleteMulti([made], null)).get(made)).toBe(true);
    });
  });

  describe('many keys', () => {
    it('are stored, found and deleted', async () => {
      const keys = Array.from({ length: 300 }, () => target.key('many'));
      const gone = target.key('gone');
      const stored = await target.client.setMulti(
        keys.map((key) => [key, `value of ${key}`] as const),
        { flags: 3 },
      );
      expect([stored.size, new Set(stored.values()), stored.errors.size]).toEqual([300, new Set([true]), 0]);
      const found = await target.client.getMulti([...keys, gone, ...keys.slice(0, 3)], { cas: target.can.cas });
      expect(found.size).toBe(300);
      for (const key of keys) {
        const hit = found.get(key);
        expect([hit?.value?.toString(), hit?.flags]).toEqual([`value of ${key}`, flagsOf(3)]);
        expect(hit?.cas).toBeTypeOf(target.can.cas ? 'bigint' : 'undefined');
      }
      const deleted = await target.client.deleteMulti([gone, ...keys]);
      expect([deleted.size, deleted.get(gone)]).toEqual([301, false]);
      expect(keys.every((key) => deleted.get(key))).toBe(true);
      expect((await target.client.getMulti(keys)).size).toBe(0);
    });

    it('with one whose value is too large among them', async () => {
      const client = target.create({ timeout: 5 });
      const [small, large, last] = [target.key(), target.key(), target.key()];
      const stored = await client.setMulti([
        [small, '1'],
        [large, Buffer.alloc(2 * 1024 * 1024)],
        [last, '3'],
      ]);
      expect([stored.get(small), stored.get(last), stored.has(large)]).toEqual([true, true, false]);
      expect(stored.errors.get(large)).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
      expect(target.log).toEqual(['MemJS SET: Value too large']);
      expect([await target.text(small), await target.text(large), await target.text(last)]).toEqual(['1', null, '3']);
    });
  });

  describe.skipIf(!target.can.cas)('update', () => {
    it('stores what became of the value, however many do it at once', async () => {
      const key = target.key();
      const others = [target.create(), target.create(), target.client];
      await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          others[index % 3]?.update(key, (value) => String(Number(value ?? 0) + 1), { expires: 100 }),
        ),
      );
      expect(await target.text(key)).toBe('12');
    });
  });

  describe('getOrSet', () => {
    it('computes a missing value once for all who ask, and stores it', async () => {
      const key = target.key();
      let computed = 0;
      const compute = async (): Promise<string> => {
        computed += 1;
        return 'made';
      };
      const other = target.create();
      const asked = [target.client, target.client, other].map((client) =>
        client.getOrSet(key, compute, { expires: 100 }),
      );
      expect((await Promise.all(asked)).map(String)).toEqual(['made', 'made', 'made']);
      expect(computed).toBe(1);
      expect(await target.text(key)).toBe('made');
    });
  });

  describe('version', () => {
    it("is the server's", async () => {
      const { [target.name]: version } = await target.client.version();
      expect(version).toMatch(/^\d+\.\d+/);
      expect(version).toBe((await target.client.stats())[target.name]?.version);
    });
  });

  describe('a group of statistics that there is not', () => {
    it('has the same words over every protocol', async () => {
      expect(await failure(target.client.statsWithKey('nonsense'))).toMatchObject({
        message: 'MemJS STATS (nonsense): Key not found',
        server: target.name,
      });
    });
  });
}
