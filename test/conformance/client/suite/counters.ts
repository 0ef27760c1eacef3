import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

const LARGEST = 18_446_744_073_709_551_615n;

export function describeCounters(target: Target): void {
  describe('increment and decrement', () => {
    it('count', async () => {
      const key = target.key('n');
      await target.client.set(key, '10');
      expect(await target.client.increment(key, 5)).toEqual({ success: true, value: 15 });
      expect(await target.client.decrement(key, 3)).toEqual({ success: true, value: 12 });
      expect(await called((done) => target.client.increment(key, 1, {}, done))).toEqual([null, true, 13]);
      expect(await called((done) => target.client.decrement(key, 4, {}, done))).toEqual([null, true, 9]);
      expect(await target.client.increment(key, 0)).toEqual({ success: true, value: 9 });
    });

    it('create a counter with initial, without applying the amount', async () => {
      for (const [initial, value] of [
        [undefined, 0],
        [0, 0],
        [7, 7],
        [5_000_000_000, 5_000_000_000],
        [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
        [12n, 12],
      ] as const) {
        const up = target.key('n');
        expect(await target.client.increment(up, 3, { initial })).toEqual({ success: true, value });
        expect(await target.text(up)).toBe(String(value));
        const down = target.key('n');
        expect(await target.client.decrement(down, 3, { initial })).toEqual({ success: true, value });
        expect(await target.text(down)).toBe(String(value));
      }
    });

    it('do not touch an initial where the counter is there', async () => {
      const key = target.key('n');
      await target.client.set(key, '1');
      expect(await target.client.increment(key, 1, { initial: 100 })).toEqual({ success: true, value: 2 });
    });

    it('create nothing with initial: null', async () => {
      const key = target.key('n');
      expect(await target.client.increment(key, 1, { initial: null })).toEqual({ success: false, value: null });
      expect(await target.client.decrement(key, 1, { initial: null })).toEqual({ success: false, value: null });
      expect(await called((done) => target.client.increment(key, 1, { initial: null }, done))).toEqual([
        null,
        false,
        null,
      ]);
      expect(await target.text(key)).toBeNull();
      await target.client.set(key, '1');
      expect(await target.client.increment(key, 1, { initial: null })).toEqual({ success: true, value: 2 });
    });

    it('answer with a bigint where asked to', async () => {
      const key = target.key('n');
      await target.client.set(key, '1');
      expect(await target.client.increment(key, 1, { bigint: true })).toEqual({ success: true, value: 2n });
      expect(await target.client.decrement(key, 2n, { bigint: true })).toEqual({ success: true, value: 0n });
      expect(await called((done) => target.client.increment(key, 1, { bigint: true }, done))).toEqual([null, true, 1n]);
      expect(await target.client.increment(target.key('n'), 1, { bigint: true, initial: LARGEST })).toEqual({
        success: true,
        value: LARGEST,
      });
    });

    it('are exact past 2^32', async () => {
      const key = target.key('n');
      await target.client.set(key, '4294967295');
      expect(await target.client.increment(key, 1)).toEqual({ success: true, value: 4_294_967_296 });
      expect(await target.client.increment(key, 5_000_000_000)).toEqual({ success: true, value: 9_294_967_296 });
      expect(await target.client.decrement(key, 9_000_000_000n)).toEqual({ success: true, value: 294_967_296 });
    });

    it('say that a value past 2^53 − 1 needs a bigint, and that the counter has moved', async () => {
      const key = target.key('n');
      await target.client.set(key, String(Number.MAX_SAFE_INTEGER - 1));
      expect(await target.client.increment(key, 1)).toEqual({ success: true, value: Number.MAX_SAFE_INTEGER });
      const error = await failure(target.client.increment(key, 1));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_COUNTER_RANGE' });
      expect(error.message).toMatch(/moved/);
      expect(await target.text(key)).toBe('9007199254740992');
      const [calledError, success] = await called((done) => target.client.increment(key, 1, {}, done));
      expect(calledError).toMatchObject({ code: 'ERR_COUNTER_RANGE' });
      expect(success).not.toBe(true);
      expect(await target.client.increment(key, 1, { bigint: true })).toEqual({
        success: true,
        value: 9_007_199_254_740_994n,
      });
    });

    it('wrap at 2^64 going up and stop at 0 going down', async () => {
      const key = target.key('n');
      await target.client.set(key, String(LARGEST));
      expect(await target.client.increment(key, 2)).toEqual({ success: true, value: 1 });
      expect(await target.client.decrement(key, LARGEST)).toEqual({ success: true, value: 0 });
      expect(await target.client.increment(key, LARGEST, { bigint: true })).toEqual({ success: true, value: LARGEST });
    });

    it('read on after a number has become shorter', async () => {
      const key = target.key('n');
      await target.client.set(key, '1000');
      expect(await target.client.decrement(key, 1)).toEqual({ success: true, value: 999 });
      expect(await target.client.increment(key, 1)).toEqual({ success: true, value: 1000 });
    });

    it.each([['text'], ['-1'], ['1.5'], ['18446744073709551616'], ['0x10']])('refuse to count %j', async (text) => {
      const key = target.key('n');
      await target.client.set(key, text);
      for (const command of ['increment', 'decrement'] as const) {
        const error = await failure(target.client[command](key, 1));
        const message = `MemJS ${command.toUpperCase()}: Incr/Decr on non-numeric value`;
        expect(error).toMatchObject({ code: 'ERR_NOT_NUMERIC', message, server: target.name });
      }
      expect(await target.text(key)).toBe(text);
    });

    it('count each call once, however many there are', async () => {
      const key = target.key('n');
      await target.client.set(key, '0');
      const counted = await Promise.all(Array.from({ length: 200 }, () => target.client.increment(key, 1)));
      expect(counted.map(({ value }) => value)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    });
  });
}
