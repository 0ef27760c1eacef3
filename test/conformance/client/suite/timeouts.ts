import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

/** How much later than promised a response may come on a busy machine, in milliseconds. */
const SLACK = 350;

/** The first command opens the connection: it has time for that on a busy machine. */
const WARM = { timeout: 2 };

export function describeTimeouts(target: Target): void {
  /** The milliseconds until a promise settles. */
  async function time(promise: Promise<unknown>): Promise<number> {
    const start = performance.now();
    await promise;
    return performance.now() - start;
  }

  describe('timeout', () => {
    it('of the client bounds each attempt', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 0.1, retries: 1 }, proxy.address);
      await client.get(target.key(), WARM);
      proxy.hold();
      let error: Error & { code?: string; server?: string } = new Error();
      const taken = await time(failure(client.get(target.key())).then((found) => (error = found)));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_TIMEOUT', server: proxy.address });
      expect(taken).toBeGreaterThanOrEqual(95);
      expect(taken).toBeLessThan(100 + SLACK);
    });

    it("of a command comes before the client's", async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 10, retries: 1 }, proxy.address);
      await client.get(target.key(), WARM);
      proxy.hold();
      const key = target.key();
      const timeout = 0.1;
      const calls = {
        get: () => client.get(key, { timeout }),
        set: () => client.set(key, '1', { timeout }),
        append: () => client.append(key, '1', { timeout }),
        delete: () => client.delete(key, { timeout }),
        increment: () => client.increment(key, 1, { timeout }),
        touch: () => client.touch(key, 60, { timeout }),
        stats: () => client.stats({ timeout }),
      };
      const start = performance.now();
      const failures = await Promise.all(Object.values(calls).map((call) => failure(call())));
      const taken = performance.now() - start;
      expect(failures.map(({ code }) => code)).toEqual(failures.map(() => 'ERR_TIMEOUT'));
      expect(taken).toBeGreaterThanOrEqual(95);
      expect(taken).toBeLessThan(100 + SLACK);
      const [error] = await called((done) => client.get(key, { timeout }, done));
      expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
    });

    it('of a command may be longer than that of the client', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 0.05, retries: 1 }, proxy.address);
      const key = target.key();
      await target.client.set(key, 'value');
      await client.get(key, { timeout: 2 });
      proxy.hold();
      const patient = client.get(key, { timeout: 5 });
      // Sent later, over before it, and not answered before it either.
      expect(await failure(client.get(key))).toMatchObject({ code: 'ERR_TIMEOUT' });
      proxy.release();
      expect((await patient).value?.toString()).toBe('value');
    });

    it('bounds all attempts together', async () => {
      const proxy = await target.proxy();
      const options = { timeout: 0.08, conntimeout: 0.08, retries: 3, retry_delay: 0.05 };
      const client = target.create(options, proxy.address);
      await client.get(target.key(), WARM);
      proxy.hold();
      const taken = await time(failure(client.get(target.key())));
      expect(taken).toBeGreaterThanOrEqual(80 + 2 * 50 - 10);
      expect(taken).toBeLessThan(3 * (80 + 80) + 2 * 50 + 2 * SLACK);
    });

    it('leaves late responses out, and later commands get their own', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 0.1, retries: 1 }, proxy.address);
      const keys = Array.from({ length: 5 }, () => target.key('late'));
      for (const key of keys) await target.client.set(key, `value of ${key}`);
      await client.get(keys[0] as string, WARM);
      proxy.hold();
      const late = failure(client.get(keys[0] as string));
      expect(await late).toMatchObject({ code: 'ERR_TIMEOUT' });
      proxy.release();
      const found = await Promise.all(keys.map((key) => client.get(key, { timeout: 2 })));
      expect(found.map(({ value }) => value?.toString())).toEqual(keys.map((key) => `value of ${key}`));
    });

    it('of a command that has other commands behind it', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 2, retries: 1 }, proxy.address);
      const key = target.key();
      await client.set(key, 'value');
      proxy.hold();
      const short = failure(client.get(key, { timeout: 0.05 }));
      const long = client.get(key);
      expect(await short).toMatchObject({ code: 'ERR_TIMEOUT' });
      proxy.release();
      expect((await long).value?.toString()).toBe('value');
      expect(proxy.connections).toBe(1);
    });
  });
}
