import { afterEach, describe, expect, it } from 'vitest';
import type { Client } from '../../../../src/index.ts';
import { called, failure } from '../../../support/outcomes.ts';
import { eventually } from '../../../support/wait.ts';
import type { Target } from './target.ts';

export function describeAdministration(target: Target, thorough: boolean): void {
  const down = async (): Promise<{ client: Client; address: string }> => {
    const proxy = await target.proxy();
    proxy.refuse();
    return { client: target.create({ retries: 1 }, `${target.name},${proxy.address}`), address: proxy.address };
  };

  describe.skipIf(target.can.flush)('flush of a server that does not take it', () => {
    it('is refused, and empties nothing', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      const results = await target.client.flush();
      // The built-in proxy closes the connection.
      const code = target.can.steady ? 'ERR_UNSUPPORTED' : 'ERR_CONNECT';
      expect(results[target.name]).toMatchObject({ code, server: target.name });
      expect(await target.text(key)).toBe('value');
    });
  });

  describe.skipIf(!target.can.flush)('flush', () => {
    afterEach(() => untilStored());

    /** Without CAS, memcached goes by time alone: what is stored in the second of a flush is gone as well. */
    async function untilStored(): Promise<void> {
      if (target.can.cas) return;
      const key = target.key();
      await eventually(async () => {
        await target.client.set(key, 'value');
        expect(await target.text(key)).toBe('value');
      });
    }

    it('empties the server', async () => {
      for (const flush of [
        async () => expect(await target.client.flush()).toEqual({ [target.name]: true }),
        async () => expect(await target.client.flush({})).toEqual({ [target.name]: true }),
        async () => expect(await called((done) => target.client.flush(done))).toEqual([null, { [target.name]: true }]),
      ]) {
        const key = target.key();
        await target.client.set(key, 'value');
        await flush();
        expect(await target.text(key)).toBeNull();
        await untilStored();
        await target.client.set(key, 'again');
        expect(await target.text(key)).toBe('again');
      }
    });

    const takesTime = thorough ? it : (): void => {};

    takesTime('may come later', { timeout: 10_000 }, async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      expect(await target.client.flush({ expires: 100 })).toEqual({ [target.name]: true });
      expect(await target.text(key)).toBe('value');
      expect(await target.client.flush({ expires: 2 })).toEqual({ [target.name]: true });
      await eventually(async () => expect(await target.text(key)).toBeNull(), { interval: 50 });
      await target.client.flush();
    });

    it('is not for good: what the client expires by default plays no part', async () => {
      const client = target.create({ expires: 100 });
      const key = target.key();
      await client.set(key, 'value');
      await client.flush();
      expect(await target.text(key)).toBeNull();
    });

    it('tells which server failed', async () => {
      const { client, address } = await down();
      const results = await client.flush();
      expect(results[target.name]).toBe(true);
      expect(results[address]).toMatchObject({ name: 'MemcacheError', code: 'ERR_CONNECT', server: address });
      const [lastError, again] = await called((done) => client.flush(done));
      expect(lastError).toBe((again as Record<string, unknown>)[address]);
      expect(lastError).toMatchObject({ code: 'ERR_CONNECT' });
    });
  });

  describe('statistics', () => {
    it('of the server, by name', async () => {
      const stats = await target.client.stats();
      expect(Object.keys(stats)).toEqual([target.name]);
      const { pid, version, curr_items, get_hits } = stats[target.name] ?? {};
      expect(pid).toMatch(/^\d+$/);
      expect(version).toMatch(/^\d+\.\d+/);
      expect(curr_items).toMatch(/^\d+$/);
      expect(get_hits).toMatch(/^\d+$/);
    });

    it('call back once for each server', async () => {
      const [error, name, stats] = await called((done) => target.client.stats(done));
      expect([error, name]).toEqual([null, target.name]);
      expect(stats).toHaveProperty('curr_items');
    });

    it('of one group', async () => {
      const { [target.name]: settings } = await target.client.statsWithKey('settings');
      expect(settings).toHaveProperty('item_size_max');
      expect(settings).not.toHaveProperty('curr_items');
      const [error, name, stats] = await called((done) => target.client.statsWithKey('settings', done));
      expect([error, name]).toEqual([null, target.name]);
      expect(stats).toEqual(settings);
    });

    it.skipIf(!target.can.counts)('are set back', async () => {
      await target.client.get(target.key('gone'));
      const misses = async () => Number((await target.client.stats())[target.name]?.get_misses);
      expect(await misses()).toBeGreaterThan(0);
      expect(Object.keys(await target.client.resetStats())).toEqual([target.name]);
      expect(await misses()).toBe(0);
      await target.client.get(target.key('gone'));
      const [error, name] = await called((done) => target.client.resetStats(done));
      expect([error, name]).toEqual([null, target.name]);
      expect(await misses()).toBe(0);
    });

    it('leave commands around them alone', async () => {
      const key = target.key();
      const [stored, stats, found] = await Promise.all([
        target.client.set(key, 'value'),
        target.client.stats(),
        target.client.get(key),
      ]);
      expect([stored, found.value?.toString()]).toEqual([true, 'value']);
      expect(stats[target.name]).toHaveProperty('uptime');
    });

    it('are those of the servers that answer', async () => {
      const { client, address } = await down();
      for (const ask of [
        () => client.stats(),
        () => client.statsWithKey('items'),
        () => client.resetStats(),
        () => client.version(),
      ]) {
        const answered = await ask();
        expect(Object.keys(answered)).toEqual([target.name]);
        expect([...answered.errors.keys()]).toEqual([address]);
        expect(answered.errors.get(address)).toMatchObject({ code: 'ERR_CONNECT', server: address });
      }
      expect((await target.client.stats()).errors.size).toBe(0);
      for (const ask of [
        (each: (...args: unknown[]) => void) => client.stats(each),
        (each: (...args: unknown[]) => void) => client.version(each),
        (each: (...args: unknown[]) => void) => client.version({}, each),
      ]) {
        const calls: unknown[][] = [];
        ask((...args) => calls.push(args));
        await expect.poll(() => calls.length).toBe(2);
        expect(calls.find(([, name]) => name === target.name)?.[0]).toBeNull();
        const failed = calls.find(([, name]) => name === address);
        expect(failed?.[0]).toMatchObject({ code: 'ERR_CONNECT', server: address });
        expect(failed?.[2]).toBeNull();
      }
    });

    it('have the version among them, which calls back as they do', async () => {
      const { [target.name]: version } = await target.client.version();
      expect(await called((done) => target.client.version(done))).toEqual([null, target.name, version]);
    });

    it('fail when no server answers', async () => {
      const proxy = await target.proxy();
      proxy.refuse();
      const client = target.create({ retries: 1 }, proxy.address);
      expect(await failure(client.stats())).toMatchObject({ code: 'ERR_CONNECT', server: proxy.address });
    });
  });
}
