import { describe, expect, it, vi } from 'vitest';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { failure } from '../support/outcomes.ts';
import { freePort } from '../support/ports.ts';
import { eventually, sleep } from '../support/wait.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

describeEverywhere((target: Target) => {
  describe('getOrSet of a server that is down', () => {
    it('computes once for all callers, returns that, and logs the failure', async () => {
      const client = target.create({ retry_delay: 0.01 }, `127.0.0.1:${await freePort()}`);
      const compute = vi.fn(() => 'made');
      const made = await Promise.all(Array.from({ length: 10 }, () => client.getOrSet('key', compute)));
      expect(made.map(String)).toEqual(Array.from({ length: 10 }, () => 'made'));
      expect(compute).toHaveBeenCalledTimes(1);
      expect(target.log.join('\n')).toMatch(/memts: A value for getOrSet could not be read: /);
    });

    it('an error of compute is still thrown', async () => {
      const client = target.create({ retry_delay: 0.01 }, `127.0.0.1:${await freePort()}`);
      const reason = new Error('no');
      expect(await failure(client.getOrSet('key', () => Promise.reject(reason)))).toBe(reason);
    });

    it('with all servers ejected, or discovery that fails, computes as well', async () => {
      const left = target.create({ retry_delay: 0.01, failover: true }, `127.0.0.1:${await freePort()}`);
      await failure(left.get('key'));
      expect(await left.getOrSet('key', () => 'made')).toEqual(Buffer.from('made'));
      const lost = target.create(
        { discovery: { interval: 60, discover: () => Promise.reject(new Error('no list')) } },
        null as never,
      );
      expect(await lost.getOrSet('key', () => 'made')).toEqual(Buffer.from('made'));
    });

    it('that is silent costs its timeouts, and no more', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 0.1, conntimeout: 5, retries: 1 }, proxy.address);
      await client.get('warm', { timeout: 5 });
      proxy.hold();
      const start = performance.now();
      expect(await client.getOrSet(target.key(), () => 'made')).toEqual(Buffer.from('made'));
      expect(performance.now() - start).toBeLessThan(800);
      proxy.release();
    });

    it('that goes while the value is made: the value is returned', async () => {
      const proxy = await target.proxy();
      const client = target.create({ retry_delay: 0.01 }, proxy.address);
      const made = await client.getOrSet(target.key(), async () => {
        proxy.refuse();
        proxy.cut('reset');
        return 'made';
      });
      expect(made).toEqual(Buffer.from('made'));
      expect(target.log.join('\n')).toMatch(/could not be stored: /);
    });
  });

  describe('getOrSet with staleFor', () => {
    /** Has a value of 60 seconds of staleness look as if it had expired. */
    async function age(key: string): Promise<void> {
      await target.client.touch(key, 30);
      await target.client.delete(`${key}:fresh`);
    }

    it('serves the old value while one recomputes, and goes on with the new one', async () => {
      const key = target.key();
      const options = { expires: 1, staleFor: 60 };
      const [one, two] = [target.client, target.create()];
      await one.getOrSet(key, () => 'old', options);
      // memcached has real time to pass.
      if (target.description.server instanceof MemoryServer) await age(key);
      let finish = (_value: string): void => {};
      const compute = vi.fn(() => new Promise<string>((resolve) => (finish = resolve)));
      await eventually(async () => {
        expect(String(await one.getOrSet(key, compute, options))).toBe('old');
        expect(compute).toHaveBeenCalled();
      });
      // The others, in this process and elsewhere, do not wait.
      const start = performance.now();
      const served = await Promise.all([one, two, one, two].map((client) => client.getOrSet(key, compute, options)));
      expect(served.map(String)).toEqual(['old', 'old', 'old', 'old']);
      expect(performance.now() - start).toBeLessThan(500);
      expect(compute).toHaveBeenCalledTimes(1);
      finish('new');
      await eventually(async () => expect(String(await two.getOrSet(key, compute, options))).toBe('new'));
      expect(compute).toHaveBeenCalledTimes(1);
    });

    it('an error of the recomputation is logged, and the old value is served on', async () => {
      const key = target.key();
      const options = { expires: 1, staleFor: 60 };
      await target.client.getOrSet(key, () => 'old', options);
      await age(key);
      const broken = vi.fn(() => Promise.reject(new Error('secret')));
      await eventually(async () => {
        expect(String(await target.client.getOrSet(key, broken, options))).toBe('old');
        expect(broken).toHaveBeenCalled();
      });
      await eventually(() =>
        expect(target.log.join('\n')).toMatch(/could not be computed again: the computation failed/),
      );
      expect(target.log.join('\n')).not.toContain('secret');
      expect(String(await target.client.getOrSet(key, () => 'old too', options))).toBe('old');
    });

    it('deleted while it is computed again: the outdated result is not stored', async () => {
      const key = target.key();
      const options = { expires: 1, staleFor: 60 };
      await target.client.getOrSet(key, () => 'old', options);
      await age(key);
      const compute = vi.fn(async () => {
        await target.client.delete(key);
        return 'outdated';
      });
      await eventually(async () => {
        if (compute.mock.calls.length === 0) await target.client.getOrSet(key, compute, options);
        expect(compute).toHaveBeenCalledTimes(1);
      });
      await sleep(50);
      expect(await target.text(key)).toBe(null);
    });
  });
});
