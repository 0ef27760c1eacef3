import { describe, expect, it } from 'vitest';
import { timeLeft } from '../support/outcomes.ts';
import { sleep } from '../support/wait.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

const FORTY_DAYS = 40 * 86_400;
const LAST_SECOND = 2_147_483_647;

/** What an expiration of so many seconds leaves of an item's life: to the end of 31 bits at most. */
function longest(seconds: number): number {
  return Math.min(seconds, LAST_SECOND - Math.floor(Date.now() / 1000));
}

describeEverywhere((target: Target) => {
  describe.skipIf(!target.can.ttl)('seconds from now past 30 days', () => {
    async function expectLeft(key: string, seconds: number): Promise<void> {
      const left = (await timeLeft(target.description.server, key)) ?? 0;
      expect(left).toBeLessThanOrEqual(longest(seconds) + 1);
      expect(left).toBeGreaterThan(longest(seconds) - 10);
    }

    it.each([
      2_592_001,
      FORTY_DAYS,
      // With the seconds since 1970 more than 31 bits hold.
      400_000_000,
      999_999_999,
    ])('%d are kept by every command that takes an expiration', async (expires) => {
      const { client } = target;
      const stored: Record<string, (key: string) => Promise<unknown>> = {
        set: (key) => client.set(key, '1', { expires }),
        add: (key) => client.add(key, '1', { expires }),
        replace: async (key) => {
          await client.set(key, '1');
          await client.replace(key, '1', { expires });
        },
        setMulti: (key) => client.setMulti([[key, '1']], { expires }),
        touch: async (key) => {
          await client.set(key, '1');
          await client.touch(key, expires);
        },
        getAndTouch: async (key) => {
          await client.set(key, '1');
          await client.getAndTouch(key, expires);
        },
        increment: (key) => client.increment(key, 1, { expires }),
        ...(target.can.cas && { update: (key: string) => client.update(key, () => '1', { expires }) }),
        getOrSet: (key) => client.getOrSet(key, () => '1', { expires }),
        'getOrSet with staleFor': (key) => client.getOrSet(key, () => '1', { expires: expires - 60, staleFor: 60 }),
        'the default': (key) => target.create({ expires }).set(key, '1'),
      };
      for (const [name, store] of Object.entries(stored)) {
        const key = target.key(name.replaceAll(' ', '-'));
        await store(key);
        await expectLeft(key, expires);
      }
    });

    it('as the delay of a flush leave items there', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      await target.client.flush({ expires: FORTY_DAYS });
      expect(await target.text(key)).toBe('value');
    });

    it('as lockFor hold the right to compute', async () => {
      const key = target.key();
      const lockFor = FORTY_DAYS;
      let second: Promise<unknown> | undefined;
      let computations = 0;
      const compute = (value: string) => async () => {
        computations++;
        second ??= other.getOrSet(key, compute('second'), { lockFor });
        await sleep(100);
        return value;
      };
      const other = target.create();
      expect(String(await target.client.getOrSet(key, compute('first'), { lockFor }))).toBe('first');
      expect(String(await second)).toBe('first');
      expect(computations).toBe(1);
    });
  });

  it.skipIf(!target.can.ttl).each([
    [LAST_SECOND - 100, 86_400],
    [300_000_000, 300_000_000],
    [2_000_000_000, 2_000_000_000],
  ])(
    'getOrSet with an expiration of %d and %d more seconds, past 2038, is stored and fresh',
    async (expires, staleFor) => {
      const key = target.key();
      let computations = 0;
      const compute = () => `value ${++computations}`;
      for (let call = 0; call < 3; call++) {
        expect(String(await target.create().getOrSet(key, compute, { expires, staleFor }))).toBe('value 1');
      }
      expect(await timeLeft(target.description.server, key)).toBeGreaterThan(longest(LAST_SECOND) - 10);
      expect(target.log.filter((line) => !line.includes('is taken for'))).toEqual([]);
      expect(await timeLeft(target.description.server, `${key}:lock`)).toBeUndefined();
    },
  );
});
