import { afterEach, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { type MemcachedOptions, startMemcached } from '../../support/memcached.ts';
import { freePort } from '../../support/ports.ts';
import { startProxy } from '../../support/proxy.ts';
import { eventually } from '../../support/wait.ts';
import type { Options } from '../client/suite/target.ts';
import { SASL_USER, USER } from '../client/targets.ts';

const SILENT = { log: (): void => {} };

const toStop: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of toStop.splice(0).reverse()) await each.stop();
});

function create(address: string, options: Options): Client {
  const client = Client.create(address, { conntimeout: 1, retry_delay: 0.01, logger: SILENT, ...options });
  toStop.push({ stop: async () => client.close() });
  return client;
}

function protocolOf(client: Client): unknown {
  const [server] = client.servers;
  return server !== undefined && 'protocol' in server ? server.protocol : undefined;
}

const REMEMBERED: [name: string, server: MemcachedOptions, options: Options, attempts: number, found: string][] = [
  ['memcached', {}, {}, 1, 'meta'],
  ['memcached -B binary', { args: ['-B', 'binary'] }, {}, 2, 'binary'],
  ['memcached -B ascii', { args: ['-B', 'ascii'] }, {}, 1, 'meta'],
  ['memcached -S', { sasl: [SASL_USER] }, SASL_USER, 1, 'binary'],
  ['memcached -Y', { auth: [USER] }, USER, 2, 'meta'],
];

it.each(REMEMBERED)('%s: what was found is not asked for again', async (_name, server, options, attempts, found) => {
  const memcached = await startMemcached(server);
  const proxy = await startProxy(memcached.port);
  toStop.push(memcached, proxy);
  const client = create(proxy.address, options);
  await client.set('key', 'value');
  expect(proxy.connections).toBe(attempts);
  for (let more = 1; more <= 3; more++) {
    proxy.cut();
    await eventually(() => proxy.open === 0);
    await eventually(async () => expect((await client.get('key')).value?.toString()).toBe('value'));
    expect(proxy.connections).toBe(attempts + more);
    expect(protocolOf(client)).toBe(found);
  }
});

const BINARY = { args: ['-B', 'binary'] };
const ASCII = { args: ['-B', 'ascii'] };

const CHANGED: [name: string, before: MemcachedOptions, after: MemcachedOptions, Options, found: [string, string]][] = [
  ['text, then binary', ASCII, BINARY, {}, ['meta', 'binary']],
  ['binary, then text', BINARY, ASCII, {}, ['binary', 'meta']],
  ['SASL, then a login in text', { sasl: [USER] }, { auth: [USER] }, USER, ['binary', 'meta']],
  ['a login in text, then SASL', { auth: [USER] }, { sasl: [USER] }, USER, ['meta', 'binary']],
];

it.each(CHANGED)('is asked for again when the server has changed: %s', async (_name, before, after, options, found) => {
  const port = await freePort();
  const old = await startMemcached({ ...before, port });
  toStop.push(old);
  // The server changes behind a proxy that stays, so that no refused connection gives the change away.
  const proxy = await startProxy(port);
  toStop.push(proxy);
  const client = create(proxy.address, options);
  await client.set('key', 'value');
  expect(protocolOf(client)).toBe(found[0]);
  await old.kill();
  toStop.push(await startMemcached({ ...after, port }));
  proxy.cut();
  await eventually(async () => expect(await client.set('key', 'new')).toBe(true), { timeout: 3000 });
  expect(protocolOf(client)).toBe(found[1]);
  expect((await client.get('key')).value?.toString()).toBe('new');
});
