import { describe, expect, it } from 'vitest';
import type { Client, CommandOptions } from '../../../../src/index.ts';
import { called, failure } from '../../../support/outcomes.ts';
import { startRogueServer } from '../../../support/rogue-server.ts';
import type { Target } from './target.ts';

const COMMANDS: [name: string, run: (client: Client, key: string, options: CommandOptions) => Promise<unknown>][] = [
  ['get', (client, key, options) => client.get(key, options)],
  ['set', (client, key, options) => client.set(key, '1', options)],
  ['add', (client, key, options) => client.add(key, '1', options)],
  ['replace', (client, key, options) => client.replace(key, '1', options)],
  ['append', (client, key, options) => client.append(key, '1', options)],
  ['prepend', (client, key, options) => client.prepend(key, '1', options)],
  ['delete', (client, key, options) => client.delete(key, options)],
  ['increment', (client, key, options) => client.increment(key, 1, options)],
  ['decrement', (client, key, options) => client.decrement(key, 1, options)],
  ['touch', (client, key, options) => client.touch(key, 60, options)],
];

export function describeSignals(target: Target): void {
  describe('signal', () => {
    const reason = new Error('the reason');

    it.each(COMMANDS)('%s: aborted before the call, nothing is sent', async (_name, run) => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      expect(await failure(run(client, target.key(), { signal: AbortSignal.abort(reason) }))).toBe(reason);
      expect(proxy.connections).toBe(0);
    });

    it.each(COMMANDS)(
      '%s: aborted while it waits for the response, and the connection lives on',
      async (_name, run) => {
        const proxy = await target.proxy();
        const client = target.create({ timeout: 2 }, proxy.address);
        const other = target.key();
        await client.set(other, 'other');
        const { connections } = proxy;
        proxy.hold();
        const controller = new AbortController();
        const sent = proxy.bytesToServer;
        const aborted = failure(run(client, target.key(), { signal: controller.signal }));
        const behind = client.get(other);
        await expect.poll(() => proxy.bytesToServer, { interval: 2 }).toBeGreaterThan(sent);
        controller.abort(reason);
        expect(await aborted).toBe(reason);
        proxy.release();
        expect((await behind).value?.toString()).toBe('other');
        expect((await client.get(other)).value?.toString()).toBe('other');
        expect(proxy.connections).toBe(connections);
      },
    );

    it.each(COMMANDS)('%s: aborted while it waits for a connection, it is not sent', async (_name, run) => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 2 }, proxy.address);
      const key = target.key();
      const controller = new AbortController();
      const aborted = failure(run(client, key, { signal: controller.signal }));
      const behind = client.set(target.key(), 'other');
      controller.abort(reason);
      expect(await aborted).toBe(reason);
      expect(await behind).toBe(true);
      expect(await target.text(key)).toBeNull();
    });

    it('aborted between two attempts, it ends at once and is not sent again', async () => {
      await using rogue = await startRogueServer((socket) => socket.resetAndDestroy());
      const client = target.create({ retries: 2, retry_delay: 30 }, rogue.address);
      const controller = new AbortController();
      const aborted = failure(client.get(target.key(), { signal: controller.signal }));
      await expect.poll(() => rogue.connections, { interval: 2 }).toBe(1);
      await expect.poll(() => rogue.open, { interval: 2 }).toBe(0);
      controller.abort(reason);
      expect(await aborted).toBe(reason);
      expect(rogue.connections).toBe(1);
    });

    it('has the reason that abort() gives when it is given none', async () => {
      const controller = new AbortController();
      const aborted = failure(target.client.get(target.key(), { signal: controller.signal }));
      controller.abort();
      expect(await aborted).toMatchObject({ name: 'AbortError' });
    });

    it('reaches the callback, once', async () => {
      const calls: unknown[][] = [];
      const controller = new AbortController();
      target.client.get(target.key(), { signal: controller.signal }, (...args) => calls.push(args));
      controller.abort(reason);
      await target.client.get(target.key());
      expect(calls).toHaveLength(1);
      expect(calls[0]?.[0]).toBe(reason);
      const early = await called((done) =>
        target.client.set(target.key(), 'v', { signal: AbortSignal.abort(reason) }, done),
      );
      expect(early[0]).toBe(reason);
    });

    it('aborted in the same turn as a bad argument, the callback is called once', async () => {
      const calls: unknown[] = [];
      const controller = new AbortController();
      const options = { signal: controller.signal };
      target.client.set(target.key(), 5 as never, options, (error) => calls.push(error));
      controller.abort(reason);
      await target.client.get(target.key());
      await new Promise(setImmediate);
      expect(calls).toHaveLength(1);
    });

    it('after the response changes nothing, and no listener is left behind', async () => {
      const controller = new AbortController();
      let listeners = 0;
      const { signal } = controller;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = ((...args: Parameters<typeof add>) => {
        listeners += 1;
        add(...args);
      }) as typeof add;
      signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
        listeners -= 1;
        remove(...args);
      }) as typeof remove;
      for (const [, run] of COMMANDS) await run(target.client, target.key(), { signal });
      expect(listeners).toBe(0);
      controller.abort(reason);
      expect(await target.text(target.key())).toBeNull();
    });

    it('ends one of many commands only', async () => {
      const controller = new AbortController();
      const key = target.key();
      await target.client.set(key, 'value');
      const gets = Array.from({ length: 30 }, (_, index) =>
        target.client.get(key, index % 3 === 0 ? { signal: controller.signal } : {}),
      );
      controller.abort(reason);
      const outcomes = await Promise.allSettled(gets);
      const expected = Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? 'rejected' : 'fulfilled'));
      expect(outcomes.map(({ status }) => status)).toEqual(expected);
    });

    it('ends statistics and flush too', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 2 }, proxy.address);
      await client.get(target.key());
      proxy.hold();
      const controller = new AbortController();
      const stats = failure(client.stats({ signal: controller.signal }));
      controller.abort(reason);
      expect(await stats).toBe(reason);
      proxy.release();
      expect(await client.get(target.key())).toEqual({ value: null, flags: null });
      expect(await failure(client.flush({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    });
  });
}
