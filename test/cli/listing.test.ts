import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { CAN } from '../support/subject.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

const EXPIRES = 600;

/** Keys that a list has to escape, and words of the protocol; what has an end and what has none. */
const ITEMS: readonly [key: string, expires: number][] = [
  ...Array.from({ length: 100 }, (_, index): [string, number] => [`item:${index}`, index % 2 === 0 ? 0 : EXPIRES]),
  ['noreply', 0],
  ['END', EXPIRES],
  ['OK', 0],
  ['key=exp=-1', 0],
  ['%20', EXPIRES],
  ['grün', 0],
];

let server: Memcached;
let client: Client;
const run = (...args: string[]) => memts(args, { servers: server.address });

beforeAll(async () => {
  [server] = await Promise.all([startMemcached(), program()]);
  client = Client.create(server.address, { timeout: 5, logger: { log() {} } });
  await Promise.all(ITEMS.map(([key, expires]) => client.set(key, `value of ${key}`, { expires, flags: 7 })));
}, PATIENCE);

afterAll(async () => {
  client.close();
  await server.stop();
});

describe.skipIf(!CAN.lists)('a server that lists its keys', { timeout: PATIENCE }, () => {
  it('keys: every one, with its lifetime', async () => {
    const { code, stdout, stderr } = await run('keys', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = jsonLines(stdout) as { key: string; ttl: number | null }[];
    const listed = lines.map(({ key, ttl }): [string, number] => [key, ttl === null ? 0 : EXPIRES]);
    expect(listed.sort()).toEqual([...ITEMS].sort());
    for (const { ttl } of lines) expect(ttl ?? EXPIRES).toBeLessThanOrEqual(EXPIRES);
    for (const { ttl } of lines) expect(ttl ?? EXPIRES).toBeGreaterThan(EXPIRES - 120);
  });

  it('dump: every item, which load stores again', async () => {
    const file = join(makeFolder(), 'items.jsonl');
    const dumped = await run('dump', '-');
    expect(dumped).toMatchObject({ code: 0, stderr: '' });
    const lines = jsonLines(dumped.stdout) as { key: string; value: string; flags: number }[];
    expect(new Map(lines.map(({ key, value, flags }) => [key, [value, flags]]))).toEqual(
      new Map(ITEMS.map(([key]) => [key, [`value of ${key}`, 7]])),
    );
    await client.deleteMulti(ITEMS.map(([key]) => key));
    writeFileSync(file, dumped.stdout);
    expect(await run('load', file)).toMatchObject({ code: 0 });
    const found = await client.getMulti(ITEMS.map(([key]) => key));
    expect(found.size).toBe(ITEMS.length);
    for (const [key, { value }] of found) expect(String(value)).toBe(`value of ${key}`);
  });
});

describe.skipIf(CAN.lists)('a server that does not list its keys', { timeout: PATIENCE }, () => {
  it.each(['keys', 'dump'])('%s: says so, in one line, and prints nothing', async (command) => {
    const { code, stdout, stderr } = await run(command, ...(command === 'dump' ? ['-'] : []));
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^memts: [^\n]+\n$/);
    expect((await client.get('item:1')).value?.toString()).toBe('value of item:1');
  });
});
