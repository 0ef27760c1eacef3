import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { type MemcachedOptions, startMemcached, startMemcachedProxy } from '../../support/memcached.ts';
import { hasMemcached, MEMCACHEDS } from '../../support/memcacheds.ts';
import { failure, protocolOf } from '../../support/outcomes.ts';
import { startRelay } from '../../support/relay.ts';
import { type Behaviour, type RogueServer, startRogueServer } from '../../support/rogue-server.ts';
import { startTwemproxy } from '../../support/twemproxy.ts';
import type { Options } from '../client/suite/target.ts';
import { USER } from '../client/targets.ts';

/** What a probe has to prove before any value is sent: a server that does not know a store runs the value as commands. */

const SILENT = { log: (): void => {} };

const toStop: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of toStop.splice(0).reverse()) await each.stop();
});

async function start(options: MemcachedOptions): Promise<Awaited<ReturnType<typeof startMemcached>>> {
  const server = await startMemcached(options);
  toStop.push(server);
  return server;
}

function create(address: string, options: Options = {}): Client {
  const client = Client.create(address, { conntimeout: 2, timeout: 2, retries: 1, logger: SILENT, ...options });
  toStop.push({ stop: async () => client.close() });
  return client;
}

/** Whatever came on any connection. */
function received(server: RogueServer): string {
  return Buffer.concat(server.received).toString('latin1');
}

const HOSTILE = 'value\r\nset planted 0 0 1\r\nx\r\nflush_all\r\n';

/** Stores what would be commands, and looks whether it is there and nothing else has happened. */
async function expectSafe(client: Client): Promise<void> {
  expect(await client.set('kept', 'kept')).toBe(true);
  expect(await client.set('hostile', HOSTILE)).toBe(true);
  expect(await client.set('comment', 'flush_all')).toBe(true);
  expect((await client.get('hostile')).value?.toString()).toBe(HOSTILE);
  expect((await client.get('planted')).value).toBeNull();
  expect((await client.get('kept')).value?.toString()).toBe('kept');
  expect(await client.touch('kept', 100)).toBe(true);
  expect(await client.delete('kept')).toBe(true);
}

describe.skipIf(!hasMemcached('1.6.9'))('memcached 1.6.9, whose meta is an older one', () => {
  const VERSIONS: [what: string, version: string][] = [
    ['its own', 'VERSION 1.6.9'],
    ['that of a proxy', 'VERSION 1.6.45'],
    ['UNKNOWN', 'VERSION UNKNOWN'],
    ['none', 'ERROR'],
  ];
  it.each(VERSIONS)('is not spoken to in meta by auto, where the version is said to be %s', async (_what, version) => {
    const server = await start({ version: '1.6.9' });
    const relay = await startRelay(server, { toClient: (text) => text.replace('VERSION 1.6.9', version) });
    toStop.push(relay);
    const client = create(relay.address);
    await expectSafe(client);
    expect(protocolOf(client)).toBe('binary');
    expect(received(relay)).not.toMatch(/\bm[sad] /);
    expect(await client.getOrSet('made', async () => 'value')).toEqual(Buffer.from('value'));
    expect(await client.getOrSet('made', async () => 'other')).toEqual(Buffer.from('value'));
  });

  it.each(VERSIONS)('is refused where meta is named, and no value is sent; version: %s', async (_what, version) => {
    const server = await start({ version: '1.6.9' });
    const relay = await startRelay(server, { toClient: (text) => text.replace('VERSION 1.6.9', version) });
    toStop.push(relay);
    const error = await failure(create(relay.address, { protocol: 'meta' }).set('key', HOSTILE));
    expect(error).toMatchObject({ code: 'ERR_PROTOCOL', server: relay.address });
    expect(error.message).toMatch(
      /older form of the meta protocol, as memcached before 1\.6\.10 does: use the protocol 'auto'/,
    );
    expect(received(relay)).not.toContain('value');
  });

  it('is spoken to in classic where it knows no binary, with and without a login', async () => {
    const plain = create((await start({ version: '1.6.9', args: ['-B', 'ascii'] })).address);
    await expectSafe(plain);
    expect(protocolOf(plain)).toBe('classic');
    const login = create((await start({ version: '1.6.9', auth: [USER] })).address, USER);
    await expectSafe(login);
    expect(protocolOf(login)).toBe('classic');
  });

  it.skipIf(!hasMemcached('1.6.45'))('is found out behind a proxy that knows the present form', async () => {
    const proxy = await startMemcachedProxy({ backends: [await start({ version: '1.6.9' })] });
    toStop.push(proxy);
    const client = create(proxy.address);
    await expectSafe(client);
    expect(protocolOf(client)).toBe('classic');
    expect(await failure(create(proxy.address, { protocol: 'meta' }).get('key'))).toMatchObject({
      code: 'ERR_PROTOCOL',
    });
  });

  it('that takes the place of a newer one is found out when the connection is opened again', async () => {
    const newer = await start({});
    const client = create(newer.address, { retries: 5, retry_delay: 0.1 });
    await client.set('key', 'value');
    expect(protocolOf(client)).toBe('meta');
    await newer.kill();
    await start({ version: '1.6.9', port: newer.port });
    await expect.poll(() => client.get('key').catch(() => undefined)).toBeDefined();
    await expectSafe(client);
    expect(protocolOf(client)).toBe('binary');
  });
});

