import { once } from 'node:events';
import net, { type AddressInfo, createServer } from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, type ClientOptions, type MemcacheError, type ServerOptions } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { type Certificate, type Certificates, certificates } from '../support/certificates.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { silent, startRogueServer } from '../support/rogue-server.ts';
import { CAN, CHOSEN } from '../support/subject.ts';
import { startSilentTlsServer } from '../support/tls-server.ts';
import { eventually } from '../support/wait.ts';

const PROTOCOLS = ['auto', ...CAN.protocols] as const;
const USER = { username: 'alice', password: 'p:a@s:s@word' };

const open: Client[] = [];
const servers: Memcached[] = [];
let certs: Certificates;
let good: Memcached;

beforeAll(async () => {
  certs = await certificates();
  if (CAN.tls) good = await memcached(certs.server);
});

afterAll(() => Promise.all(servers.map((server) => server.stop())));

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

async function memcached(
  { cert, key }: Certificate,
  options: Parameters<typeof startMemcached>[0] = {},
  verify = false,
): Promise<Memcached> {
  const server = await startMemcached({
    ...options,
    tls: { cert, key, ca: verify ? certs.ca.cert : undefined, verify },
  });
  servers.push(server);
  return server;
}

function create(address: string, options: ClientOptions & ServerOptions = {}): Client {
  const client = Client.create<string, Buffer | null>(address, {
    logger: { log() {} },
    retries: 1,
    timeout: 2,
    tls: { ca: certs.ca.certPem },
    ...options,
  });
  // The options leave the types of values open; nothing here depends on them.
  open.push(client as unknown as Client);
  return client as unknown as Client;
}

async function refusal(client: Client): Promise<MemcacheError> {
  const error = await client.set('a', 'value').then(
    () => undefined,
    (reason: MemcacheError) => reason,
  );
  if (error === undefined) throw new Error('the server was believed');
  return error;
}

const causeOf = ({ cause }: MemcacheError): string | undefined => (cause as { code?: string } | undefined)?.code;

