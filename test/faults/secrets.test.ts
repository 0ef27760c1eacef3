import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Client, elasticache, Server } from '../../src/index.ts';
import { certificates } from '../support/certificates.ts';
import { startMemcached } from '../support/memcached.ts';
import { failure } from '../support/outcomes.ts';
import { freePort } from '../support/ports.ts';
import { useClients } from './clients.ts';

const SECRET = 's3cr3t';

const clients = useClients();

/** Everything that a log line could show of something. */
function shown(value: unknown): string {
  const error = value instanceof Error ? `${value.stack} ${value.message}` : '';
  return `${inspect(value, { depth: 20 })} ${JSON.stringify(value, cyclesOut())} ${String(value)} ${error}`;
}

function cyclesOut(): (key: string, value: unknown) => unknown {
  const seen = new Set<unknown>();
  return (_key, value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}

test('no inspection and no JSON of a client, its servers or their errors shows credentials', async () => {
  await using server = await startMemcached({ sasl: [{ username: 'alice', password: 'good' }] });
  const { client: own } = await certificates();
  const gone = `127.0.0.1:${await freePort()}`;
  const options = { username: 'alice', password: SECRET, retries: 1, logger: { log() {} } };
  const tls = { key: own.keyPem, cert: own.certPem, passphrase: SECRET };
  const made = [
    Client.create(`alice:${SECRET}@${server.address}`, { logger: { log() {} } }),
    Client.create(`memcached://alice:${SECRET}@${gone}`, { logger: { log() {} } }),
    Client.create(server.address, options),
    Client.create([{ host: '127.0.0.1', port: server.port, username: 'alice', password: SECRET, tls }], options),
    Client.create(gone, { ...options, tls }),
    Client.create(gone, { ...options, failover: { gutter: `alice:${SECRET}@${gone}`, expires: 1 } }),
    Client.create(null, { ...options, discovery: elasticache({ endpoint: gone, tls }) }),
    new Client([new Server('127.0.0.1', server.port, 'alice', SECRET, { ...options, tls })], options),
  ];
  for (const client of made) {
    const error = await failure(client.get('a'));
    for (const value of [client, client.options, client.servers, error, error.cause, { ...client.options }]) {
      expect(shown(value)).not.toContain(SECRET);
      expect(shown(value)).not.toContain('PRIVATE KEY');
    }
    client.close();
  }
  expect(clients.log).toEqual([]);
});

test('credentials work all the same, at the spare pool too', async () => {
  await using spare = await startMemcached({ sasl: [{ username: 'alice', password: SECRET }] });
  const failover = { gutter: spare.address, expires: 10 };
  const gone = `127.0.0.1:${await freePort()}`;
  const client = clients.create(gone, { username: 'alice', password: SECRET, failover, retries: 1 });
  expect(await client.set('a', 'value')).toBe(true);
  const login = clients.create(gone, {
    failover: { gutter: `alice:${SECRET}@${spare.address}`, expires: 10 },
    retries: 1,
  });
  expect((await login.get('a')).value?.toString()).toBe('value');
});
