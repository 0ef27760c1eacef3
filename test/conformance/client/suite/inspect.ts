import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

/** What an item is, without its value. */
export function describeInspect(target: Target): void {
  const isMeta = target.protocol === 'meta';

  describe.skipIf(isMeta)('inspect over another protocol', () => {
    it('names the one that it needs', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      const error = await failure(target.client.inspect(key));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_UNSUPPORTED', server: target.name });
      expect(error.message).toMatch(/inspect needs the meta protocol/);
      expect(await called((done) => target.client.inspect(key, done))).toMatchObject([
        { code: error.code },
        null,
        null,
      ]);
      expect(await target.text(key)).toBe('value');
    });
  });

  describe.skipIf(!isMeta)('inspect', () => {
    it('tells all that is known of an item', async () => {
      const key = target.key();
      await target.client.set(key, 'value', { flags: 4_294_967_295, expires: 1000 });
      const found = await target.client.inspect(key);
      expect(found).toEqual({
        ttl: expect.any(Number),
        size: 5,
        idle: expect.any(Number),
        fetched: false,
        flags: 4_294_967_295,
        cas: target.can.cas ? expect.any(BigInt) : null,
        stale: false,
        server: target.name,
      });
      expect(found?.ttl).toBeGreaterThan(990);
      expect(found?.ttl).toBeLessThanOrEqual(1000);
      expect(found?.idle).toBeLessThan(5);
      if (target.can.cas) expect(found?.cas).toBe((await target.client.get(key, { cas: true })).cas);
    });

    it('has null for what never expires, and a size of 0 for nothing', async () => {
      const key = target.key();
      await target.client.set(key, '');
      expect(await target.client.inspect(key)).toMatchObject({ ttl: null, size: 0, flags: 0 });
    });

    it('is null for a miss', async () => {
      expect(await target.client.inspect(target.key('gone'))).toBeNull();
      expect(await called((done) => target.client.inspect(target.key('gone'), done))).toEqual([null, null]);
      expect(await called((done) => target.client.inspect(target.key('gone'), null, done))).toEqual([null, null]);
      const [gone] = [target.key()];
      await target.client.set(gone, 'value', { expires: 1_000_000_000 });
      expect(await target.client.inspect(gone, null)).toBeNull();
    });

    it('is no use of the item, and sees one', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      await Promise.all(Array.from({ length: 5 }, () => target.client.inspect(key)));
      expect(await target.client.inspect(key)).toMatchObject({ fetched: false });
      await target.client.get(key);
      expect(await target.client.inspect(key)).toMatchObject({ fetched: true });
      await target.client.set(key, 'value');
      expect(await target.client.inspect(key)).toMatchObject({ fetched: false });
    });

    it('knows counters, keys of every kind, prefixes and keys that are too long', async () => {
      const client = target.create({ keyPrefix: 'shop:', hashLongKeys: true });
      const counter = target.key('counter');
      await client.increment(counter, 1, { initial: 12_345 });
      expect(await client.inspect(counter)).toMatchObject({ size: 5 });
      for (const key of [target.key('é'), 'l'.repeat(300) + target.key(), Buffer.from(target.key('a b\r\n'))]) {
        expect(await client.inspect(key)).toBeNull();
        await client.set(key, 'value');
        expect(await client.inspect(key)).toMatchObject({ size: 5 });
      }
    });

    it('has the size of what is stored, whatever a serializer made of it', async () => {
      const client = target.create<string, string>({
        serializer: {
          serialize: (_opcode, value, extras) => ({ value: value + value, extras }),
          deserialize: () => {
            throw new Error('nothing is read');
          },
        },
      });
      const key = target.key();
      await client.set(key, '123');
      expect(await client.inspect(key)).toMatchObject({ size: 6 });
    });

    it('does not show what stands in the place of a value that is being computed', async () => {
      const key = target.key();
      let seen: unknown;
      const compute = async (): Promise<string> => {
        seen = await target.create().inspect(key);
        return 'made';
      };
      await target.client.getOrSet(key, compute, { expires: 100 });
      expect(seen).toBeNull();
      expect(await target.client.inspect(key)).toMatchObject({ size: 4, fetched: false });
    });

    it('goes together with other commands of the same turn, in their order', async () => {
      const key = target.key();
      const outcomes = await Promise.all([
        target.client.inspect(key),
        target.client.set(key, 'value'),
        target.client.inspect(key),
        target.client.append(key, '!'),
        target.client.inspect(key),
        target.client.delete(key),
        target.client.inspect(key),
      ]);
      expect(outcomes.map((outcome) => (outcome as { size?: number } | null)?.size ?? outcome)).toEqual([
        null,
        true,
        5,
        true,
        6,
        true,
        null,
      ]);
    });
  });
}
