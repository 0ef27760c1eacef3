import { describe, expect, it } from 'vitest';
import { MemcacheError } from '../../../../src/index.ts';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

const TOO_LARGE = Buffer.alloc(2 * 1024 * 1024, 'secret value');

export function describeErrors(target: Target): void {
  describe("errors from a server's status", () => {
    it.each(['set', 'add', 'replace'] as const)('%s says that a value is too large, and logs it', async (command) => {
      const client = target.create();
      const key = target.key('secret-key');
      if (command === 'replace') await client.set(key, 'there');
      const message = `MemJS ${command.toUpperCase()}: Value too large`;
      const error = await failure(client[command](key, TOO_LARGE));
      expect(error).toBeInstanceOf(MemcacheError);
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_VALUE_TOO_LARGE', message, server: target.name });
      expect(target.log).toEqual([message]);
    });

    it('reach the callback', async () => {
      const client = target.create();
      const [error, success] = await called((done) => client.set(target.key(), TOO_LARGE, {}, done));
      expect(error).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', message: 'MemJS SET: Value too large' });
      expect(success).toBeNull();
      const key = target.key();
      await client.set(key, 'text');
      const counted = await called((done) => client.increment(key, 1, {}, done));
      expect(counted[0]).toMatchObject({ code: 'ERR_NOT_NUMERIC' });
      expect(counted[1]).not.toBe(true);
      client.close();
      const server = `memts: Server <${target.name}>`;
      expect(target.log).toEqual([
        'MemJS SET: Value too large',
        `${server}: 1 more command failed, not logged one by one`,
      ]);
    });

    it('hold neither key nor value', async () => {
      const client = target.create();
      const key = target.key('secret-key');
      const tooLarge = await failure(client.set(key, TOO_LARGE));
      await client.set(key, 'secret value');
      const notNumeric = await failure(client.increment(key, 1));
      for (const error of [tooLarge, notNumeric]) {
        expect(`${error.message} ${JSON.stringify(error)} ${error.stack}`).not.toMatch(/secret/);
      }
    });

    it('leave the connection as it is, for commands behind and after', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 2 }, proxy.address);
      const key = target.key();
      // Which protocol the server speaks may have to be found out on a connection before.
      await client.get(key);
      const { connections } = proxy;
      const outcomes = await Promise.allSettled([
        client.set(key, 'before'),
        client.get(key),
        client.set(target.key(), TOO_LARGE),
        client.set(key, 'behind'),
        client.get(key),
        client.increment(key, 1),
        client.get(key),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(outcomes[4]).toMatchObject({ value: { value: Buffer.from('behind') } });
      expect(outcomes[6]).toMatchObject({ value: { value: Buffer.from('behind') } });
      expect(await target.text(key)).toBe('behind');
      expect(proxy.connections).toBe(connections);
    });

    it('are not retried', async () => {
      const proxy = await target.proxy();
      const client = target.create({ retries: 5 }, proxy.address);
      const key = target.key();
      await client.set(key, 'text');
      const before = proxy.bytesToServer;
      await failure(client.increment(key, 1, { initial: null }));
      const once = proxy.bytesToServer - before;
      await failure(client.increment(key, 1, { initial: null }));
      expect(proxy.bytesToServer - before).toBe(2 * once);
    });
  });
}
