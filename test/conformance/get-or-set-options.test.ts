import { describe, expect, it, vi } from 'vitest';
import { jsonSerializer } from '../../src/index.ts';
import { failure, timeLeft } from '../support/outcomes.ts';
import { sleep } from '../support/wait.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

describeEverywhere((target: Target) => {
  describe('misses of getOrSet', () => {
    const json = () => target.create({ serializer: jsonSerializer() });

    it.each([null, undefined])('%s is kept as null, without staleFor, and expires then', async (nothing) => {
      const key = target.key();
      const client = json();
      const compute = vi.fn(() => nothing);
      const options = { expires: 100, staleFor: 3600, misses: 50 };
      expect(await client.getOrSet(key, compute, options)).toBeNull();
      expect(await client.getOrSet(key, compute, options)).toBeNull();
      // Neither is it taken for old by who has not said for how long it is kept.
      expect(await json().getOrSet(key, compute, { expires: 100, staleFor: 3600 })).toBeNull();
      await sleep(20);
      expect(compute).toHaveBeenCalledTimes(1);
      if (target.can.ttl) expect(await timeLeft(target.description.server, key)).toBeOneOf([49, 50]);
    });

    it.skipIf(!target.can.ttl)('may be longer than expires: each is what it says', async () => {
      const key = target.key();
      await json().getOrSet(key, () => null, { expires: 5, misses: 50 });
      expect(await timeLeft(target.description.server, key)).toBeOneOf([49, 50]);
      await json().getOrSet(`${key}-value`, () => 1, { expires: 5, misses: 50 });
      expect(await timeLeft(target.description.server, `${key}-value`)).toBeOneOf([4, 5]);
    });

    it('0 keeps nothing, with any serializer', async () => {
      const key = target.key();
      expect(await target.client.getOrSet(key, (): string | null => null, { misses: 0 })).toBeNull();
      expect(await target.text(key)).toBeNull();
    });

    it('a serializer that does not take null refuses it before anything is computed', async () => {
      const compute = vi.fn(() => 'value');
      const text = {
        serialize: jsonSerializer().serialize,
        deserialize: () => ({ value: '', extras: Buffer.alloc(4) }),
      };
      for (const client of [target.client, target.create({ serializer: text as never })]) {
        const refused = client.getOrSet(target.key(), compute as never, { misses: 5 });
        expect(await failure(refused)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
      expect(compute).not.toHaveBeenCalled();
    });
  });

  describe.skipIf(!target.can.ttl)('jitter of getOrSet', () => {
    /** The expirations that values get, in seconds. */
    async function lives(options: { expires: number; jitter: number; staleFor?: number }): Promise<number[]> {
      const keys = Array.from({ length: 60 }, () => target.key());
      await target.client.getOrSetMulti(keys, (asked) => asked.map((key) => [key, 'v'] as const), options);
      return Promise.all(keys.map(async (key) => (await timeLeft(target.description.server, key)) as number));
    }

    it('shortens by chance, by no more than its share, and staleFor not at all', async () => {
      const found = await lives({ expires: 1000, jitter: 0.5, staleFor: 5000 });
      expect(Math.min(...found)).toBeGreaterThanOrEqual(5498);
      expect(Math.max(...found)).toBeLessThanOrEqual(6000);
      expect(new Set(found).size).toBeGreaterThan(20);
    });

    it('of a Unix time what is left', async () => {
      const found = await lives({ expires: Math.floor(Date.now() / 1000) + 1000, jitter: 0.5 });
      expect(Math.min(...found)).toBeGreaterThanOrEqual(497);
      expect(Math.max(...found)).toBeLessThanOrEqual(1001);
      expect(new Set(found).size).toBeGreaterThan(20);
    });

    it('of more than 30 days as well', async () => {
      const month = 30 * 86_400;
      const long = await lives({ expires: 2 * month, jitter: 0.1 });
      expect(Math.min(...long)).toBeGreaterThan(1.79 * month);
      expect(Math.max(...long)).toBeLessThanOrEqual(2 * month + 1);
    });

    it('never is still never', async () => {
      expect(new Set(await lives({ expires: 0, jitter: 1 }))).toEqual(new Set([-1]));
    });
  });

  it('getOrSet refuses misses and jitter that cannot be meant', async () => {
    const bad = [{ misses: -1 }, { misses: 1.5 }, { jitter: 1.5 }, { jitter: -0.1 }, { jitter: Number.NaN }];
    const client = target.create({ serializer: jsonSerializer() });
    for (const options of bad) {
      const refused = failure(client.getOrSet('k', () => 'v', options));
      expect(await refused).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }
  });
});
