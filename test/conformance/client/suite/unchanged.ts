import { describe, expect, it } from 'vitest';
import { noopSerializer } from '../../../../src/index.ts';
import { called, failure } from '../../../support/outcomes.ts';
import { flagsOf, type Target } from './target.ts';

const OTHER = 18_446_744_073_709_551_614n;

/** Reads by somebody who has a value already. */
export function describeUnchanged(target: Target): void {
  describe.skipIf(target.can.cas)('ifNoneMatch of a server that has CAS switched off', () => {
    it('is refused, and the error says why', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      const error = await failure(target.client.get(key, { ifNoneMatch: 5n }));
      expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', server: target.name });
      expect(error.message).toMatch(/CAS switched off/);
    });
  });

  describe.skipIf(!target.can.cas)('ifNoneMatch', () => {
    async function stored(value: string | Buffer = 'value', client = target.client): Promise<[string, bigint]> {
      const key = target.key('unchanged');
      await client.set(key, value, { flags: 9 });
      const { cas } = await client.get(key, { cas: true });
      return [key, cas as bigint];
    }

    it('tells that the value is still the same, again and again', async () => {
      const [key, cas] = await stored();
      const same = { unchanged: true, value: null, flags: null, cas };
      expect(await target.client.get(key, { ifNoneMatch: cas })).toEqual(same);
      expect(await target.client.get(key, { ifNoneMatch: cas, cas: true })).toEqual(same);
      expect(await called((done) => target.client.get(key, { ifNoneMatch: cas }, done))).toEqual([null, null, null]);
      expect(await target.client.get(key)).toEqual({ value: Buffer.from('value'), flags: flagsOf(9) });
    });

    it.each([
      ['set to the same', (key: string) => target.client.set(key, 'value', { flags: 9 }), 'value'],
      ['appended to', (key: string) => target.client.append(key, '!'), 'value!'],
      ['appended nothing', (key: string) => target.client.append(key, ''), 'value'],
    ])('gives the value that was %s, with its new CAS', async (_what, change, value) => {
      const [key, cas] = await stored();
      await change(key);
      const found = await target.client.get(key, { ifNoneMatch: cas });
      expect(found).toEqual({
        unchanged: false,
        value: Buffer.from(value),
        flags: flagsOf(9),
        cas: expect.any(BigInt),
      });
      expect(found.cas).not.toBe(cas);
      expect(await target.client.get(key, { ifNoneMatch: found.cas as bigint })).toMatchObject({ unchanged: true });
    });

    it('gives the value where another CAS is meant, 1 and 2^64 − 1 among them', async () => {
      const [key, cas] = await stored();
      const found = { unchanged: false, value: Buffer.from('value'), flags: flagsOf(9), cas };
      for (const ifNoneMatch of [OTHER, OTHER + 1n])
        expect(await target.client.get(key, { ifNoneMatch })).toEqual(found);
      const callback = await called((done) => target.client.get(key, { ifNoneMatch: OTHER }, done));
      expect(callback).toEqual([null, Buffer.from('value'), flagsOf(9)]);
    });

    it('answers a miss with null for all three', async () => {
      const missing = { unchanged: false, value: null, flags: null, cas: null };
      expect(await target.client.get(target.key('gone'), { ifNoneMatch: 5n })).toEqual(missing);
    });

    it('takes what stands in the place of a value that is being computed for a miss', async () => {
      const key = target.key();
      const other = target.create();
      let seen: unknown;
      await target.client.getOrSet(key, async () => {
        seen = await other.get(key, { ifNoneMatch: OTHER });
        return 'made';
      });
      expect(seen).toEqual({ unchanged: false, value: null, flags: null, cas: null });
    });

    it('is no touch: the expiration stays', async () => {
      const [key, cas] = await stored();
      await target.client.touch(key, 100);
      expect(await target.client.get(key, { ifNoneMatch: cas })).toMatchObject({ unchanged: true });
    });

    it('of null or undefined is none', async () => {
      const [key] = await stored();
      for (const none of [null, undefined]) {
        const found = await target.client.get(key, { ifNoneMatch: none } as object);
        expect(found).toEqual({ value: Buffer.from('value'), flags: flagsOf(9) });
      }
    });

    it('works for keys with bytes of every kind, a prefix, and for such as are too long', async () => {
      const client = target.create({ keyPrefix: 'shop:', hashLongKeys: true });
      const keys = [target.key('é'), 'l'.repeat(300) + target.key(), Buffer.from(target.key('bytes'))];
      if (target.protocol !== 'classic') keys.push(target.key('a key with\r\n a line'));
      for (const key of keys) {
        await client.set(key, 'value');
        const { cas } = await client.get(key, { cas: true });
        expect(await client.get(key, { ifNoneMatch: cas as bigint })).toMatchObject({ unchanged: true, cas });
        await client.set(key, 'other');
        const found = await client.get(key, { ifNoneMatch: cas as bigint });
        expect(found).toMatchObject({ unchanged: false, value: Buffer.from('other') });
      }
    });

    it('asks the serializer only for a value that has come', async () => {
      const read: string[] = [];
      const client = target.create<string, string | null>({
        serializer: {
          serialize: (_opcode, value, extras) => ({ value, extras }),
          deserialize: (_opcode, value, extras) => {
            read.push(String(value));
            return { value: `<${value}>`, extras };
          },
        },
      });
      const [key, cas] = await stored();
      expect(await client.get(key, { ifNoneMatch: cas })).toMatchObject({ unchanged: true, value: null });
      expect(read).toEqual([]);
      expect(await client.get(key, { ifNoneMatch: OTHER })).toMatchObject({ unchanged: false, value: '<value>' });
      expect(client.serializer).not.toBe(noopSerializer);
    });

    it.each([0n, -1n, 2n ** 64n, 5, '5', {}, true])('of %s is refused before a byte is sent', async (ifNoneMatch) => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      const options = { ifNoneMatch } as { ifNoneMatch: bigint };
      const error = await failure(client.get('key', options));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toMatch(/ifNoneMatch/);
      expect(await called((done) => client.get('key', options, done))).toMatchObject([
        { code: error.code },
        null,
        null,
      ]);
      expect(proxy.bytesToServer).toBe(0);
    });

    it('goes together with other reads and writes of the same turn, in their order', async () => {
      const [key, cas] = await stored();
      const outcomes = await Promise.all([
        target.client.get(key, { ifNoneMatch: cas }),
        target.client.set(key, 'next'),
        target.client.get(key, { ifNoneMatch: cas }),
        target.client.get(key),
        target.client.delete(key),
        target.client.get(key, { ifNoneMatch: cas }),
      ]);
      expect(outcomes[0]).toMatchObject({ unchanged: true });
      expect(outcomes[2]).toMatchObject({ unchanged: false, value: Buffer.from('next') });
      expect(outcomes[5]).toMatchObject({ unchanged: false, value: null, cas: null });
    });

    it('of a large value reads it only where it has to', async () => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      const [key, cas] = await stored(Buffer.alloc(100_000, 'x'), client);
      const before = proxy.bytesFromServer;
      expect(await client.get(key, { ifNoneMatch: cas })).toMatchObject({ unchanged: true, value: null });
      const spared = target.protocol === 'meta' && target.can.sparesUnchanged;
      if (spared) expect(proxy.bytesFromServer - before).toBeLessThan(200);
      else expect(proxy.bytesFromServer - before).toBeGreaterThan(100_000);
      const found = await client.get(key, { ifNoneMatch: OTHER });
      expect([found.unchanged, found.value?.length]).toEqual([false, 100_000]);
    });
  });
}
