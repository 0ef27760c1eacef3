import { describe, expect, it } from 'vitest';
import { Client, jsonSerializer } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { failure, timeLeft } from '../support/outcomes.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

describeEverywhere((target: Target) => {
  describe.skipIf(!target.can.cas)('update', () => {
    it('reads, changes and stores, and resolves with what it stored', async () => {
      const key = target.key();
      const seen: unknown[] = [];
      const change = (value: Buffer | null): string => {
        seen.push(value?.toString() ?? null);
        return `${value ?? ''}x`;
      };
      expect(await target.client.update(key, change)).toBe('x');
      expect(await target.client.update(key, async (value) => change(value))).toBe('xx');
      expect(seen).toEqual([null, 'x']);
      expect(await target.text(key)).toBe('xx');
    });

    it.skipIf(!target.can.ttl)('stores flags and an expiration', async () => {
      const key = target.key();
      await target.client.update(key, () => 'v', { flags: 9, expires: 100 });
      expect((await target.client.get(key)).flags?.readUInt32BE()).toBe(9);
      expect(await timeLeft(target.description.server, key)).toBeOneOf([99, 100]);
    });

    it('an empty value is a value', async () => {
      const key = target.key();
      await target.client.set(key, '');
      expect(await target.client.update(key, (value) => (value === null ? 'missing' : `${value.length}`))).toBe('0');
    });

    it('undefined leaves everything as it is', async () => {
      const [key, missing] = [target.key(), target.key()];
      await target.client.set(key, 'v');
      expect(await target.client.update(key, () => undefined)).toBeUndefined();
      expect(await target.client.update(missing, () => undefined)).toBeUndefined();
      expect([await target.text(key), await target.text(missing)]).toEqual(['v', null]);
    });

    it('goes through the serializer', async () => {
      const client = target.create({ serializer: jsonSerializer<number[], number[]>() });
      const key = target.key();
      for (const number of [1, 2, 3]) await client.update(key, (list) => [...(list ?? []), number]);
      expect((await client.get(key)).value).toEqual([1, 2, 3]);
    });

    it.each(['changed', 'deleted', 'created'])('tries again where the item was %s meanwhile', async (what) => {
      const key = target.key();
      if (what !== 'created') await target.client.set(key, 'old');
      const seen: string[] = [];
      await target.client.update(key, async (value) => {
        seen.push(String(value));
        if (seen.length === 1 && what === 'deleted') await target.client.delete(key);
        else if (seen.length === 1) await target.client.set(key, 'other');
        return `${value}!`;
      });
      const first = what === 'created' ? 'null' : 'old';
      const second = what === 'deleted' ? 'null' : 'other';
      expect(seen).toEqual([first, second]);
      expect(await target.text(key)).toBe(`${second}!`);
    });

    it('that never wins ends after its retries with an error that says so', async () => {
      const key = target.key();
      let calls = 0;
      const never = target.client.update(
        key,
        async () => {
          calls += 1;
          await target.client.set(key, `other ${calls}`);
          return 'mine';
        },
        { retries: 4 },
      );
      const error = await failure(never);
      expect(error).toMatchObject({ code: 'ERR_BUSY' });
      expect(error.message).toMatch(/changed by others in each of 4 attempts; nothing was stored/);
      expect(calls).toBe(4);
      expect(await target.text(key)).toBe('other 4');
    });

    it('what change throws ends it and stores nothing', async () => {
      const key = target.key();
      await target.client.set(key, 'v');
      const reason = new Error('no');
      const thrown = target.client.update(key, () => {
        throw reason;
      });
      expect(await failure(thrown)).toBe(reason);
      expect(await failure(target.client.update(key, () => Promise.reject(reason)))).toBe(reason);
      expect(await failure(target.client.update(key, () => 5 as never))).toMatchObject({
        code: 'ERR_INVALID_ARGUMENT',
      });
      expect(await target.text(key)).toBe('v');
    });

    it('refuses what cannot be meant', async () => {
      const { client } = target;
      expect(await failure(client.update('k', 'v' as never))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      for (const options of [{ retries: 0 }, { retries: 1.5 }, { expires: -1 }, { flags: -1 }, { timeout: 0 }]) {
        expect(await failure(client.update('k', () => 'v', options))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
    });

    it('ends with the reason of its signal', async () => {
      const key = target.key();
      const reason = new Error('enough');
      const controller = new AbortController();
      const aborted = target.client.update(
        key,
        () => {
          controller.abort(reason);
          return 'v';
        },
        { signal: controller.signal },
      );
      expect(await failure(aborted)).toBe(reason);
      expect(await target.text(key)).toBeNull();
    });

    it('of several clients at once loses no change', async () => {
      const key = target.key();
      const clients = [target.create(), target.create(), target.create()];
      const add = (client: Client) => client.update(key, (value) => `${Number(value ?? 0) + 1}`, { retries: 1000 });
      await Promise.all(clients.flatMap((client) => Array.from({ length: 15 }, () => add(client))));
      expect(await target.text(key)).toBe('45');
    });
  });

  describe('getAndTouch', () => {
    it.skipIf(!target.can.ttl)('is like get, with a new expiration', async () => {
      const key = target.key();
      expect(await target.client.getAndTouch(key, 60)).toEqual({ value: null, flags: null });
      await target.client.set(key, 'v', { flags: 3 });
      const kept = await target.client.getAndTouch(key, 60);
      expect([kept.value?.toString(), kept.flags?.readUInt32BE()]).toEqual(['v', 3]);
      if (target.can.cas) expect(typeof (await target.client.getAndTouch(key, 60, { cas: true })).cas).toBe('bigint');
      const called = new Promise<unknown[]>((resolve) => {
        target.client.getAndTouch(key, 100, (...args) => resolve(args));
      });
      expect((await called).map(String)).toEqual(['null', 'v', '\0\0\0\x03']);
      expect(await timeLeft(target.description.server, key)).toBeOneOf([99, 100]);
    });

    it.skipIf(!target.can.ttl)('keeps an item for ever with 0, and refuses a bad time', async () => {
      const key = target.key();
      await target.client.set(key, 'v', { expires: 100 });
      await target.client.getAndTouch(key, 0);
      expect(await timeLeft(target.description.server, key)).toBe(-1);
      expect(await failure(target.client.getAndTouch(key, -1))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    });
  });

  describe('version', () => {
    it('is returned for each server that answers', async () => {
      await using other = await MemoryServer.start();
      const client = target.create({ retry_delay: 0 }, `${target.name},${other.address},127.0.0.1:1`);
      const versions = await client.version();
      expect(Object.keys(versions).sort()).toEqual([target.name, other.address].sort());
      expect(versions[target.name]).toMatch(/^1\.\d+\.\d+/);
      const down = target.create({ retry_delay: 0 }, '127.0.0.1:1');
      expect(await failure(down.version())).toMatchObject({ code: 'ERR_CONNECT' });
    });
  });

  describe('Symbol.asyncDispose', () => {
    it('waits for every response and closes every socket', async () => {
      const proxy = await target.proxy();
      const [key, outcomes] = [target.key(), [] as unknown[]];
      {
        await using client = Client.create(proxy.address, { protocol: target.protocol });
        await client.get(key);
        proxy.hold();
        client.set(key, 'v').then((stored) => outcomes.push(stored));
        setTimeout(() => proxy.release(), 30);
      }
      expect(outcomes).toEqual([true]);
      await expect.poll(() => proxy.open, { interval: 2 }).toBe(0);
    });
  });
});
