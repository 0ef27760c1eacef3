import { expect, it } from 'vitest';
import { Client, type FrameTransport, MemcacheError, Server } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { freePort } from '../../support/ports.ts';
import { startProxy } from '../../support/proxy.ts';
import { sleep } from '../../support/wait.ts';

const QUIET = { logger: false, retries: 1 } as const;

const NOTHING = {
  state: 'idle',
  protocol: null,
  version: null,
  connections: 0,
  waiting: 0,
  oldest: 0,
  lastError: null,
  downSince: null,
};

it('says what is known of each server, and asks none', async () => {
  await using server = await startMemcached();
  await using proxy = await startProxy(server.port);
  const nowhere = `127.0.0.1:${await freePort()}`;
  const client = Client.create(`${proxy.address},${nowhere}`, QUIET);
  expect(client.status()).toEqual({ [proxy.address]: NOTHING, [nowhere]: NOTHING });
  expect(proxy.connections).toBe(0);
  const before = Date.now();
  await failure(client.connect());
  const [version] = Object.values(await client.version());
  const status = client.status();
  expect(status[proxy.address]).toEqual({ ...NOTHING, state: 'up', protocol: 'meta', version, connections: 1 });
  expect(status[nowhere]).toMatchObject({
    ...NOTHING,
    state: 'down',
    lastError: { code: 'ERR_CONNECT' },
    downSince: expect.any(Number),
  });
  expect(status[nowhere]?.lastError).toBeInstanceOf(MemcacheError);
  expect(status[nowhere]?.downSince).toBeGreaterThanOrEqual(before);
  expect(status[nowhere]?.downSince).toBeLessThanOrEqual(Date.now());
  client.close();
  const closed = client.status();
  expect(closed[proxy.address]).toEqual({ ...NOTHING, protocol: 'meta', version });
  expect(closed[nowhere]).toMatchObject({ state: 'idle', downSince: null, lastError: { code: 'ERR_CONNECT' } });
});

it('says what waits there and for how long, at each of its sockets', async () => {
  await using server = await startMemcached();
  const client = Client.create(server.address, { ...QUIET, connections: 3, protocol: 'classic', timeout: 5 });
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  await Promise.all(keys.map((key) => client.set(key, 'value')));
  server.pause();
  const sent = keys.map((key) => client.get(key));
  expect(client.status()[server.address]?.waiting).toBe(40);
  await sleep(100);
  const status = client.status()[server.address];
  expect(status).toMatchObject({ state: 'up', protocol: 'classic', connections: 3, waiting: 40 });
  expect(status?.oldest).toBeGreaterThan(0.09);
  expect(status?.oldest).toBeLessThan(2);
  server.resume();
  await Promise.all(sent);
  expect(client.status()[server.address]).toMatchObject({ waiting: 0, oldest: 0, lastError: null });
  client.close();
});

it('counts what waits for a connection', async () => {
  await using server = await startMemcached();
  server.pause();
  const client = Client.create(server.address, { ...QUIET, timeout: 5 });
  const sent = Promise.all([client.get('a'), client.get('b')]);
  await sleep(60);
  const status = client.status()[server.address];
  expect(status).toMatchObject({ state: 'idle', connections: 0, waiting: 2 });
  expect(status?.oldest).toBeGreaterThan(0.05);
  server.resume();
  await sent;
  client.close();
});

it.each(['binary', 'meta', 'classic', 'auto'] as const)(
  'knows the version where the handshake asks for it: %s',
  async (protocol) => {
    await using server = await startMemcached();
    const client = Client.create(server.address, { ...QUIET, protocol });
    await client.connect();
    const [version] = Object.values(await client.version());
    expect(client.status()[server.address]?.version).toBe(protocol === 'binary' ? null : version);
    client.close();
  },
);

it('a command that timed out is the last error of a server that is up', async () => {
  await using server = await startMemcached();
  const client = Client.create(server.address, { ...QUIET, timeout: 0.05 });
  await client.set('key', 'value');
  server.pause();
  await failure(client.get('key'));
  server.resume();
  await client.get('key');
  expect(client.status()[server.address]).toMatchObject({ state: 'up', lastError: { code: 'ERR_TIMEOUT' } });
  client.close();
});

it('a server that failover has ejected is down, until it is asked again; the spare pool is there too', async () => {
  await using spare = await startMemcached();
  const nowhere = `127.0.0.1:${await freePort()}`;
  const client = Client.create(nowhere, { ...QUIET, failover: { gutter: spare.address, expires: 5 } });
  await client.set('key', 'value');
  expect(client.status()).toMatchObject({ [nowhere]: { state: 'down' }, [spare.address]: { state: 'up' } });
  client.close();
  expect(client.status()).toMatchObject({ [nowhere]: { state: 'down', downSince: expect.any(Number) } });
});

it('knows of a custom transport what has come of its commands', async () => {
  const listeners = new Map<number, (message: never) => void>();
  const transport = {
    host: 'transport',
    port: 7,
    write: () => {},
    onResponse: (seq, fn) => void listeners.set(seq, fn as never),
    onError: () => {},
    close: () => {},
  } satisfies FrameTransport;
  const client = new Client([transport as never as Server], { ...QUIET, failover: true });
  expect(client.status()).toEqual({ 'transport:7': { ...NOTHING, protocol: 'binary' } });
  const sent = client.get('key');
  expect(client.status()).toMatchObject({ 'transport:7': { waiting: 1, state: 'idle' } });
  for (const [opaque, respond] of listeners) respond({ header: { status: 1, opaque } } as never);
  await sent;
  expect(client.status()).toMatchObject({ 'transport:7': { waiting: 0, state: 'up', lastError: null } });
  await failure(client.get('key', { timeout: 0.01 }));
  expect(client.status()).toMatchObject({
    'transport:7': { state: 'down', lastError: { code: 'ERR_TIMEOUT' }, downSince: expect.any(Number) },
  });
});

it('is empty before discovery has a list', () => {
  const discovery = { interval: 1, discover: () => new Promise<never>(() => {}) };
  const client = Client.create(undefined, { ...QUIET, discovery });
  expect(client.status()).toEqual({});
  client.close();
  expect(client.status()).toEqual({});
});

it('failFast of a server made by hand is checked, too', () => {
  for (const failFast of [0, 1.5, Number.POSITIVE_INFINITY, '5' as never, true as never]) {
    expect(() => new Server('localhost', 1, undefined, undefined, { failFast })).toThrow(
      /option failFast: expected false or/,
    );
  }
  for (const [failFast, expected] of [
    [undefined, 5],
    [null as never, 5],
    [1, 1],
    [false, false],
  ] as const) {
    expect(new Server('localhost', 1, undefined, undefined, { failFast }).options.failFast).toBe(expected);
  }
});
