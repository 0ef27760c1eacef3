import { describe, expect, it } from 'vitest';
import { called } from '../../../support/outcomes.ts';
import { eventually } from '../../../support/wait.ts';
import type { Target } from './target.ts';

const THIRTY_DAYS = 2_592_000;

export function describeExpiration(target: Target, thorough: boolean): void {
  describe('expirations', () => {
    const takesTime = thorough ? it : (): void => {};

    takesTime('end what they were given to, and nothing else', { timeout: 10_000 }, async () => {
      const client = target.create();
      const short = target.create({ expires: 1 });
      const soon = Math.floor(Date.now() / 1000) + 2;
      const goes = {
        set: await stored((key) => client.set(key, '1', { expires: 1 })),
        'set with a callback': await stored((key) => called((done) => client.set(key, '1', { expires: 1 }, done))),
        'set until a Unix time': await stored((key) => client.set(key, '1', { expires: soon })),
        add: await stored((key) => client.add(key, '1', { expires: 1 })),
        replace: await stored(async (key) => {
          await client.set(key, '1');
          await client.replace(key, '2', { expires: 1 });
        }),
        increment: await stored((key) => client.increment(key, 1, { expires: 1 })),
        decrement: await stored((key) => client.decrement(key, 1, { expires: 1, initial: 9 })),
        touch: await stored(async (key) => {
          await client.set(key, '1', { expires: 100 });
          expect(await client.touch(key, 1)).toBe(true);
        }),
        'set, old order': await stored((key) => called((done) => client.set(key, '1', done, 1))),
        'set, old order, nobody waiting': await stored(async (key) => client.set(key, '1', null, 1)),
        'add, old order': await stored((key) => called((done) => client.add(key, '1', done, 1))),
        'replace, old order': await stored(async (key) => {
          await client.set(key, '1');
          await called((done) => client.replace(key, '2', done, 1));
        }),
        'increment, old order': await stored((key) => called((done) => client.increment(key, 1, done, 1, 5))),
        'decrement, old order': await stored((key) => called((done) => client.decrement(key, 1, done, 1, 5))),
        'the default': await stored((key) => short.set(key, '1')),
        'the default of a counter': await stored((key) => short.increment(key, 1)),
        'the default in a touch': await stored(async (key) => {
          await short.set(key, '1', { expires: 100 });
          await short.touch(key);
        }),
      };
      const stays = {
        'set without any': await stored((key) => client.set(key, '1')),
        'set for longer': await stored((key) => client.set(key, '1', { expires: 100 })),
        'set for thirty days': await stored((key) => client.set(key, '1', { expires: THIRTY_DAYS })),
        'set until a far Unix time': await stored((key) => client.set(key, '1', { expires: soon + 1000 })),
        'instead of the default': await stored((key) => short.set(key, '1', { expires: 100 })),
        'none instead of the default': await stored((key) => short.set(key, '1', { expires: 0 })),
        'none for a counter': await stored((key) => short.increment(key, 1, { expires: 0 })),
        'set for longer, old order': await stored((key) => called((done) => client.set(key, '1', done, 100))),
        'increment for longer, old order': await stored((key) => called((done) => client.increment(key, 1, done, 100))),
        'touched to stay': await stored(async (key) => {
          await client.set(key, '1', { expires: 1 });
          await client.touch(key, 100);
        }),
        'touched to stay for ever': await stored(async (key) => {
          await short.set(key, '1');
          await short.touch(key, 0);
        }),
        'set again': await stored(async (key) => {
          await client.set(key, '1', { expires: 1 });
          await client.set(key, '1');
        }),
      };
      await eventually(async () => expect(await left(goes)).toEqual([]), { timeout: 5000, interval: 50 });
      expect(await left(stays)).toEqual(Object.keys(stays));
    });

    it('of a touch are only for what is there', async () => {
      const key = target.key();
      expect(await target.client.touch(key, 10)).toBe(false);
      expect(await called((done) => target.client.touch(key, 10, done))).toEqual([null, false]);
      await target.client.set(key, 'value');
      expect(await target.client.touch(key, 10)).toBe(true);
      expect(await called((done) => target.client.touch(key, 10, done))).toEqual([null, true]);
      expect(await target.text(key)).toBe('value');
    });

    it('in the past end an item at once, and are logged once', async () => {
      const client = target.create();
      const key = target.key();
      expect(await client.set(key, 'value', { expires: 1_000_000_000 })).toBe(true);
      expect(await client.set(key, 'value', { expires: 1_000_000_000 })).toBe(true);
      expect(await target.text(key)).toBeNull();
      expect(target.log).toHaveLength(1);
      expect(target.log[0]).toMatch(/1000000000.*in the past.*seconds/);
    });

    it('of more than thirty days are kept, and logged once, in case they were milliseconds', async () => {
      const client = target.create();
      const key = target.key();
      expect(await client.set(key, 'value', { expires: 3_600_000 })).toBe(true);
      expect(await client.set(key, 'value', { expires: 3_600_000 })).toBe(true);
      expect(await target.text(key)).toBe('value');
      expect(target.log).toHaveLength(1);
      expect(target.log[0]).toMatch(/3600000.*41 days.*seconds/);
    });

    it('of thirty days and of a time to come log nothing', async () => {
      const client = target.create();
      await client.set(target.key(), 'value', { expires: THIRTY_DAYS });
      await client.set(target.key(), 'value', { expires: Math.floor(Date.now() / 1000) + 60 });
      expect(target.log).toEqual([]);
    });

    async function stored(store: (key: string) => Promise<unknown>): Promise<string> {
      const key = target.key('expiring');
      await store(key);
      return key;
    }

    /** The names of those keys that still hold something. */
    async function left(keys: Record<string, string>): Promise<string[]> {
      const found = await Promise.all(
        Object.entries(keys).map(async ([name, key]) => ((await target.text(key)) === null ? [] : [name])),
      );
      return found.flat();
    }
  });
}
