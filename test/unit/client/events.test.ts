import { on, once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { Client } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';

const lines: string[] = [];
const logger = { log: (line: string): void => void lines.push(line) };

afterEach(() => {
  lines.length = 0;
});

it('events.once waits for down and for up', async () => {
  await using server = await startMemcached();
  const client = Client.create(server.address, { retries: 1, logger });
  await client.get('key');
  const down = once(client, 'down');
  await server.kill();
  await expect(client.get('key')).rejects.toThrow();
  expect(await down).toMatchObject([{ port: server.port }, { code: 'ERR_CONNECT' }]);
  const up = once(client, 'up');
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
  expect(lines).toEqual(['memts: there is no event connect; there are up, down, repaired and unrepaired']);
  await expect(client.get('key')).rejects.toThrow();
  expect(listener).not.toHaveBeenCalled();
  client.close();
});

it('is an emitter to all that takes one', async () => {
  const lines: string[] = [];
  const client = Client.create('127.0.0.1:1', { logger: { log: (line: string) => lines.push(line) } });
  const emitter: NodeJS.EventEmitter = client;
  const heard: string[] = [];
  const second = (): unknown => heard.push('second');
  expect(emitter.addListener('up', second).prependOnceListener('up', () => heard.push('first'))).toBe(client);
  expect([emitter.listenerCount('up'), emitter.listeners('up').length, emitter.eventNames()]).toEqual([2, 2, ['up']]);
  emitter.emit('up');
  emitter.emit('up');
  expect(heard).toEqual(['first', 'second', 'second']);
  const many = emitter.setMaxListeners(20).getMaxListeners();
  expect([many, emitter.removeAllListeners('up'), emitter.listenerCount('up')]).toEqual([20, client, 0]);
  const rounds = on(client, 'up');
  emitter.emit('up', 'again');
  expect(await rounds.next()).toEqual({ value: ['again'], done: false });
  await rounds.return?.();
  expect(emitter.listenerCount('up')).toBe(0);
  expect(lines).toEqual([]);
  emitter.prependListener('ready', () => {});
  expect(lines).toEqual([expect.stringContaining('there is no event ready')]);
});
