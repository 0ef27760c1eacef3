import { afterEach, beforeEach, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { Recorder } from './recorder.ts';

const QUIET = { logger: { log() {} }, retries: 1 };

let recorder: Recorder;
beforeEach(() => {
  recorder = new Recorder();
});
afterEach(() => recorder[Symbol.dispose]());

it.each(['binary', 'meta', 'classic'] as const)('tells of a connection that speaks %s', async (protocol) => {
  await using memcached = await startMemcached();
  const client = Client.create(memcached.address, { ...QUIET, protocol });
  await client.get('k');
  await client.quit();
  const [opened, closed, ...more] = recorder.connections;
  const peer = { address: '127.0.0.1', port: memcached.port };
  expect(opened).toMatchObject({ event: 'connect', server: memcached.address, protocol, peer, error: undefined });
  expect(closed).toMatchObject({ event: 'close', server: memcached.address, protocol, peer, error: undefined });
  expect(closed?.id).toBe(opened?.id);
  expect(more).toEqual([]);
});

it('tells of one connection, however many protocols were tried for it', async () => {
  await using memcached = await startMemcached({ sasl: [{ username: 'ann', password: 'secret' }] });
  const client = Client.create(memcached.address, { ...QUIET, username: 'ann', password: 'secret' });
  await client.get('k');
  const wrong = Client.create(memcached.address, { ...QUIET, username: 'ann', password: 'guess' });
  await expect(wrong.get('k')).rejects.toMatchObject({ code: 'ERR_AUTH' });
  await client.quit();
  expect(recorder.connections.map(({ event }) => event)).toEqual(['connect', 'error', 'close']);
  expect(recorder.connections[1]).toMatchObject({ server: memcached.address, error: { code: 'ERR_AUTH' } });
  expect(JSON.stringify(recorder.connections)).not.toContain('guess');
});

it('says why a connection was lost, or could not be opened', async () => {
  const server = await MemoryServer.start();
  const client = Client.create(server.address, QUIET);
  await client.get('k');
  await server.stop();
  await expect.poll(() => recorder.connections.length).toBe(2);
  expect(recorder.connections[1]).toMatchObject({ event: 'close', error: { code: 'ERR_CONNECT' } });
  client.close();
  const nowhere = Client.create(`127.0.0.1:${await freePort()}`, QUIET);
  await expect(nowhere.get('k')).rejects.toThrow();
  nowhere.close();
  expect(recorder.connections[2]).toMatchObject({ event: 'error', id: undefined, error: { code: 'ERR_CONNECT' } });
});

it('takes a client that is closed while it connects for no error', async () => {
  await using server = await MemoryServer.start();
  const client = Client.create(server.address, QUIET);
  const got = client.get('k');
  client.close();
  await expect(got).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  expect(recorder.connections).toEqual([]);
});
