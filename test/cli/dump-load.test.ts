import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { CAN } from '../support/subject.ts';
import { eventually } from '../support/wait.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

const ITEMS = 100_000;
/** Whether the server has room for them, and lists them. */
const HOLDS = CAN.roomy && CAN.lists;
let full: Memcached;
let empty: Memcached;
const folder = makeFolder();
const file = join(folder, 'cache.jsonl');

interface Line {
  key?: string;
  keyBase64?: string;
  value?: string;
  base64?: string;
  flags: number;
  ttl: number | null;
  expires?: number;
}

beforeAll(async () => {
  [full, empty] = await Promise.all([startMemcached(), startMemcached(), program()]);
  const client = Client.create(full.address, { timeout: 20 });
  for (let start = 0; start < ITEMS; start += 2000) {
    const indexes = Array.from({ length: 2000 }, (_, index) => start + index);
    await Promise.all(indexes.map((index) => client.set(...item(index))));
  }
  await client.quit();
}, PATIENCE);
afterAll(() => Promise.all([full.stop(), empty.stop()]));

/** Of every kind: text, bytes that are none, nothing; with and without an end, near and over 30 days away; flags. */
function item(index: number): [key: string | Buffer, value: string | Buffer, { expires: number; flags: number }] {
  const key = index % 1000 === 1 ? Buffer.from(`\u00ff key\n${index}`, 'latin1') : `item:${index}`;
  const value = index % 10 === 0 ? Buffer.from([255, index & 255, 0]) : index % 7 === 0 ? '' : `value "${index}"\n`;
  return [key, value, { expires: [0, 600, 86_400, 40 * 86_400 + now()][index % 4] as number, flags: index }];
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Stops the program as soon as the state in a file is as wanted. */
function interruptAt(stateFile: string, reached: (state: Record<string, number>) => boolean, signal: NodeJS.Signals) {
  return async (child: ChildProcess): Promise<void> => {
    await eventually(() => reached(JSON.parse(readFileSync(stateFile, 'utf8'))), { interval: 5, timeout: PATIENCE });
    child.kill(signal);
  };
}

describe.skipIf(!HOLDS)('dump and load of 100,000 items', { timeout: PATIENCE }, () => {
  it('goes on after an interruption, twice, and has every item once', async () => {
    const state = `${file}.partial.json`;
    const run = (meanwhile?: (child: ChildProcess) => unknown) => {
      return memts(['dump', file], { servers: full.address, ...(meanwhile ? { meanwhile } : {}) });
    };
    const first = await run(interruptAt(state, ({ keys = 0 }) => keys >= 5000, 'SIGINT'));
    expect(first).toMatchObject({ code: 130, stdout: '' });
    expect(first.stderr).toMatch(/^memts: stopped at key \d+ of 100000; the same command goes on from there\n$/);
    expect(existsSync(file)).toBe(false);
    const second = await run(interruptAt(state, ({ keys = 0 }) => keys >= 30_000, 'SIGKILL'));
    expect(second.code).toBe('SIGKILL');
    // Half a line, as a crash of the machine may leave it.
    writeFileSync(`${file}.partial`, '{"key":"half', { flag: 'a' });
    const last = await run();
    expect(last.code).toBe(0);
    expect(last.stderr).toMatch(/^memts: going on at key \d+ of 100000\nmemts: dumped 100,000 items, [\d.]+ MiB\n$/);
    expect(Number(/at key (\d+)/.exec(last.stderr)?.[1])).toBeGreaterThanOrEqual(30_000);
    expect([existsSync(`${file}.partial`), existsSync(`${file}.partial.keys`), existsSync(state)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(statSync(file).size).toBeGreaterThan(5_000_000);
  });

  it('loads into another server, after an interruption too', async () => {
    const state = `${file}.progress`;
    const run = (meanwhile?: (child: ChildProcess) => unknown) => {
      return memts(['load', file, '--json'], { servers: empty.address, ...(meanwhile ? { meanwhile } : {}) });
    };
    const first = await run(interruptAt(state, ({ lines = 0 }) => lines >= 3000, 'SIGKILL'));
    expect(first.code).toBe('SIGKILL');
    const second = await run(interruptAt(state, ({ lines = 0 }) => lines >= 10_000, 'SIGTERM'));
    expect(second.code).toBe(143);
    const last = await run();
    expect(last.code).toBe(0);
    expect(JSON.parse(last.stdout)).toEqual({ lines: ITEMS, loaded: ITEMS, kept: 0, expired: 0, failed: 0 });
    expect(existsSync(state)).toBe(false);
  });

  it('is equal on both servers, with lifetimes within 2 s', async () => {
    const copy = await memts(['dump', '-'], { servers: empty.address });
    expect(copy).toMatchObject({ code: 0, stderr: '' });
    const before = byKey(readFileSync(file, 'utf8'));
    const after = byKey(copy.stdout);
    expect([before.size, after.size]).toEqual([ITEMS, ITEMS]);
    let apart = 0;
    for (const [key, { ttl: _, expires, ...line }] of before) {
      const { ttl: __, expires: moved, ...other } = after.get(key) as Line;
      if (JSON.stringify(line) !== JSON.stringify(other)) throw new Error(`item ${line.flags} differs`);
      if ((expires === undefined) !== (moved === undefined)) throw new Error(`item ${line.flags}: for ever or not`);
      apart = Math.max(apart, Math.abs((expires ?? 0) - (moved ?? 0)));
    }
    expect(apart).toBeLessThanOrEqual(2);
    // And the file is what the server was given.
    for (let index = 0; index < ITEMS; index += 37) {
      const [key, value, { flags }] = item(index);
      const line = before.get(Buffer.from(key).toString('hex')) as Line;
      expect(bytesOf(line.value, line.base64)).toEqual(Buffer.from(value));
      expect(line.flags).toBe(flags);
    }
  });
});

function byKey(text: string): Map<string, Line> {
  return new Map((jsonLines(text) as Line[]).map((line) => [bytesOf(line.key, line.keyBase64).toString('hex'), line]));
}

function bytesOf(text: string | undefined, base64: string | undefined): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
}

describe.skipIf(!HOLDS)('load', { timeout: PATIENCE }, () => {
  it('names lines that are wrong by their numbers, skips what has expired, leaves alone what is there', async () => {
    await using server = await startMemcached();
    await using client = Client.create(server.address, { timeout: 20 });
    await client.set('there', 'old');
    const lines = [
      { key: 'there', value: 'new', flags: 1, ttl: null },
      'secret is no JSON',
      { key: 'gone', value: 'x', flags: 0, ttl: 100, expires: now() - 1 },
      { key: 'k'.repeat(300), value: 'secret' },
      { key: 'large', value: 'secret'.repeat(300_000) },
      '',
      { key: 'soon', value: 'x', flags: 3, ttl: 50 },
    ];
    const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    const loaded = await memts(['load', '-', '--no-clobber', '--json'], { servers: server.address, input });
    expect(loaded.code).toBe(1);
    expect(JSON.parse(loaded.stdout)).toEqual({ lines: 7, loaded: 1, kept: 1, expired: 1, failed: 3 });
    expect(loaded.stderr).toMatch(/^memts: line 2: not JSON\nmemts: line 4: .*\nmemts: line 5: .*\n$/);
    expect(loaded.stderr).not.toContain('secret');
    expect((await client.get('there')).value?.toString()).toBe('old');
    const keys = await memts(['keys', '--json', '--expires-within', '1m'], { servers: server.address });
    expect(jsonLines(keys.stdout)).toMatchObject([{ key: 'soon', ttl: expect.any(Number) }]);
    const keeping = await memts(['load', '-', '--keep-ttl'], { servers: server.address, input });
    expect(keeping.stderr).toMatch(/loaded 3 items, 3 failed\n$/);
  });

  it('says how far it came when the server goes away', async () => {
    const server = await startMemcached();
    const failed = await memts(['load', file], {
      servers: server.address,
      meanwhile: async () => {
        await eventually(() => JSON.parse(readFileSync(`${file}.progress`, 'utf8')).lines >= 2000, {
          timeout: PATIENCE,
        });
        await server.stop();
      },
    });
    expect(failed.code).toBe(3);
    expect(failed.stderr).toMatch(
      /^memts: stopped after line \d+; the same command goes on from there\nmemts: [^\n]*\n$/,
    );
  });

  it('refuses to go on with a dump of other servers', async () => {
    const path = join(folder, 'small.jsonl');
    writeFileSync(`${path}.partial`, '');
    writeFileSync(`${path}.partial.json`, '{"servers":["elsewhere:1"],"size":0}');
    const refused = await memts(['dump', path, '--servers', full.address]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/is of other servers \(elsewhere:1\); --restart begins again/);
  });
});
