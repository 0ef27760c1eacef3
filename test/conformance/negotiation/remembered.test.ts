import { afterEach, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { type MemcachedOptions, startMemcached } from '../../support/memcached.ts';
import { protocolOf } from '../../support/outcomes.ts';
import { freePort } from '../../support/ports.ts';
import { startProxy } from '../../support/proxy.ts';
import { abilitiesOf, SUBJECT } from '../../support/subject.ts';
import { eventually } from '../../support/wait.ts';
import type { Options } from '../client/suite/target.ts';
import { KINDS, USER } from '../client/targets.ts';

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

/** How many connections it takes to find that out, where meta is the first thing tried and right. */
const ATTEMPTS: Record<string, number> = { 'memcached -S': 1, 'memcached -Y': 2, 'memcached -B ascii': 1 };

const REMEMBERED = KINDS.filter(({ name }) => !name.startsWith('MemoryServer'));

it.each(REMEMBERED)('$name: what was found is not asked for again', async ({ name, start, can: { found }, user }) => {
  const memcached = await start();
  const proxy = await startProxy(memcached.port);
  toStop.push(memcached, proxy);
  const options = user ?? {};
  const client = create(proxy.address, options);
  await client.set('key', 'value');
  const attempts = proxy.connections;
  if (found === 'meta' || name === 'memcached -S') expect(attempts).toBe(ATTEMPTS[name] ?? 1);
  else expect(attempts).toBeLessThanOrEqual(3);
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

const TEXT = abilitiesOf({ ...SUBJECT, args: ['-B', 'ascii'] }).found;

const CHANGED: [name: string, before: MemcachedOptions, after: MemcachedOptions, Options, found: [string, string]][] = [
  ['text, then binary', ASCII, BINARY, {}, [TEXT, 'binary']],
  ['binary, then text', BINARY, ASCII, {}, ['binary', TEXT]],
  ['SASL, then a login in text', { sasl: [USER] }, { auth: [USER] }, USER, ['binary', TEXT]],
  ['a login in text, then SASL', { auth: [USER] }, { sasl: [USER] }, USER, [TEXT, 'binary']],
];

it.skipIf(KINDS.length === 1).each(CHANGED)(
  'is asked for again when the server has changed: %s',
  async (_name, before, after, options, found) => {
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
  },
);
