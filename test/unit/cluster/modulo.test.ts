import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Client, type ServerLike, Utils } from '../../../src/index.ts';

const memjs = createRequire(import.meta.url)('memjs') as typeof import('memjs');

describe('hashCode', () => {
  it.each([
    ['', 0],
    ['a', 97],
    ['ffffff', 1_277_454_784],
    ['polygenelubricants', 2_147_483_648],
    ['schlüssel', 180_015_919],
  ])('of %j', (text, hash) => {
    // The default import's types leave Utils out.
    expect(Utils.hashCode(text)).toBe(hash);
  });

  it("is MemJS's", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Utils.hashCode(text)).toBe((memjs as unknown as { Utils: typeof Utils }).Utils.hashCode(text));
      }),
      { numRuns: 200 },
    );
  });
});

describe('the server of a key', () => {
  const logger = { log(): void {} };

  it("is MemJS's, for any number of servers", () => {
    for (let count = 1; count <= 9; count++) {
      const list = Array.from({ length: count }, (_, index) => `host${index}`).join();
      const ours = Client.create(list);
      // @types/memjs says the server may be undefined, which it is not here.
      const theirs = memjs.Client.create(list) as unknown as { server(key: string): { host: string } };
      for (let index = 0; index < 100; index++) {
        expect(ours.server(`key-${index}`)?.host).toBe(theirs.server(`key-${index}`).host);
      }
    }
  });

  it('is the next one while it is ejected, and none when all are', () => {
    const client = Client.create('a,b,c');
    client.getServer = () => 1;
    const host = (): string | null => client.server('key')?.host ?? null;
    const [a, b, c] = client.servers as [ServerLike, ServerLike, ServerLike];
    expect(host()).toBe('b');
    b.wakeupAt = Date.now() + 10_000;
    expect(host()).toBe('c');
    c.wakeupAt = Date.now() + 10_000;
    expect(host()).toBe('a');
    a.wakeupAt = Date.now() + 10_000;
    expect(host()).toBeNull();
    b.wakeupAt = Date.now() - 1;
    expect(host()).toBe('b');
  });

  it('may be chosen by a getServer of the caller, numbers in strings included', () => {
    const client = Client.create('a,b,c');
    client.getServer = (key) => (key === 'x' ? '2' : 0);
    expect([client.server('x')?.host, client.server('y')?.host]).toEqual(['c', 'a']);
  });

  it.each([[-1], [3], [Number.NaN], [undefined], ['x']])(
    'that getServer answers with %s is an error of the command',
    async (index) => {
      const client = Client.create('a,b,c', { logger });
      client.getServer = () => index as number;
      await expect(client.get('key')).rejects.toMatchObject({ name: 'MemcacheError' });
    },
  );

  it('whose getServer throws is an error of the command', async () => {
    const client = Client.create('a,b,c', { logger });
    client.getServer = () => {
      throw new Error('no ring');
    };
    await expect(client.get('key')).rejects.toThrow('no ring');
    const error = await new Promise((resolve) => client.get('key', resolve));
    expect(error).toMatchObject({ message: 'no ring' });
  });

  it('whose getServer throws between two attempts is an error of the command too', async () => {
    const client = Client.create('127.0.0.1:1,127.0.0.1:2', { logger, retries: 3, retry_delay: 0.01 });
    let asked = 0;
    client.getServer = () => {
      asked += 1;
      if (asked > 1) throw new Error('the ring is gone');
      return 0;
    };
    const uncaught: Error[] = [];
    const note = (error: Error): void => void uncaught.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', note);
    try {
      const called: unknown[] = [];
      client.get('key', (error) => called.push(error));
      await expect.poll(() => called.length + uncaught.length, { timeout: 2000 }).toBeGreaterThan(0);
      expect(uncaught).toEqual([]);
      expect(called).toEqual([expect.objectContaining({ message: 'the ring is gone' })]);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });
});