describe.skipIf(!CAN.tls).each(PROTOCOLS)('TLS to memcached over %s', (protocol) => {
  test('a good certificate: commands work, also of a megabyte', async () => {
    const client = create(good.address, { protocol });
    const value = Buffer.alloc(CAN.roomy ? 1_000_000 : 200_000, 'large');
    expect(await client.set('large', value)).toBe(true);
    expect((await client.get('large')).value?.equals(value)).toBe(true);
    expect((await client.getMulti(['large', 'none'])).size).toBe(1);
  });

  test('a socket of the caller: values of all sizes are what was stored, as over one of the client', async ({
    skip,
  }) => {
    // A server of binary alone closes the connection that asks in text, and the caller gave no other.
    skip(protocol === 'auto' && CAN.found === 'binary', 'auto needs a second connection');
    const given = net.connect({ host: good.host, port: good.port });
    given.on('error', () => {});
    const clients = [
      create(good.address, { protocol, retries: 0, tls: { ca: certs.ca.certPem, socket: given } }),
      create(good.address, { protocol }),
    ];
    const sizes = [0, 10, 1000, 5000, 20_000, 100_000, 300_000].filter((size) => CAN.roomy || size < 200_000);
    const values = new Map(sizes.map((size) => [`size-${size}`, Buffer.alloc(size, `${size};`)]));
    for (const [key, value] of values) await clients[1]?.set(key, value);
    for (const client of clients) {
      // Many at a time, so that reads end anywhere.
      const keys = Array.from({ length: 20 }, () => [...values.keys()]).flat();
      const found = await Promise.all(keys.map((key) => client.get(key)));
      const wrong = found.filter(({ value }, index) => !value?.equals(values.get(keys[index] as string) as Buffer));
      expect(wrong).toEqual([]);
    }
  });

  test('a CA that nobody knows is refused, unless the caller says otherwise', async () => {
    const error = await refusal(create(good.address, { protocol, tls: true }));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', server: good.address });
    expect(causeOf(error)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const trusting = create(good.address, { protocol, tls: { rejectUnauthorized: false } });
    expect(await trusting.set('a', 'value')).toBe(true);
  });

  test('client certificates: required, refused without, taken with', async () => {
    const strict = await memcached(certs.server, {}, true);
    const { certPem: cert, keyPem: key } = certs.client;
    expect(await create(strict.address, { protocol, tls: { ca: certs.ca.certPem, cert, key } }).set('a', 'v')).toBe(
      true,
    );
    const error = await refusal(create(strict.address, { protocol }));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', server: strict.address });
    expect(error.message).toMatch(/certificate required|handshake failure/i);
  });
});

describe.skipIf(!CAN.tls)('TLS to memcached', () => {
  test('client certificates: taken on every further connection too', async () => {
    const strict = await memcached(certs.server, {}, true);
    const { certPem: cert, keyPem: key } = certs.client;
    const own = { ca: certs.ca.certPem, cert, key };
    // A context hides from the client that there is a certificate: it notices that a resumed session is refused.
    for (const options of [
      own,
      { ...own, cert: undefined, key: undefined, secureContext: tls.createSecureContext(own) },
    ]) {
      const client = create(strict.address, { tls: options, retries: 2, retry_delay: 0.01 });
      for (let connection = 0; connection < 5; connection++) {
        expect(await client.set('a', 'value')).toBe(true);
        await client.quit();
      }
    }
  });

  test('an expired certificate is refused', async () => {
    const error = await refusal(create((await memcached(certs.expired)).address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT' });
    expect(causeOf(error)).toBe('CERT_HAS_EXPIRED');
  });

  test('a wrong name is refused, and taken where it is the name that was asked for', async () => {
    const other = await memcached(certs.otherName);
    const error = await refusal(create(other.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT' });
    expect(causeOf(error)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const named = create(other.address, { tls: { ca: certs.ca.certPem, servername: 'other.example' } });
    expect(await named.set('a', 'value')).toBe(true);
  });

  test('a server without TLS is refused', async () => {
    await using plain = await startMemcached();
    expect(await refusal(create(plain.address, { conntimeout: 0.5 }))).toMatchObject({ server: plain.address });
  });

  test('memcacheds:// and the address decide before the options', async () => {
    await using plain = await startMemcached();
    const ca = certs.ca.certPem;
    const servers = [
      { host: '127.0.0.1', port: plain.port, tls: false },
      { host: '127.0.0.1', port: good.port, tls: { ca } },
    ];
    const client = Client.create(servers, { logger: { log() {} }, retries: 1 });
    open.push(client);
    await client.connect();
    expect(Object.keys(await client.version())).toEqual([plain.address, good.address]);
    const url = Client.create(`memcacheds://localhost:${good.port}`, { retries: 1, logger: { log() {} } });
    open.push(url);
    expect(causeOf(await refusal(url))).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test.skipIf(!CAN.sasl || !CAN.login)('TLS with SASL and with ASCII authentication', async () => {
    const sasl = await memcached(certs.server, { sasl: [USER] });
    const text = await memcached(certs.server, { auth: [{ username: 'alice', password: 'simple' }] });
    for (const protocol of ['auto', 'binary'] as const) {
      expect(await create(sasl.address, { ...USER, protocol }).set('a', 'value')).toBe(true);
      const wrong = await refusal(create(sasl.address, { ...USER, password: 'wrong', protocol }));
      expect(wrong).toMatchObject({ code: 'ERR_AUTH' });
    }
    const login = { username: 'alice', password: 'simple' };
    for (const protocol of PROTOCOLS.filter((name) => name !== 'binary')) {
      expect(await create(text.address, { ...login, protocol }).set('a', 'value')).toBe(true);
      const wrong = await refusal(create(text.address, { ...login, password: 'wrong', protocol }));
      expect(wrong).toMatchObject({ code: 'ERR_AUTH' });
    }
  });
});

describe.skipIf(CHOSEN).each(PROTOCOLS)('TLS to MemoryServer over %s', (protocol) => {
  test('commands work, with a login too', async () => {
    const pair = { key: certs.server.keyPem, cert: certs.server.certPem };
    await using server = await MemoryServer.start({ tls: pair });
    const client = create(server.address, { protocol });
    expect(await client.set('a', 'value')).toBe(true);
    expect((await client.get('a')).value?.toString()).toBe('value');
    await using closed = await MemoryServer.start({ tls: pair, users: { alice: 'simple' } });
    const user = create(closed.address, { protocol, username: 'alice', password: 'simple' });
    expect(await user.set('a', 'value')).toBe(true);
  });
});

/** Speaks enough of meta for a get, and notes of each connection which name was asked for and whether its session was resumed. */
async function startTlsServer(port = 0) {
  const names: (string | false | null)[] = [];
  const reused: boolean[] = [];
  const sockets = new Set<tls.TLSSocket>();
  const server = tls.createServer({ key: certs.server.keyPem, cert: certs.server.certPem }, (socket) => {
    names.push(socket.servername ?? null);
    reused.push(socket.isSessionReused());
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        const lines = chunk.toString().split('\r\n');
        const answers: Record<string, string> = { mg: 'EN\r\n', ve: 'VERSION 1.6.18\r\n', mn: 'MN\r\n' };
        socket.write(lines.map((line) => answers[line.slice(0, 2)] ?? '').join(''));
      });
  });
  server.on('tlsClientError', () => {});
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { names, reused, port: (server.address() as AddressInfo).port, stop, [Symbol.asyncDispose]: stop };
}

describe.skipIf(CHOSEN)('the handshake', () => {
  test('nothing is written before the server is known to be who it should be', async () => {
    await using rogue = await startRogueServer(() => {});
    const client = create(rogue.address, { ...USER, conntimeout: 0.2, timeout: 0.2 });
    expect(await refusal(client)).toMatchObject({ code: 'ERR_TIMEOUT' });
    const [received] = rogue.received as [Buffer];
    // One TLS record, a handshake, and nothing behind it.
    expect(received[0]).toBe(0x16);
    expect(received.length).toBe(5 + received.readUInt16BE(3));
    expect(received.includes('alice')).toBe(false);
  });

  test('a server with a wrong certificate gets neither commands nor credentials', async () => {
    const { certPem: cert, keyPem: key } = certs.otherName;
    using server = await startSilentTlsServer({ cert, key });
    const client = create(server.address, USER);
    expect(causeOf(await refusal(client))).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(server.received).toEqual([]);
    client.close();
  });

  test('the server gets the name that is asked for (SNI), but no address; sessions are used again', async () => {
    await using server = await startTlsServer();
    const client = create(`localhost:${server.port}`, { protocol: 'meta' });
    for (let round = 0; round < 3; round++) {
      await client.get('a');
      await client.quit();
    }
    expect(server.names).toEqual(['localhost', 'localhost', 'localhost']);
    expect(server.reused).toEqual([false, true, true]);
    await create(`127.0.0.1:${server.port}`, { protocol: 'meta' }).get('a');
    expect(server.names[3] || null).toBeNull();
  });

  test('a server that is down, or hangs up in the handshake, has not refused to resume a session', async () => {
    const { port, ...first } = await startTlsServer();
    const client = create(`127.0.0.1:${port}`, { protocol: 'meta', failoverTime: 0.01 });
    await client.get('a');
    await first.stop();
    await expect(client.get('a')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    const rude = createServer((socket) => socket.on('error', () => {}).destroy());
    rude.listen(port, '127.0.0.1');
    await once(rude, 'listening');
    await expect(client.get('a')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    await new Promise((resolve) => rude.close(resolve));
    await using again = await startTlsServer(port);
    for (let round = 0; round < 3; round++) {
      await eventually(() => client.get('a').then(Boolean, () => false));
      await client.quit();
    }
    expect(again.reused.slice(-2)).toEqual([true, true]);
  });

  test('a server that never finishes the handshake: ERR_TIMEOUT after conntimeout, and no socket stays', async () => {
    await using server = await startRogueServer(silent());
    const client = create(server.address, { conntimeout: 0.2 });
    expect(await refusal(client)).toMatchObject({ code: 'ERR_TIMEOUT' });
    client.close();
    await eventually(() => server.open === 0);
  });
});
