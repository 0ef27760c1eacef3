import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { makeFolder } from '../support/leftovers.ts';
import { startMemcached } from '../support/memcached.ts';
import { MEMCACHEDS } from '../support/memcacheds.ts';
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

describe.each(MEMCACHEDS)('memcached $name', { timeout: PATIENCE }, ({ name, program: found }) => {
  it.skipIf(found === undefined)('has its keys listed, dumped and loaded again', async () => {
    await using server = await startMemcached({ version: name });
    const servers = server.address;
    expect(await memts(['keys'], { servers })).toMatchObject({ code: 0, stdout: '', stderr: '' });

    const client = Client.create(servers, { protocol: 'binary', timeout: 20 });
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
    const client = Client.create(servers, { protocol: 'classic', timeout: 20 });
    await client.set('key', 'value');
    await client.quit();
    expect(await memts(['keys'], { servers })).toMatchObject({ code: 0, stdout: 'key\n', stderr: '' });
  });
});
