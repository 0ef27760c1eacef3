import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, compressed, jsonSerializer, type Serializer, structuredSerializer } from '../../src/index.ts';
import {
  dalliSerializer,
  phpSerializer,
  pylibmcSerializer,
  pymemcacheSerializer,
} from '../../src/serializers/foreign/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';
import { Terminal, TMUX } from './support/terminal.ts';

let server: Memcached;

beforeAll(async () => {
  [server] = await Promise.all([startMemcached(), program()]);
});
afterAll(() => server.stop());

const LONG = 'long '.repeat(2000);
const EVENT = { id: 9n, at: new Date(0), tags: new Set(['a']), of: new Map([['x', 1]]), bytes: Buffer.from([0, 255]) };
const EVENT_AS_JSON = {
  id: 9,
  at: '1970-01-01T00:00:00.000Z',
  tags: ['a'],
  of: [['x', 1]],
  bytes: { base64: 'AP8=' },
};

/** What each serializer stores, by which layout it is found again, and as what. */
const STORED: readonly [string, Serializer<never, unknown>, unknown, string, unknown][] = [
  ['json', jsonSerializer(), { a: [1, null] }, 'memts', { a: [1, null] }],
  ['json:number', jsonSerializer(), 12.5, 'memts', 12.5],
  ['json:bytes', jsonSerializer(), Buffer.from([0, 255]), 'memts', { base64: 'AP8=' }],
  ['structured', structuredSerializer(), EVENT, 'memts', EVENT_AS_JSON],
  ['compressed', compressed(structuredSerializer()), { text: LONG }, 'memts', { text: LONG }],
  ['pymemcache:text', pymemcacheSerializer(), 'grüße', 'pymemcache', 'grüße'],
  ['pymemcache:int', pymemcacheSerializer(), 77, 'pymemcache', 77],
  ['pymemcache:long', pymemcacheSerializer({ threshold: 100 }), LONG, 'pymemcache', LONG],
  ['pylibmc:int', pylibmcSerializer(), 78, 'pylibmc', 78],
  ['dalli', dalliSerializer(), 'ruby', 'dalli', 'ruby'],
  ['dalli:long', dalliSerializer({ threshold: 100 }), LONG, 'dalli', LONG],
  ['php:json', phpSerializer(), { a: 1 }, 'php', { a: 1 }],
  ['php:long', phpSerializer({ threshold: 100 }), LONG, 'php', LONG],
  ['php:bool', phpSerializer(), true, 'php', true],
] as never;

describe('get --decode', { timeout: PATIENCE }, () => {
  it('knows by the flags who has stored a value, and gives it back', async () => {
    for (const [key, serializer, value] of STORED) {
      await using client = Client.create(server.address, { serializer, timeout: 20 });
      await client.set(key, value as never);
    }
    const { code, stdout, stderr } = await memts(['get', '--decode', '--json', ...STORED.map(([key]) => key)], {
      servers: server.address,
    });
    expect([code, stderr]).toEqual([0, '']);
    const lines = jsonLines(stdout) as { key: string; layout: string; value: unknown }[];
    expect(lines.map(({ key, layout, value }) => [key, layout, value])).toEqual(
      STORED.map(([key, , , layout, value]) => [key, layout, value]),
    );
  });

  it('writes text and bytes as they are, all else as a line of JSON; --layout says what it is', async () => {
    await using client = Client.create(server.address, { serializer: compressed(structuredSerializer()), timeout: 20 });
    await client.set('bytes', Buffer.from([0, 255, 10]));
    await client.set('event', EVENT);
    await using raw = Client.create(server.address, { timeout: 20 });
    await raw.set('npm', '{"a":1}', { flags: 2 });
    await raw.set('number', '5', { flags: 1 });
    const run = (...args: string[]) => memts(['get', ...args], { servers: server.address });
    expect((await run('bytes', '--decode')).bytes).toEqual(Buffer.from([0, 255, 10]));
    expect(JSON.parse((await run('event', '--decode')).stdout)).toEqual(EVENT_AS_JSON);
    expect((await run('npm', '--decode', '--json')).stdout).toBe(
      '{"key":"npm","value":{"a":1},"layout":"memcached","flags":2}\n',
    );
    expect((await run('number', 'number', '--layout', 'php')).stdout).toBe('number: 5\nnumber: 5\n');
    expect((await run('number', '--layout', 'java')).code).toBe(2);
  });

  it('says what can not be read, and goes on with the others', async () => {
    await using raw = Client.create(server.address, { timeout: 20 });
    await raw.set('pickle', Buffer.from([0x80, 4, 0x4e, 0x2e]), { flags: 1 });
    await raw.set('broken', 'no json', { flags: 0x6d050000 });
    // A little that becomes much: refused before it is in memory.
    await raw.set('bomb', gzipSync(Buffer.alloc(80 * 1024 * 1024)), { flags: 0x6d110000 });
    await raw.set('fine', 'text');
    const all = await memts(['get', 'pickle', 'broken', 'bomb', 'fine', '--decode'], { servers: server.address });
    expect([all.code, all.stdout]).toEqual([1, 'fine: text\n']);
    expect(all.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^memts: pickle: .*pickle/),
      expect.stringMatching(/^memts: broken: /),
      expect.stringMatching(/^memts: bomb: .*ERR_VALUE_TOO_LARGE/),
    ]);
  });

  it('inspect --preview decodes too', async () => {
    await using client = Client.create(server.address, { serializer: compressed(structuredSerializer()), timeout: 20 });
    await client.set('looked', { name: 'x', at: new Date(0), text: LONG });
    const run = (...args: string[]) => memts(['inspect', 'looked', '--preview', ...args], { servers: server.address });
    expect((await run()).stdout).toMatch(/\n {2}layout +memts\n {2}value +\{ name: 'x', at: 1970-01-01T00.* …\n$/);
    const [line] = jsonLines((await run('--json')).stdout);
    expect(line).toMatchObject({ layout: 'memts', decoded: expect.stringMatching(/^\{ {1,3}name: 'x'|^\{\n {2}name/) });
  });
});

describe.skipIf(!TMUX)('get --decode in a terminal', { timeout: PATIENCE }, () => {
  it('shows structure, and text of others does nothing', async () => {
    await using client = Client.create(server.address, { serializer: structuredSerializer(), timeout: 20 });
    await client.set('hostile', { at: new Date(0), '\u001b]0;owned\u0007': '\u202e\u009b31m' });
    using terminal = await Terminal.start(['get', 'hostile', '--decode'], server.address);
    const screen = await terminal.see('ended with 0');
    expect(screen).toMatch(/at: 1970-01-01T00:00:00\.000Z/);
    expect(screen).toContain(String.raw`\x1B]0;owned\x07`);
    expect(screen).toContain(String.raw`\u202e`);
    expect(terminal.title).not.toBe('owned');
  });
});