/** Runs each line as Redis does: it knows `set`, and answers all else with an error that begins with a dash. */
function redis(executed: string[]): Behaviour {
  return (socket: Socket) => {
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString('latin1').split(/\r?\n/).filter(Boolean)) {
        executed.push(line);
        socket.write(/^set \S+ \S+$/i.test(line) ? '+OK\r\n' : `-ERR unknown command '${line.split(' ')[0]}'\r\n`);
      }
    });
  };
}

describe('a protocol that is named', () => {
  it.each(['auto', 'meta', 'classic', 'binary'] as const)(
    '%s: a server that speaks something else is refused before a value is sent',
    async (protocol) => {
      const executed: string[] = [];
      await using rogue = await startRogueServer(redis(executed));
      const client = create(rogue.address, { protocol });
      const stores = [
        client.set('key', 'a\r\nset planted 1\r\n'),
        client.add('key', 'set planted 1'),
        client.get('key'),
      ];
      for (const outcome of await Promise.allSettled(stores)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_PROTOCOL', server: rogue.address } });
      }
      expect(executed.join()).not.toMatch(/planted/);
    },
  );

  it('is refused by a memcached that speaks text alone where binary was named', async () => {
    const server = await start({ args: ['-B', 'ascii'] });
    const client = create(server.address, { protocol: 'binary' });
    expect(await failure(client.set('key', HOSTILE))).toMatchObject({ code: 'ERR_PROTOCOL' });
    expect((await create(server.address).get('planted')).value).toBeNull();
  });

  it.each(['auto', 'meta', 'classic', 'binary'] as const)('%s: one round trip, then commands', async (protocol) => {
    const server = await start({});
    let trips = 0;
    const count = (text: string): string => {
      trips++;
      return text;
    };
    const relay = await startRelay(server, { toServer: count });
    toStop.push(relay);
    const client = create(relay.address, { protocol });
    await client.connect();
    expect(trips).toBe(1);
    await client.set('key', 'value');
    expect(trips).toBe(2);
  });
});

describe('a connection that is opened again', () => {
  it.each(['auto', 'meta', 'classic', 'binary'] as const)(
    '%s: reads leave at once, values not before the server has shown what it speaks',
    async (protocol) => {
      const server = await start({});
      let silent = false;
      const relay = await startRelay(server, { toClient: (text) => (silent ? '' : text) });
      toStop.push(relay);
      const client = create(relay.address, { protocol, timeout: 0.3 });
      expect(await client.set('key', 'value')).toBe(true);
      relay.cut();
      silent = true;
      await expect.poll(() => client.servers[0]).toMatchObject({ connected: false });
      const begin = performance.now();
      const calls = [client.get('read'), client.set('stored', HOSTILE), client.delete('behind')];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_TIMEOUT' } });
      }
      expect(performance.now() - begin).toBeGreaterThan(290);
      expect(relay.received[1]?.toString('latin1')).toContain('read');
      expect(relay.received[1]?.toString('latin1')).not.toMatch(/planted|behind/);
      silent = false;
      await expect.poll(() => client.set('stored', 'new').catch(() => false)).toBe(true);
      expect((await client.get('stored')).value?.toString()).toBe('new');
    },
  );
});

describe.each(MEMCACHEDS)('memcached $version -Y', ({ name, program }) => {
  it.skipIf(!program).each(['auto', 'meta', 'classic'] as const)(
    'without credentials is ERR_AUTH, over %s',
    async (protocol) => {
      const server = await start({ version: name, auth: [USER] });
      const client = create(server.address, { protocol });
      const calls = [client.get('a'), client.set('b', 'x'.repeat(100_000)), client.set('c', HOSTILE), client.get('d')];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_AUTH', server: server.address } });
      }
    },
  );
});

describe('behind a proxy one of whose servers is away', () => {
  it.skipIf(!hasMemcached('1.6.45'))("memcached's: the others are spoken to in meta", async () => {
    const [here, away] = [await start({}), await start({})];
    const proxy = await startMemcachedProxy({ backends: [here, away] });
    toStop.push(proxy);
    await away.kill();
    for (const protocol of ['auto', 'meta', 'classic'] as const) {
      const client = create(proxy.address, { protocol });
      const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
      const outcomes = await Promise.allSettled(keys.map((key) => client.set(key, 'value')));
      const stored = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length;
      expect(stored).toBeGreaterThan(0);
      expect(stored).toBeLessThan(20);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ERR_SERVER' });
      }
      expect(protocolOf(client)).toBe(protocol === 'classic' ? 'classic' : 'meta');
    }
  });

  it('twemproxy: the others are spoken to in classic, whichever is away', async () => {
    for (const index of [0, 1]) {
      const servers = [await start({}), await start({})];
      const proxy = await startTwemproxy({ servers: servers.map(({ address }) => address) });
      toStop.push(proxy);
      await servers[index]?.kill();
      for (const protocol of ['auto', 'classic'] as const) {
        const client = create(proxy.address, { protocol });
        const keys = Array.from({ length: 20 }, (_, key) => `key-${key}`);
        const outcomes = await Promise.allSettled(keys.map((key) => client.set(key, 'value')));
        expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
        expect(protocolOf(client)).toBe('classic');
      }
    }
  });
});
