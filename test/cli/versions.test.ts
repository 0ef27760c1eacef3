import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { certificates } from '../support/certificates.ts';
import { makeFolder } from '../support/leftovers.ts';
import { startMemcached } from '../support/memcached.ts';
import { MEMCACHEDS } from '../support/memcacheds.ts';
import { abilitiesOf } from '../support/subject.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

beforeAll(() => program());

/** With keys that look like what the list has around them. */
const ITEMS = new Map([
  ['plain', 'value'],
  ['OK', 'OK\r\nEND\r\n'],
  ['END', ''],
  ['key=a flags=7 ', 'x'],
  ['ü%20', 'y'],
]);

/** The oldest and the newest, or with the environment's MEMTS_EVERY_VERSION all: it starts many processes. */
const LOOKED_AT = MEMCACHEDS.map(({ name }) => name).filter(
  (_, index) => process.env.MEMTS_EVERY_VERSION || index === 0 || index === MEMCACHEDS.length - 1,
);

describe.each(MEMCACHEDS)('memcached $name', { timeout: PATIENCE }, ({ name, program: found }) => {
  it.skipIf(found === undefined)('has its keys listed, dumped and loaded again', async () => {
    await using server = await startMemcached({ version: name });
    const servers = server.address;
    expect(await memts(['keys'], { servers })).toMatchObject({ code: 0, stdout: '', stderr: '' });

    const client = Client.create(servers, { protocol: 'binary' });
    for (const [key, value] of ITEMS) await client.set(key, value, { flags: 7, expires: 1000 });
    const keys = await memts(['keys', '--json'], { servers });
    expect(keys).toMatchObject({ code: 0, stderr: '' });
    const listed = jsonLines(keys.stdout) as { key: string; ttl: number }[];
    expect(listed.map(({ key }) => key).sort()).toEqual([...ITEMS.keys()].sort());
    for (const { ttl } of listed) expect(ttl).toBeGreaterThan(980);

    const file = join(makeFolder(), 'dump.jsonl');
    expect((await memts(['dump', file], { servers })).code).toBe(0);
    expect(jsonLines(readFileSync(file, 'utf8'))).toHaveLength(ITEMS.size);
    await client.flush();
    expect((await memts(['load', file], { servers })).code).toBe(0);
    for (const [key, value] of ITEMS) {
      const { value: loaded, flags } = await client.get(key, { cas: true });
      expect([key, loaded?.toString(), flags?.readUInt32BE()]).toEqual([key, value, 7]);
    }
    await client.quit();
  });

  it.skipIf(found === undefined)('has its keys listed behind a login', async () => {
    await using server = await startMemcached({ version: name, auth: [{ username: 'ann', password: 's3cret' }] });
    const servers = `ann:s3cret@${server.address}`;
    const client = Client.create(servers, { protocol: 'classic' });
    await client.set('key', 'value');
    await client.quit();
    expect(await memts(['keys'], { servers })).toMatchObject({ code: 0, stdout: 'key\n', stderr: '' });
  });

  it.skipIf(!LOOKED_AT.includes(name) || found === undefined)('is looked at over TLS, and behind a login', async () => {
    const { server: own, ca } = await certificates();
    // Not every build has TLS.
    const { tls: hasTls } = abilitiesOf({ name, version: name, args: [] });
    await using secured = await startMemcached({ version: name, tls: hasTls ? own : undefined });
    await using locked = await startMemcached({ version: name, auth: [{ username: 'ann', password: 's3cret' }] });
    const address = hasTls ? `memcacheds://localhost:${secured.port}` : secured.address;
    const runs = [address, `ann:s3cret@${locked.address}`].flatMap((servers) => {
      const tls = servers.startsWith('memcacheds') ? ['--tls-ca', ca.cert] : [];
      return [
        ['stats', '--diff', '0.2', '--json'],
        ['hot', '--seconds', '0.5', '--json'],
        ['ping', '--count', '3', '--json'],
        ['raw', 'version'],
        ['top', '--interval', '0.1', '--count', '1', '--json'],
      ].map(async (args) => [args[0], await memts([...args, ...tls], { servers })] as const);
    });
    for (const [command, { code, stdout, stderr }] of await Promise.all(runs)) {
      expect([command, code, stderr]).toEqual([command, 0, '']);
      expect(stdout).toMatch(/"rates":|"skipped":|"lost":0|^VERSION 1|"state":"up"/);
    }
  });
});
