import diagnostics from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Client, elasticache } from '../../src/index.ts';
import { useClients } from '../faults/clients.ts';
import { certificates } from '../support/certificates.ts';
import { startMemcached } from '../support/memcached.ts';
import { failure } from '../support/outcomes.ts';
import { type Behaviour, startRogueServer } from '../support/rogue-server.ts';
import { startSilentTlsServer } from '../support/tls-server.ts';

const PASSWORD = 's3cr3t-p4ss';
const LOGIN = { username: 'u53r-n4me', password: PASSWORD };
const PROTOCOLS = ['auto', 'binary', 'meta', 'classic'] as const;

const clients = useClients();
/** Everything that was said to anybody. */
let messages: unknown[] = [];
const listen = (message: unknown): void => void messages.push(message);
beforeAll(() => diagnostics.subscribe('memts:connection', listen));
afterAll(() => {
  diagnostics.unsubscribe('memts:connection', listen);
});
afterEach(() => {
  messages = [];
});

function watched(client: Client): Client {
  client.on('down', (...parts: unknown[]) => messages.push(...parts));
  client.on('up', (...parts: unknown[]) => messages.push(...parts));
  return client;
}

/** Whether a password, as it is or in base64, can be read from something in any way that a log would show it. */
function shows(value: unknown): boolean {
  const error = value instanceof Error ? `${value.stack} ${value.message}` : '';
  const text = `${inspect(value, { depth: 20 })} ${String(value)} ${error}`;
  return [PASSWORD, Buffer.from(PASSWORD).toString('base64'), Buffer.from(PASSWORD).toString('hex')].some((form) =>
    text.includes(form),
  );
}

/** Says back what it has heard, in the ways in which servers complain. */
const ECHOES: readonly [string, Behaviour][] = [
  ['as an error of the client', echo((heard) => `CLIENT_ERROR ${heard}\r\n`)],
  ['as an error of the server', echo((heard) => `SERVER_ERROR ${heard}\r\n`)],
  ['as an error', echo((heard) => `ERROR ${heard}\r\n`)],
  ['as it is', echo((heard) => `${heard}\r\n`)],
  ['as a version', echo((heard) => `VERSION ${heard}\r\n`)],
];

function echo(line: (heard: string) => string): Behaviour {
  return (socket) => {
    socket.on('data', (chunk: Buffer) => {
      const heard = chunk.toString('latin1').replaceAll(/[\r\n]/g, ' ');
      if (chunk[0] !== 0x80) {
        socket.write(line(heard), 'latin1');
        return;
      }
      // The status of a refused login, and the request as its text.
      const header = Buffer.from(chunk.subarray(0, 24));
      header[0] = 0x81;
      header.writeUInt32BE(0x20, 4);
      header.writeUInt16BE(0, 2);
      header.writeUInt32BE(chunk.length, 8);
      socket.write(Buffer.concat([header, chunk]));
    });
  };
}

describe.each(PROTOCOLS)('a password goes to nobody but the server, over %s', (protocol) => {
  test.each(ECHOES)('which says it back %s', async (_how, behaviour) => {
    await using rogue = await startRogueServer(behaviour);
    const client = watched(
      clients.create(rogue.address, { ...LOGIN, protocol, retries: 1, timeout: 0.2, conntimeout: 0.2 }),
    );
    const errors = [
      await failure(client.get('key')),
      await failure(client.set('key', 'value')),
      await failure(client.getMulti(['key'])),
      await client.version().catch((error: unknown) => error),
      await client.flush().catch((error: unknown) => error),
      await client.connect().catch((error: unknown) => error),
    ];
    for (const value of [client, client.servers, client.options, ...errors, ...clients.log, ...messages]) {
      expect(shows(value)).toBe(false);
    }
    expect(messages.length).toBeGreaterThan(0);
  });
});

test('a password that is refused, and a server that goes', async () => {
  for (const options of [
    { sasl: [{ username: 'alice', password: 'good' }] },
    { auth: [{ username: 'alice', password: 'good' }] },
  ]) {
    await using server = await startMemcached(options);
    const client = watched(clients.create(server.address, { ...LOGIN, protocol: 'auto', retries: 1 }));
    const refused = await failure(client.get('key'));
    expect(refused.code).toBe('ERR_AUTH');
    await server.stop();
    const gone = await failure(client.get('key'));
    for (const value of [client, refused, gone, ...clients.log, ...messages]) expect(shows(value)).toBe(false);
  }
});

describe('TLS', () => {
  test('an old version is refused', async () => {
    const { server: certificate, ca } = await certificates();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    using server = await startSilentTlsServer({ ...old, cert: certificate.certPem, key: certificate.keyPem });
    for (const protocol of PROTOCOLS) {
      const client = clients.create(server.address, { ...LOGIN, protocol, retries: 1, tls: { ca: ca.certPem } });
      expect(await failure(client.get('key'))).toMatchObject({ code: 'ERR_CONNECT' });
    }
    expect(server.received).toEqual([]);
  });

  test('a server that hangs up on TLS is not spoken to without it', async () => {
    await using rogue = await startRogueServer((socket, index) => {
      if (index % 2 === 0) socket.destroy();
      else socket.once('data', () => socket.end('VERSION 1.6.18\r\n'));
    });
    for (const address of [rogue.address, `memcacheds://${rogue.address}`]) {
      for (const protocol of PROTOCOLS) {
        const secured = address === rogue.address ? { tls: true } : {};
        const client = clients.create(address, {
          ...LOGIN,
          ...secured,
          protocol,
          retries: 3,
          retry_delay: 0,
          timeout: 0.2,
        });
        expect(await failure(client.get('key'))).toMatchObject({ code: 'ERR_CONNECT' });
        client.close();
      }
    }
    const heard = rogue.received.filter(({ length }) => length > 0);
    expect(heard.length).toBeGreaterThan(0);
    // A TLS record of a handshake each, and no name.
    for (const bytes of heard) expect([bytes[0], shows(bytes.toString('latin1'))]).toEqual([0x16, false]);
  });

  test('discovery refuses a wrong name, and asks it nothing', async () => {
    const { otherName, ca } = await certificates();
    using server = await startSilentTlsServer({ cert: otherName.certPem, key: otherName.keyPem });
    const source = elasticache({ endpoint: server.address, tls: { ca: ca.certPem } });
    expect(await failure(source.discover())).toMatchObject({ code: 'ERR_CONNECT' });
    expect(server.received).toEqual([]);
  });
});
