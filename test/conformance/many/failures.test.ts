import { describe, expect, it, test } from 'vitest';
import type { Client, MultiResult } from '../../../src/index.ts';
import { failure } from '../../support/outcomes.ts';
import { freePort } from '../../support/ports.ts';
import { startRogueServer } from '../../support/rogue-server.ts';
import { sleep } from '../../support/wait.ts';
import type { Target } from '../client/suite/target.ts';
import { describeEverywhere, startMore } from '../every-target.ts';

type Call = (client: Client, keys: readonly string[], options?: object) => Promise<MultiResult<unknown>>;

const CALLS: [name: string, call: Call][] = [
  ['getMulti', (client, keys, options) => client.getMulti(keys, options)],
  [
    'setMulti',
    (client, keys, options) =>
      client.setMulti(
        keys.map((key) => [key, 'new']),
        options,
      ),
  ],
  ['deleteMulti', (client, keys, options) => client.deleteMulti(keys, options)],
];

const KEYS = Array.from({ length: 900 }, (_, index) => `spread-${index}`);

describeEverywhere((target: Target) => {
  /** Three addresses, the last of them without a server, and the keys that belong to the other two. */
  async function threeWithOneDown(
    options: object = {},
  ): Promise<AsyncDisposable & { client: Client; down: string; up: string[] }> {
    const more = await startMore(target, 1);
    const down = `127.0.0.1:${await freePort()}`;
    const addresses = [target.name, more[0]?.address, down].join(',');
    const client = target.create({ retry_delay: 0.01, ...options }, addresses);
    await client.setMulti(KEYS.map((key) => [key, 'old']));
    const up = KEYS.filter((key) => client.getServer(key) !== 2);
    return { client, down, up, [Symbol.asyncDispose]: () => more[Symbol.asyncDispose]() };
  }

  describe.each(CALLS)('%s', (_name, call) => {
    test("one server of three down: its error under host:port, the others' results", async () => {
      await using fleet = await threeWithOneDown();
      const result = await call(fleet.client, KEYS);
      expect([...result.keys()].sort()).toEqual([...fleet.up].sort());
      expect(fleet.up.length).toBeLessThan(KEYS.length);
      expect([...result.errors]).toEqual([
        [fleet.down, expect.objectContaining({ code: 'ERR_CONNECT', server: fleet.down })],
      ]);
    });

    it('rejects when all servers are down', async () => {
      const ports = [await freePort(), await freePort()];
      const one = target.create({ retry_delay: 0.01 }, `127.0.0.1:${ports[0]}`);
      expect(await failure(call(one, KEYS))).toMatchObject({ code: 'ERR_CONNECT' });
      const two = target.create({ retry_delay: 0.01 }, ports.map((port) => `127.0.0.1:${port}`).join(','));
      const both = (await failure(call(two, KEYS))) as AggregateError;
      expect(both.errors.map(({ code }) => code)).toEqual(['ERR_CONNECT', 'ERR_CONNECT']);
    });

    it('with failover, the keys of a server that is down go to the others', async () => {
      await using fleet = await threeWithOneDown({ failover: true });
      const result = await call(fleet.client, KEYS);
      expect([result.size, result.errors.size]).toEqual([KEYS.length, 0]);
    });

    it('times out where nothing is answered, and the others are not held up for longer', async () => {
      await using silent = await startRogueServer(() => {});
      await target.client.setMulti(KEYS.map((key) => [key, 'old']));
      const client = target.create({ timeout: 0.3, retries: 1 }, `${target.name},${silent.address}`);
      const start = performance.now();
      const result = await call(client, KEYS);
      expect(performance.now() - start).toBeLessThan(0.3 * 2 * 1000 + 600);
      expect([...result.keys()].sort()).toEqual(KEYS.filter((key) => client.getServer(key) === 0).sort());
      expect([...result.errors]).toEqual([[silent.address, expect.objectContaining({ code: 'ERR_TIMEOUT' })]]);
    });

    it('has a timeout of its own', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 10, retries: 1 }, proxy.address);
      await client.get('warm');
      proxy.hold();
      const start = performance.now();
      expect(await failure(call(client, ['a', 'b'], { timeout: 0.05 }))).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(performance.now() - start).toBeGreaterThan(45);
      expect(performance.now() - start).toBeLessThan(1500);
      proxy.release();
    });

    it('ends with the reason of its signal, before it and in the middle, and the connection lives on', async () => {
      const reason = new Error('enough');
      const proxy = await target.proxy();
      const client = target.create({ timeout: 5 }, proxy.address);
      expect(await failure(call(client, KEYS, { signal: AbortSignal.abort(reason) }))).toBe(reason);
      expect(proxy.connections).toBe(0);
      await client.get('warm');
      proxy.hold();
      const controller = new AbortController();
      const aborted = failure(call(client, KEYS, { signal: controller.signal }));
      await sleep(30);
      controller.abort(reason);
      expect(await aborted).toBe(reason);
      proxy.release();
      await client.set('after', 'an abort');
      expect((await client.get('after')).value?.toString()).toBe('an abort');
      expect(proxy.connections).toBe(1);
    });

    it('a connection lost in the middle: sent again, with every result', async () => {
      const proxy = await target.proxy();
      const client = target.create({ retry_delay: 0.01 }, proxy.address);
      await client.setMulti(KEYS.map((key) => [key, 'old']));
      proxy.hold();
      const result = call(client, KEYS);
      await sleep(20);
      proxy.cut('reset');
      proxy.release();
      expect([(await result).size, (await result).errors.size]).toEqual([KEYS.length, 0]);
      expect(proxy.connections).toBe(2);
    });

    it('fails with ERR_CLOSED when the client is closed meanwhile', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 5 }, proxy.address);
      await client.get('warm');
      proxy.hold();
      const closed = failure(call(client, KEYS));
      await sleep(20);
      client.close();
      expect(await closed).toMatchObject({ code: 'ERR_CLOSED' });
    });
  });
});
