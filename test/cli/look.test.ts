import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

let server: Memcached;
let other: Memcached;
let client: Client;

beforeAll(async () => {
  [server, other] = await Promise.all([startMemcached(), startMemcached(), program()]);
  client = Client.create(server.address, { timeout: 20 });
  for (let index = 0; index < 30; index++) await client.set(`user:${index}`, 'x'.repeat(100), { expires: 1000 });
  for (let index = 0; index < 10; index++) await client.set(`page:${index}`, 'x'.repeat(index * 1000));
  await client.set('alone', 'x');
});
afterAll(async () => {
  client.close();
  await Promise.all([server.stop(), other.stop()]);
});

function run(...args: string[]) {
  return memts(args, { servers: server.address });
}

describe.concurrent('looking at items', { timeout: PATIENCE }, () => {
  it('inspect tells what an item is, and does not count as a use of it', async () => {
    await client.set('looked:at', 'value', { expires: 600, flags: 77 });
    const { code, stdout } = await run('inspect', 'looked:at');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^looked:at\n {2}server +127\.0\.0\.1:\d+\n {2}ttl +(10m|9m \d+s)\n {2}size +5 B\n/);
    expect(stdout).toMatch(/flags +77 \(0x4d\)\n.*\n {2}read +not since it was stored\n {2}cas +\d+\n {2}stale +no\n$/);
    const json = await run('inspect', 'looked:at', 'no:such', '--json');
    expect(json.code).toBe(1);
    expect(jsonLines(json.stdout)).toMatchObject([
      { key: 'looked:at', size: 5, flags: 77, fetched: false, stale: false, server: server.address },
      { key: 'no:such', item: null },
    ]);
    const preview = await run('inspect', 'looked:at', '--preview');
    expect(preview.stdout).toMatch(/\n {2}value +value\n$/);
    expect((await run('inspect', 'looked:at', '--protocol', 'binary')).stderr).toMatch(
      /inspect needs the meta protocol/,
    );
  });

  it('raw prints what comes back, byte by byte, from every server', async () => {
    await client.set('raw:key', 'VERSION 1\r\n', { flags: 3 });
    expect(await run('raw', 'get raw:key')).toMatchObject({
      code: 0,
      stdout: 'VALUE raw:key 3 11\r\nVERSION 1\r\n\r\nEND\r\n',
    });
    expect((await run('raw', 'version')).stdout).toMatch(/^VERSION 1\.6\.\d+\r\n$/);
    expect((await run('raw', 'set raw:set 0 60 5', '--data', 'hello')).stdout).toBe('STORED\r\n');
    expect((await run('raw', 'nonsense')).stdout).toBe('ERROR\r\n');
    expect(await run('raw', 'quit')).toMatchObject({ code: 0, stdout: '' });
    const both = await memts(['raw', 'mn', '--json'], { servers: `${server.address},${other.address}` });
    expect(jsonLines(both.stdout)).toEqual([
      { server: server.address, reply: 'MN\r\n' },
      { server: other.address, reply: 'MN\r\n' },
    ]);
    for (const bad of ['get a\r\nflush_all', 'watch fetchers']) expect((await run('raw', bad)).code).toBe(2);
  });

  it('keys --summary counts by the beginning of keys', async () => {
    const { code, stdout } = await run('keys', '--summary', '--match', '^(user|page|alone)');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PREFIX +KEYS +BYTES +SHARE +MEAN +UNREAD +IMMORTAL +TTL MEAN +TTL RANGE\npage: +10 /);
    expect(stdout).toMatch(/\nuser: +30 .* 30 +0 +\d+m( \d+s)? +\d+m( \d+s)? – \d+m( \d+s)?\n/);
    expect(stdout).toMatch(/\n\(none\) +1 .*\nall +41 /);
    // A line that is empty is no JSON.
    expect((await run('keys', '--summary', '--prefix', 'nobody has it', '--json')).stdout).toBe('');
    const json = await run('keys', '--summary', '--by', '1', '--prefix', 'user', '--json');
    const groups = jsonLines(json.stdout) as { prefix: string; count: number; ttl: { longest: number } }[];
    expect(groups.find(({ prefix }) => prefix === 'user:1')).toMatchObject({ count: 11, immortal: 0 });
    expect(groups[0]?.ttl.longest).toBeLessThanOrEqual(1000);
  });

  it('keys --sort puts the largest, the longest unused, or what expires first, in front', async () => {
    const { stdout } = await run('keys', '--sort', 'size', '--limit', '3', '--prefix', 'page:');
    expect(stdout).toBe('page:9\npage:8\npage:7\n');
    const ttls = jsonLines((await run('keys', '--sort', 'ttl', '--json', '--match', '^(user|page)')).stdout);
    const found = (ttls as { ttl: number | null }[]).map(({ ttl }) => ttl ?? Number.POSITIVE_INFINITY);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(found).toHaveLength(40);
  });

  it('keys --delete deletes what was found, once that is confirmed', async () => {
    await using filled = Client.create(other.address, { timeout: 20 });
    for (let index = 0; index < 2500; index++) filled.set(`tmp:${index}`, 'x').catch(() => {});
    await filled.set(Buffer.from('tmp:\xff\n', 'latin1'), 'x');
    await filled.set('keep', 'x');
    const asked = await memts(['keys', '--prefix', 'tmp:', '--delete'], { servers: other.address });
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringMatching(/--yes/) });
    const some = await memts(['keys', '--prefix', 'tmp:', '--delete', '--yes', '--limit', '1', '--json'], {
      servers: other.address,
    });
    expect(some.stdout).toBe('{"found":1,"deleted":1}\n');
    const rest = await memts(['keys', '--prefix', 'tmp:', '--delete', '--yes'], { servers: other.address });
    expect(rest).toMatchObject({ code: 0, stderr: 'memts: deleted 2,500 items\n' });
    expect((await memts(['keys'], { servers: other.address })).stdout).toBe('keep\n');
  });

  it('ping --count tells how the times are spread, and what was lost', async () => {
    const servers = `${server.address},127.0.0.1:${await freePort()}`;
    const { code, stdout } = await memts(['ping', '--count', '20', '--interval', '0.001'], { servers });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^SERVER +STATE +VERSION +SENT +LOST +MIN +P50 +P90 +P99 +MAX\n/);
    expect(stdout).toMatch(
      /\n127\.0\.0\.1:\d+ +up +1\.6\.\d+ +20 +0( +\d+\.\d\d ms){5}\n127\.0\.0\.1:\d+ +down +– +20 +20( +–){5}\n$/,
    );
    const json = await run('ping', '--count', '5', '--interval', '0.001', '--json');
    const [one] = jsonLines(json.stdout) as { milliseconds: { min: number; p50: number; max: number } }[];
    expect(one).toMatchObject({ server: server.address, state: 'up', sent: 5, lost: 0 });
    expect(one?.milliseconds.min).toBeLessThanOrEqual(one?.milliseconds.max ?? 0);
  });
});
