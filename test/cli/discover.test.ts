import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hintAt } from '../../cli/src/hints.ts';
import { Client, type ErrorCode } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { certificates } from '../support/certificates.ts';
import { DnsServer } from '../support/dns-server.ts';
import { makeFolder } from '../support/leftovers.ts';
import { startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { startRogueServer } from '../support/rogue-server.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

beforeAll(() => program());

describe.concurrent('--discover', { timeout: PATIENCE }, () => {
  it('asks a configuration endpoint of ElastiCache for all nodes, in every command', async () => {
    await using first = await startMemcached();
    await using second = await startMemcached();
    await using endpoint = await MemoryServer.start();
    endpoint.cluster = [first, second].map(({ port }) => ({ host: 'localhost', port }));
    const discover = ['--discover', `elasticache://${endpoint.address}`];
    const ping = await memts(['ping', '--json', ...discover]);
    expect(jsonLines(ping.stdout).map((line) => (line as { server: string }).server)).toEqual([
      `localhost:${first.port}`,
      `localhost:${second.port}`,
    ]);
    const input = Array.from({ length: 8 }, (_, index) => `{"key":"key:${index}","value":"x"}\n`).join('');
    expect((await memts(['load', '-', ...discover], { input })).code).toBe(0);
    expect((await memts(['keys', '--count', ...discover])).stdout).toBe('8\n');
    const counts = await Promise.all(
      [first, second].map(({ address }) => memts(['keys', '--count'], { servers: address })),
    );
    expect(counts.map(({ stdout }) => stdout)).not.toContain('0\n');
  });

  it('asks name servers for addresses, and for SRV records with ports and weights', async () => {
    await using first = await startMemcached();
    await using second = await startMemcached();
    await using dns = await DnsServer.start();
    dns.names.set('cache.test', { a: ['127.0.0.1'] });
    dns.names.set('_memcached._tcp.cache.test', {
      srv: [
        { name: 'localhost', port: first.port, weight: 2 },
        { name: 'localhost', port: second.port },
      ],
    });
    const ask = `nameserver=${dns.address}`;
    const one = await memts(['ping', '--json', '--discover', `dns://cache.test:${first.port}?${ask}`]);
    expect(jsonLines(one.stdout)).toMatchObject([{ server: `127.0.0.1:${first.port}`, state: 'up' }]);
    const all = await memts(['ping', '--json', '--discover', `dns://_memcached._tcp.cache.test?${ask}`]);
    expect(jsonLines(all.stdout)).toHaveLength(2);
    const system = await memts(['get', 'key', '--discover', `dns://localhost:${first.port}`]);
    expect(system).toMatchObject({ code: expect.any(Number), stdout: '' });
    expect(system.stderr).not.toMatch(/discover/);
  });

  it('says what is wrong with a source', async () => {
    const port = await freePort();
    await using hung = await startRogueServer(() => {});
    for (const [source, code, said] of [
      [`elasticache://127.0.0.1:${port}`, 3, /^memts: --discover elasticache:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/],
      [`elasticache://${hung.address}`, 3, /^memts: --discover elasticache:.*(no response|no answer|within|did not)/],
      ['consul://a:1', 2, /^memts: --discover: expected elasticache:\/\/HOST:PORT or dns:\/\/NAME:PORT\n$/],
      ['localhost:11211', 2, /^memts: --discover: expected/],
      ['dns://no-such-name.invalid', 3, /^memts: --discover dns:\/\/no-such-name\.invalid: .*(ENOTFOUND|EAI_AGAIN)/],
    ] as const) {
      const { code: ended, stderr } = await memts(['ping', '--timeout', '1', '--discover', source]);
      expect([source, ended, stderr]).toEqual([source, code, expect.stringMatching(said)]);
    }
    expect((await memts(['ping', '--servers', 'a:1', '--discover', 'dns://a'])).code).toBe(2);
  });
});

describe.concurrent('errors name the option that helps', { timeout: PATIENCE }, () => {
  it('of certificates', async () => {
    const { server: own, ca, otherName } = await certificates();
    await using server = await startMemcached({ tls: own });
    await using other = await startMemcached({ tls: otherName });
    const run = (...args: string[]) => memts(args, { servers: `memcacheds://localhost:${server.port}` });
    const list = (...args: string[]) => memts(args, { servers: `memcacheds://localhost:${other.port}` });
    for (const command of [['get', 'a'], ['keys']]) {
      expect((await run(...command)).stderr).toMatch(
        /certificate.*; --tls-ca FILE says whose certificates to trust\n$/,
      );
      const named = await list(...command, '--tls-ca', ca.cert);
      expect(named.stderr).toMatch(/; --tls-servername says which name the certificate has\n$/);
      expect((await list(...command, '--tls-ca', ca.cert, '--tls-servername', 'other.example')).code).toBeLessThan(2);
    }
  });

  it('of a login, of TLS, of the protocol', async () => {
    await using server = await startMemcached({ sasl: [{ username: 'ann', password: 's3cret' }] });
    expect((await memts(['get', 'a'], { servers: server.address })).stderr).toMatch(/--user/);
    const { server: own } = await certificates();
    await using secured = await startMemcached({ tls: own });
    expect((await memts(['get', 'a'], { servers: secured.address })).stderr).toMatch(/--tls/);
    await using plain = await startMemcached();
    await using client = Client.create(plain.address, { timeout: 20 });
    await client.set('a', 'x');
    const binary = await memts(['inspect', 'a', '--protocol', 'binary'], { servers: plain.address });
    expect(binary.stderr).toMatch(/; --protocol meta, or none\n$/);
    const file = join(makeFolder(), 'password');
    writeFileSync(file, 'wrong\n');
    const wrong = await memts(['get', 'a', '--user', 'ann', '--password-file', file], { servers: server.address });
    expect(wrong.stderr).not.toMatch(/--user and/);
  });
});

describe('hints', () => {
  it('leave out what was given', () => {
    const { argv } = process;
    const given = (words: string, code: ErrorCode, message: string): string => {
      process.argv = ['node', 'memts', ...words.split(' ')];
      try {
        return hintAt({ code, message });
      } finally {
        process.argv = argv;
      }
    };
    expect(given('get a', 'ERR_TIMEOUT', 'late')).toBe('; --timeout SECONDS waits longer');
    expect(given('get a --timeout=3', 'ERR_TIMEOUT', 'late')).toBe('');
    expect(given('get a', 'ERR_CONNECT', 'connect ECONNREFUSED ::1:11211')).toMatch(/--servers or --discover/);
    expect(given('get a --servers b:1', 'ERR_CONNECT', 'connect ECONNREFUSED ::1:11211')).toBe('');
    expect(given('get a', 'ERR_PROTOCOL', 'what?')).toBe('; does it want --tls or --user?');
    expect(given('get a --tls-insecure', 'ERR_PROTOCOL', 'what?')).toBe('; does it want --user?');
    expect(given('get a --user ann', 'ERR_AUTH', 'no')).toBe('');
  });
});
