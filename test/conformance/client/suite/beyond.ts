import { describe, expect, it } from 'vitest';
import { failure, flagsOf, type Target } from './target.ts';

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
      const past = 3_600_000;
      expect((await target.client.getAndTouch(key, past)).value?.toString()).toBe('value');
      expect(await target.text(key)).toBeNull();
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
      const found = await target.client.getMulti([...keys, gone, ...keys.slice(0, 3)], { cas: true });
      expect(found.size).toBe(300);
      for (const key of keys) {
        const hit = found.get(key);
        expect([hit?.value?.toString(), hit?.flags]).toEqual([`value of ${key}`, flagsOf(3)]);
        expect(hit?.cas).toBeTypeOf('bigint');
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

  describe('update', () => {
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
