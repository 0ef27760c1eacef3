import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Client, compressed, type ServerOptions, structuredSerializer } from '../../src/index.ts';
import { certificates } from '../support/certificates.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { MEMCACHEDS, type VersionName } from '../support/memcacheds.ts';
import { abilitiesOf } from '../support/subject.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

beforeAll(() => program());

const LOGIN = { username: 'ann', password: 's3cret' };

type Way = 'plain' | 'TLS' | 'ascii login' | 'SASL';

interface Reached {
  server: Memcached;
  /** What a client needs, and what the command line. */
  options: ServerOptions & { username?: string; password?: string };
  args: readonly string[];
}

/** Starts a server that is reached in one of the ways. */
async function reach(version: VersionName, way: Way): Promise<Reached> {
  if (way === 'plain') return { server: await startMemcached({ version }), options: {}, args: [] };
  if (way === 'TLS') {
    const { server: own, ca } = await certificates();
    const tls = { ca: ca.certPem, servername: 'localhost' };
    const args = ['--tls-ca', ca.cert, '--tls-servername', 'localhost'];
    return { server: await startMemcached({ version, tls: own }), options: { tls }, args };
  }
  const file = join(makeFolder(), 'password');
  writeFileSync(file, `${LOGIN.password}\n`);
  const server = await startMemcached({ version, [way === 'SASL' ? 'sasl' : 'auth']: [LOGIN] });
  return { server, options: LOGIN, args: ['--user', LOGIN.username, '--password-file', file] };
}

interface Case {
  args: readonly string[];
  stdout: RegExp;
  /** Which protocol it takes; any where it says nothing. */
  needs?: 'text' | 'meta';
}

const CASES: readonly Case[] = [
  { args: ['get', 'user:1', '--decode'], stdout: /^\{"name":"Ann"\}\n$/ },
  { args: ['get', 'user:1', '--decode', '--json'], stdout: /"layout":"memts"/ },
  {
    args: ['inspect', 'user:1', '--preview', '--json'],
    stdout: /"layout":"memts","decoded":"\{ name: 'Ann' \}"/,
    needs: 'meta',
  },
  { args: ['stats', '--diff', '0.2', '--json'], stdout: /"rates":\{/ },
  { args: ['ping', '--count', '3', '--json'], stdout: /"lost":0/ },
  { args: ['top', '--interval', '0.1', '--count', '1', '--json'], stdout: /"state":"up"/ },
  { args: ['raw', 'version'], stdout: /^VERSION 1\.6\.\d+/, needs: 'text' },
  { args: ['keys', '--summary', '--json'], stdout: /"prefix":"tmp:","count":2,/, needs: 'text' },
  { args: ['keys', '--sort', 'ttl'], stdout: /^tmp:2\ntmp:1\nuser:1\n$/, needs: 'text' },
  { args: ['hot', '--seconds', '0.5', '--json'], stdout: /"skipped":\d/, needs: 'text' },
];

/** What changes what the others look at. */
const CHANGES: readonly Case[] = [
  { args: ['stats', '--reset', '--json'], stdout: /"get_hits":[1-9]/ },
  {
    args: ['keys', '--prefix', 'tmp:', '--delete', '--yes', '--json'],
    stdout: /^\{"found":2,"deleted":2\}\n$/,
    needs: 'text',
  },
];

/** Every way to every server with the environment's MEMTS_EVERY_VERSION; otherwise what differs most, to be done soon. */
const WAYS = MEMCACHEDS.flatMap(({ name, program: found }, index) => {
  const ways: readonly Way[] = process.env.MEMTS_EVERY_VERSION
    ? ['plain', 'TLS', 'ascii login', 'SASL']
    : index === 0
      ? ['ascii login']
      : index === MEMCACHEDS.length - 1
        ? ['TLS']
        : [];
  return ways.map((way) => ({ name, way, found: found !== undefined }));
});

describe.each(WAYS)('memcached $name, $way', { timeout: PATIENCE }, ({ name, way, found }) => {
  const { tls, sasl, protocols } = abilitiesOf({ name, version: name, args: [] });
  const isThere = found && (way !== 'TLS' || tls) && (way !== 'SASL' || sasl);
  const can = { text: way !== 'SASL', meta: way !== 'SASL' && protocols.includes('meta') };

  it.skipIf(!isThere)('every command that looks at servers and items works', async () => {
    const { server, options, args } = await reach(name, way);
    await using _ = server;
    const servers = server.address;
    const serializer = compressed(structuredSerializer());
    await using client = Client.create(servers, { ...options, serializer, timeout: 20, conntimeout: 20 });
    await client.set('user:1', { name: 'Ann' }, { expires: 3000 });
    await client.set('tmp:1', 'x', { expires: 2000 });
    await client.set('tmp:2', 'x', { expires: 1000 });
    await client.get('user:1');

    const look = async ({ args: own, stdout, needs }: Case): Promise<void> => {
      const ran = await memts([...own, ...args], { servers });
      if (needs === undefined || can[needs]) {
        expect([own, ran.code, ran.stdout]).toEqual([own, 0, expect.stringMatching(stdout)]);
        expect([own, ran.stderr]).toEqual([own, '']);
      } else {
        const why =
          needs === 'meta' ? /inspect needs the meta protocol/ : /the server speaks the binary protocol alone/;
        expect([own, ran.code, ran.stderr]).toEqual([own, 3, expect.stringMatching(why)]);
      }
    };
    await Promise.all(CASES.map(look));
    for (const change of CHANGES) await look(change);

    const discovered = await memts([
      'get',
      'user:1',
      '--discover',
      `dns://localhost:${server.port}`,
      '--decode',
      ...args,
    ]);
    expect(discovered).toMatchObject({ code: 0, stdout: '{"name":"Ann"}\n', stderr: '' });
    if (!can.text) return;
    const watched = await memts(['watch', 'fetchers', '--json', ...args], {
      servers,
      meanwhile: async (child) => {
        // Again and again, since nobody knows when the server has begun to tell.
        const timer = setInterval(() => client.get('user:1').catch(() => {}), 100);
        await new Promise((resolve) => child.stdout?.once('data', resolve));
        clearInterval(timer);
        child.kill('SIGINT');
      },
    });
    expect([watched.code, watched.stderr]).toEqual([130, '']);
    expect(jsonLines(watched.stdout)[0]).toMatchObject({
      line: expect.stringContaining('type=item_get key=user%3A1 '),
    });
  });
});
