import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

export function describeConnections(target: Target): void {
  describe('a connection', () => {
    it('is opened by the first command, and serves all', async () => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      expect(proxy.connections).toBe(0);
      await Promise.all(Array.from({ length: 20 }, () => client.get(target.key())));
      await client.get(target.key());
      expect(proxy.connections).toBe(1);
    });
  });

  describe('quit', () => {
    it('resolves when every response is in and every socket closed', async () => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      const key = target.key();
      const answers: string[] = [];
      client.set(key, 'value').then(() => answers.push('set'));
      client.get(key).then(() => answers.push('get'));
      await client.quit();
      expect(answers).toEqual(['set', 'get']);
      await expect.poll(() => proxy.open).toBe(0);
      expect(proxy.connections).toBe(1);
    });

    it('waits for answers that take their time', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 5 }, proxy.address);
      await client.get(target.key());
      proxy.hold();
      const found = client.get(target.key());
      let over = false;
      const quit = client.quit().then(() => {
        over = true;
      });
      await expect.poll(() => proxy.bytesFromServer).toBeGreaterThan(proxy.bytesToClient);
      expect(over).toBe(false);
      proxy.release();
      expect(await found).toEqual({ value: null, flags: null });
      await quit;
    });

    it('resolves without any connection, and a second time', async () => {
      const client = target.create();
      expect(await client.quit()).toBeUndefined();
      await client.get(target.key());
      expect(await Promise.all([client.quit(), client.quit()])).toEqual([undefined, undefined]);
      await client.quit();
    });

    it('is over in time when the server does not answer', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 0.1, retries: 1 }, proxy.address);
      await client.get(target.key());
      proxy.hold();
      const start = performance.now();
      const lost = failure(client.get(target.key()));
      await client.quit();
      expect(performance.now() - start).toBeLessThan(100 + 250);
      expect(await lost).toMatchObject({ code: 'ERR_TIMEOUT' });
    });

    it('leaves a client that opens a new connection', async () => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      const key = target.key();
      await client.set(key, 'value');
      const quit = client.quit();
      const found = client.get(key);
      await quit;
      expect((await found).value?.toString()).toBe('value');
      const before = proxy.connections;
      expect((await client.get(key)).value?.toString()).toBe('value');
      expect(proxy.connections).toBe(before + 1);
    });
  });

  describe('close', () => {
    it('fails what waits for a response, at once and without a retry', async () => {
      const proxy = await target.proxy();
      const client = target.create({ timeout: 5, retry_delay: 0 }, proxy.address);
      await client.get(target.key());
      proxy.hold();
      const waiting = [client.get(target.key()), client.set(target.key(), 'v'), client.stats()].map(failure);
      const calledBack = called((done) => client.get(target.key(), done));
      const start = performance.now();
      expect(client.close()).toBeUndefined();
      const failures = await Promise.all(waiting);
      expect(performance.now() - start).toBeLessThan(500);
      expect(failures.map(({ code }) => code)).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED']);
      expect((await calledBack)[0]).toMatchObject({ name: 'MemcacheError', code: 'ERR_CLOSED' });
      await expect.poll(() => proxy.open).toBe(0);
      expect(proxy.connections).toBe(1);
    });

    it('fails what waits for a connection', async () => {
      const proxy = await target.proxy();
      const client = target.create({ retry_delay: 0 }, proxy.address);
      const waiting = failure(client.get(target.key()));
      client.close();
      expect(await waiting).toMatchObject({ code: 'ERR_CLOSED' });
    });

    it('fails what is between two attempts', async () => {
      const proxy = await target.proxy();
      const client = target.create({ retries: 2, retry_delay: 30 }, proxy.address);
      await client.get(target.key());
      proxy.hold();
      const waiting = failure(client.get(target.key()));
      await expect.poll(() => proxy.bytesFromServer).toBeGreaterThan(proxy.bytesToClient);
      proxy.cut();
      await expect
        .poll(() => client.servers.map((server) => 'connected' in server && server.connected))
        .toEqual([false]);
      client.close();
      expect(await waiting).toMatchObject({ code: 'ERR_CLOSED' });
    });

    it('without any connection does nothing', () => {
      const client = target.create();
      expect(client.close()).toBeUndefined();
      expect(client.close()).toBeUndefined();
    });

    it('leaves a client that opens a new connection', async () => {
      const proxy = await target.proxy();
      const client = target.create({}, proxy.address);
      const key = target.key();
      await client.set(key, 'value');
      client.close();
      expect((await client.get(key)).value?.toString()).toBe('value');
      expect(proxy.connections).toBe(2);
    });
  });
}
