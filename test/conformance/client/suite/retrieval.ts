import { describe, expect, it } from 'vitest';
import { called } from '../../../support/outcomes.ts';
import { flagsOf, type Target } from './target.ts';

export function describeRetrieval(target: Target): void {
  describe('get', () => {
    it('finds value and flags', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      expect(await target.client.get(key)).toEqual({ value: Buffer.from('value'), flags: flagsOf(0) });
      expect(await called((done) => target.client.get(key, done))).toEqual([null, Buffer.from('value'), flagsOf(0)]);
    });

    it('answers a miss with null for both', async () => {
      expect(await target.client.get(target.key('gone'))).toEqual({ value: null, flags: null });
      expect(await called((done) => target.client.get(target.key('gone'), done))).toEqual([null, null, null]);
    });

    it.skipIf(!target.can.cas)('tells the CAS where asked to, and only then', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      const { cas } = await target.client.get(key, { cas: true });
      expect(cas).toBeTypeOf('bigint');
      expect(cas).toBeGreaterThan(0n);
      expect(await target.client.get(key, { cas: true })).toEqual({
        value: Buffer.from('value'),
        flags: flagsOf(0),
        cas,
      });
      expect(await target.client.get(key, { cas: false })).not.toHaveProperty('cas');
      expect(await target.client.get(key, {})).not.toHaveProperty('cas');
    });

    it.skipIf(!target.can.cas)('has a CAS that changes with each change, and not with reads', async () => {
      const key = target.key();
      await target.client.set(key, '1');
      const first = await target.client.get(key, { cas: true });
      const again = await target.client.get(key, { cas: true });
      expect(again.cas).toBe(first.cas);
      await target.client.append(key, '0');
      const appended = await target.client.get(key, { cas: true });
      await target.client.increment(key, 1);
      const counted = await target.client.get(key, { cas: true });
      expect(new Set([first.cas, appended.cas, counted.cas]).size).toBe(3);
    });

    it('answers a miss with { cas: true } like any other', async () => {
      const { value, flags, cas } = await target.client.get(target.key('gone'), { cas: true });
      expect({ value, flags, cas }).toEqual({ value: null, flags: null, cas: undefined });
    });

    it.skipIf(!target.can.cas)('calls back with options too', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      const [error, value, flags] = await called((done) => target.client.get(key, { cas: true }, done));
      expect([error, value, flags]).toEqual([null, Buffer.from('value'), flagsOf(0)]);
    });

    it('hands out Buffers that stay as they are while others are read', async () => {
      const keys = Array.from({ length: 50 }, () => target.key('kept'));
      await Promise.all(keys.map((key) => target.client.set(key, `value of ${key}`)));
      const kept = await Promise.all(keys.map((key) => target.client.get(key)));
      await target.client.set(target.key(), 'x'.repeat(100_000));
      for (let round = 0; round < 3; round++) await Promise.all(keys.map(() => target.client.get(target.key('gone'))));
      expect(kept.map(({ value }) => value?.toString())).toEqual(keys.map((key) => `value of ${key}`));
    });

    it('answers each of many reads and writes that are on their way at once', async () => {
      const keys = Array.from({ length: 300 }, () => target.key('many'));
      const answers = await Promise.all(
        keys.flatMap((key) => [target.client.set(key, key), target.client.get(key), target.client.delete(key)]),
      );
      const expected = keys.flatMap((key) => [true, { value: Buffer.from(key), flags: flagsOf(0) }, true]);
      expect(answers).toEqual(expected);
    });
  });
}
