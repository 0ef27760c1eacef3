import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { Client } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';

const lines: string[] = [];
const logger = { log: (line: string): void => void lines.push(line) };

afterEach(() => {
  lines.length = 0;
});

/** A client as Node.js takes an emitter: by what it can do. */
const emitterOf = (client: Client): NodeJS.EventEmitter => client as unknown as NodeJS.EventEmitter;

it('events.once waits for down and for up', async () => {
  await using server = await startMemcached();
  const client = Client.create(server.address, { retries: 1, logger });
  await client.get('key');
  const down = once(emitterOf(client), 'down');
  await server.kill();
  await expect(client.get('key')).rejects.toThrow();
  expect(await down).toMatchObject([{ port: server.port }, { code: 'ERR_CONNECT' }]);
  const up = once(emitterOf(client), 'up');
  await server.restart();
  expect(await up).toMatchObject([{ port: server.port }]);
  client.close();
});

it('once calls back one time, and what was taken off is not called', async () => {
  const client = Client.create('127.0.0.1:1', { retries: 1, logger });
  const [one, all, off, removed] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  client.once('down', one).on('down', all).on('down', off).on('down', removed);
  expect(client.off('down', off).removeListener('down', removed)).toBe(client);
  for (let round = 0; round < 2; round++) {
    await expect(client.get('key')).rejects.toThrow();
    client.close();
  }
  expect(all.mock.calls.length).toBeGreaterThanOrEqual(1);
  expect(one).toHaveBeenCalledTimes(1);
  expect(off).not.toHaveBeenCalled();
  expect(removed).not.toHaveBeenCalled();
});

it('error is accepted and never comes; what is no event at all is logged once', async () => {
  const client = Client.create('127.0.0.1:1', { retries: 1, logger });
  const listener = vi.fn();
  client.on('error', listener).on('repaired', listener).once('unrepaired', listener);
  expect(lines).toEqual([]);
  for (let time = 0; time < 2; time++) client.on('connect' as never, listener).once('connect' as never, listener);
  expect(lines).toEqual(['memts: there is no event connect; there are up and down']);
  await expect(client.get('key')).rejects.toThrow();
  expect(listener).not.toHaveBeenCalled();
  client.close();
});
