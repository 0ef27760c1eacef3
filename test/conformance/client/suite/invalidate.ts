import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import { sleep } from '../../../support/wait.ts';
import type { Target } from './target.ts';

/** A value that counts as expired, and is served a little longer. */
export function describeInvalidate(target: Target): void {
  const isMeta = target.protocol === 'meta';
  const OPTIONS = { expires: 1000, staleFor: 500 };

  /** A value of getOrSet, and how it is asked for again. */
  async function kept(value = 'old'): Promise<{ key: string; ask: (made: string) => Promise<string>; made: string[] }> {
    const key = target.key('invalid');
    await target.client.getOrSet(key, () => value, OPTIONS);
    const made: string[] = [];
    const ask = async (next: string): Promise<string> => {
      const compute = (): string => {
        made.push(next);
        return next;
      };
      return String(await target.client.getOrSet(key, compute, OPTIONS));
    };
    return { key, ask, made };
  }

  /** Asks until what is computed in the background has been stored. */
  async function untilNew(ask: (made: string) => Promise<string>, value: string): Promise<void> {
    for (let round = 0; (await ask('unexpected')) !== value; round++) {
      if (round > 500) throw new Error('the new value does not come');
      await sleep(2);
    }
  }

  describe('invalidate', () => {
    it('deletes, without staleFor or with 0', async () => {
      for (const options of [undefined, null, {}, { staleFor: 0 }, { staleFor: null }, { staleFor: undefined }]) {
        const key = target.key();
        await target.client.set(key, 'value');
        expect(await target.client.invalidate(key, options as object)).toBe(true);
        expect(await target.text(key)).toBeNull();
        expect(await target.client.invalidate(key, options as object)).toBe(false);
      }
    });

    it('is false for what is not there, and leaves nothing', async () => {
      const key = target.key('gone');
      expect(await target.client.invalidate(key, { staleFor: 60 })).toBe(false);
      expect(await target.text(key)).toBeNull();
    });

    it.skipIf(!target.can.cas)('serves the old value while one caller computes it again', async () => {
      const { key, ask, made } = await kept();
      expect(await ask('too early')).toBe('old');
      expect(await target.client.invalidate(key, { staleFor: 60 })).toBe(true);
      expect(await ask('new')).toBe('old');
      await untilNew(ask, 'new');
      expect(made).toEqual(['new']);
    });

    it.skipIf(!target.can.cas)('holds after any look at the value in between', async () => {
      const { key, ask, made } = await kept();
      await target.client.invalidate(key, { staleFor: 60 });
      expect(await target.text(key)).toBe('old');
      await target.client.getMulti([key]);
      const { cas } = await target.client.get(key, { cas: true });
      expect(await target.client.get(key, { ifNoneMatch: cas as bigint })).toMatchObject({ unchanged: true });
      if (isMeta) expect(await target.client.inspect(key)).toMatchObject({ stale: true, size: 3 });
      expect(await ask('new')).toBe('old');
      await untilNew(ask, 'new');
      if (isMeta) expect(await target.client.inspect(key)).toMatchObject({ stale: false, size: 3 });
      expect(made).toEqual(['new']);
    });

    it.skipIf(!isMeta)('never lengthens a life', async () => {
      const key = target.key();
      const month = 2_592_000;
      await target.client.set(key, 'value', { expires: 100 });
      for (const staleFor of [1000, month, month + 1000]) {
        expect(await target.client.invalidate(key, { staleFor })).toBe(true);
        const item = await target.client.inspect(key);
        expect([item?.stale, (item?.ttl ?? 0) > 90, (item?.ttl ?? 1000) <= 100]).toEqual([true, true, true]);
      }
      await target.client.invalidate(key, { staleFor: 50 });
      expect((await target.client.inspect(key))?.ttl).toBeLessThanOrEqual(50);
      const [long] = [target.key()];
      await target.client.set(long, 'value', { expires: month * 4 });
      await target.client.invalidate(long, { staleFor: month * 2 });
      const { ttl } = (await target.client.inspect(long)) ?? {};
      expect(Math.abs((ttl ?? 0) - month * 2)).toBeLessThan(10);
    });

    it('with a Unix time that is over deletes', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      expect(await target.client.invalidate(key, { staleFor: 1_000_000_000 })).toBe(true);
      expect(await target.text(key)).toBeNull();
    });

    it.skipIf(!target.can.cas).each([undefined, 60])(
      'keeps out what is being computed for a missing value: staleFor %s',
      async (staleFor) => {
        const key = target.key();
        const other = target.create();
        const compute = async (): Promise<string> => {
          expect(await other.invalidate(key, { staleFor })).toBe(staleFor === undefined);
          return 'outdated';
        };
        expect(String(await target.client.getOrSet(key, compute, OPTIONS))).toBe('outdated');
        expect(await target.text(key)).toBeNull();
        expect(String(await other.getOrSet(key, () => 'new', OPTIONS))).toBe('new');
        expect(await target.text(key)).toBe('new');
      },
    );

    it.skipIf(!target.can.cas)('keeps out what is being computed for an old value', async () => {
      const { key, ask } = await kept();
      const other = target.create();
      await target.client.invalidate(key, { staleFor: 60 });
      let computed: () => void = () => {};
      const done = new Promise<void>((resolve) => {
        computed = resolve;
      });
      const compute = async (): Promise<string> => {
        expect(await other.invalidate(key, { staleFor: 60 })).toBe(true);
        computed();
        return 'outdated';
      };
      expect(String(await target.client.getOrSet(key, compute, OPTIONS))).toBe('old');
      await done;
      await untilNew(ask, 'unexpected');
      expect(await target.text(key)).toBe('unexpected');
    });

    it('changes neither value nor flags, and goes in order with other commands', async () => {
      const key = target.key();
      const outcomes = await Promise.all([
        target.client.set(key, 'value', { flags: 5 }),
        target.client.invalidate(key, { staleFor: 60 }),
      ]);
      expect(outcomes).toEqual([true, true]);
      const { value, flags } = await target.client.get(key);
      expect([String(value), flags?.readUInt32BE(0)]).toEqual(['value', 5]);
    });

    it('knows counters, keys of every kind, prefixes and keys that are too long', async () => {
      const client = target.create({ keyPrefix: 'shop:', hashLongKeys: true });
      const counter = target.key('counter');
      await client.increment(counter, 1, { initial: 41 });
      expect(await client.invalidate(counter, { staleFor: 60 })).toBe(true);
      expect(await client.increment(counter, 1)).toEqual({ success: true, value: 42 });
      const keys = [target.key('é'), 'l'.repeat(300) + target.key(), Buffer.from(target.key('bytes'))];
      if (target.protocol !== 'classic') keys.push(target.key('a b\r\n'));
      for (const key of keys) {
        await client.set(key, 'value');
        expect(await client.invalidate(key, { staleFor: 60 })).toBe(true);
        expect(String((await client.get(key)).value)).toBe('value');
        expect(await client.invalidate(key)).toBe(true);
        expect((await client.get(key)).value).toBeNull();
      }
    });

    it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '60', 60n, {}, true])(
      'refuses a staleFor of %s before a byte is sent',
      async (staleFor) => {
        const proxy = await target.proxy();
        const client = target.create({}, proxy.address);
        const error = await failure(client.invalidate('key', { staleFor } as object));
        expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_INVALID_ARGUMENT' });
        expect(error.message).toMatch(/staleFor/);
        expect(proxy.bytesToServer).toBe(0);
      },
    );

    it('refuses a bad key, bad options and an aborted signal', async () => {
      const { client } = target;
      expect(await failure(client.invalidate(''))).toMatchObject({ code: 'ERR_INVALID_KEY' });
      expect(await failure(client.invalidate('key', 5 as never))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      const signal = AbortSignal.abort(new Error('enough'));
      expect(await failure(client.invalidate('key', { staleFor: 5, signal }))).toMatchObject({ message: 'enough' });
      expect(await called((done) => void client.invalidate('key').then((outcome) => done(outcome)))).toEqual([false]);
    });
  });
}
