import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { startRelay } from '../support/relay.ts';
import { startRogueServer } from '../support/rogue-server.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';
import { Terminal, TMUX } from './support/terminal.ts';

/** Sets the title of a terminal, and colours what follows. */
const HOSTILE = '\u001b]0;owned\u0007\u001b[31m\u202ex';
const ESCAPED = '\\x1b]0;owned\\x07\\x1b[31m\\u202ex';

const folder = makeFolder();
let server: Memcached;
let client: Client;

beforeAll(async () => {
  [server] = await Promise.all([startMemcached(), program()]);
  client = Client.create(server.address, { timeout: 20 });
  await client.set('hostile', `first ${HOSTILE}\nsecond`);
  await client.set(`${HOSTILE}:key`, HOSTILE, { expires: 1000 });
});
afterAll(async () => {
  client.close();
  await server.stop();
});

describe.skipIf(!TMUX)('in a terminal, text of others is only text', { timeout: PATIENCE, concurrent: true }, () => {
  it.each([
    ['the value of one key', ['get', 'hostile'], /first .*\nsecond\nended with 0/],
    ['one of several', ['get', 'hostile', 'none'], /hostile: first/],
  ])('%s', async (_what, args, seen) => {
    using terminal = await Terminal.start(args, server.address);
    const screen = await terminal.see(/ended with/);
    expect(screen).toContain(ESCAPED);
    expect(screen).toMatch(seen);
    expect(terminal.title).not.toBe('owned');
  });

  it.each([
    [['inspect', 'hostile', '--preview']],
    [['get', 'hostile', '--decode']],
    [['raw', 'get hostile']],
    [['keys']],
    [['keys', '--long']],
    [['keys', '--summary']],
  ])('what a server tells: %s', async (args) => {
    using terminal = await Terminal.start(args, server.address, 160, 30);
    const screen = await terminal.see('ended with 0');
    expect(screen).toContain(ESCAPED);
    expect(terminal.title).not.toBe('owned');
  });

  it.each([[['get', 'hostile', '--json']], [['keys', '--json']], [['inspect', 'hostile', '--preview', '--json']]])(
    'JSON, whose letters mean the same: %s',
    async (args) => {
      using terminal = await Terminal.start(args, server.address, 160, 30);
      const screen = await terminal.see('ended with 0');
      expect(screen).toContain('\\u001b]0;owned\\u0007\\u001b[31m\\u202ex');
      expect(terminal.title).not.toBe('owned');
    },
  );

  it.each([
    [['set', 'k', 'v']],
    [['delete', 'k']],
    [['incr', 'k']],
    [['touch', 'k', '5']],
    [['stats']],
    [['keys']],
    [['raw', 'mn']],
  ])('the errors of a server: %s', async (args) => {
    await using rogue = await startRogueServer((socket) => {
      const error = Buffer.from(`SERVER_ERROR ${HOSTILE}\r\n`);
      socket.on('data', (chunk) => socket.write(/^version/.test(String(chunk)) ? 'VERSION 1.6.18\r\n' : error));
    });
    using terminal = await Terminal.start(['--protocol', 'classic', '--timeout', '5', ...args], rogue.address, 160, 30);
    const screen = await terminal.see(/ended with/, PATIENCE);
    expect(screen).not.toContain('\u202e');
    expect(terminal.title).not.toBe('owned');
  });

  it.each(['items', 'slabs', 'conns', 'settings', 'sizes'])('names and values of statistics: %s', async (group) => {
    const hostile = Buffer.from(HOSTILE).toString('latin1');
    const names = ['items:1:', '1:', '20:', ''].map((start) => `STAT ${start}${hostile} 5${hostile}\r\n`).join('');
    await using rogue = await startRogueServer((socket) => {
      createInterface(socket).on('line', (line) => {
        socket.write(line === 'version' ? 'VERSION 1.6.18\r\n' : `${names}END\r\n`, 'latin1');
      });
    });
    using terminal = await Terminal.start(['stats', group, '--protocol', 'classic'], rogue.address, 160, 30);
    const screen = await terminal.see('ended with 0');
    expect(screen).toContain(ESCAPED);
    expect(screen).not.toContain('\u202e');
    expect(terminal.title).not.toBe('owned');
  });

  it('a dump, whose JSON means the same', async () => {
    using terminal = await Terminal.start(['dump', '-'], server.address, 160, 30);
    const screen = await terminal.see('ended with 0');
    expect(screen).toContain('\\u001b]0;owned\\u0007\\u001b[31m\\u202ex');
    expect(screen).not.toContain('\u202e');
  });

  it.each([['version'], ['ping'], ['stats'], ['stats', '--raw'], ['top', '--interval', '0.2']])(
    'the version that a server says: %s %s',
    async (...args) => {
      const toClient = (text: string): string =>
        text.replaceAll(/(VERSION|STAT version) [\d.]+/g, `$1 1.6.18${Buffer.from(HOSTILE).toString('latin1')}`);
      await using relay = await startRelay(server, { toClient });
      using terminal = await Terminal.start(args, relay.address, 160, 100);
      const screen = await terminal.see(/1\.6\./);
      expect(screen).not.toContain('\u202e');
      expect(terminal.title).not.toBe('owned');
    },
  );
});

it.each(['a\u009b31m', 'a\u202eb', '/tmp/x.sock', 'a,b', 'user@host'])(
  'a source that names %j names no server',
  async (host) => {
    const nodes = Buffer.from(`1\n${host}||11211\n`).toString('latin1');
    await using endpoint = await startRogueServer((socket) => {
      socket.on('data', (chunk) => {
        const isVersion = /^version/.test(String(chunk));
        const answer = isVersion ? 'VERSION 1.6.18\r\n' : `CONFIG cluster 0 ${nodes.length}\r\n${nodes}\r\nEND\r\n`;
        socket.write(answer, 'latin1');
      });
    });
    const source = `elasticache://${endpoint.address}`;
    expect(await memts(['version', '--discover', source])).toMatchObject({
      code: 3,
      stderr: `memts: --discover ${source}: names a server that is none\n`,
    });
  },
  PATIENCE,
);

describe.concurrent('in a pipe, text of others is as it came', { timeout: PATIENCE }, () => {
  it.each([
    [['get', 'hostile'], `first ${HOSTILE}\nsecond`],
    [['get', 'hostile', '--decode'], `first ${HOSTILE}\nsecond`],
    [['keys'], `${HOSTILE}:key\n`],
    [['keys', '--long'], `${HOSTILE}:key\n`],
    [['raw', 'get hostile'], `first ${HOSTILE}\nsecond`],
    [['inspect', 'hostile', '--preview'], `first ${HOSTILE} second`],
  ])('%s', async (args, text) => {
    const { stdout } = await memts(args, { servers: server.address });
    expect(stdout).toContain(text);
  });
});

describe.concurrent('files', { timeout: PATIENCE }, () => {
  it('a load reads no state that is not one', async () => {
    const file = join(folder, 'hostile.jsonl');
    writeFileSync(file, '{"key":"from:file","value":"x"}\n');
    const { size, mtimeMs: modified } = lstatSync(file);
    const state = { servers: [server.address], size, modified, offset: 0, lines: HOSTILE };
    writeFileSync(`${file}.progress`, JSON.stringify(state));
    const loaded = await memts(['load', file], { servers: server.address });
    expect(loaded).toMatchObject({ code: 0, stderr: 'memts: loaded 1 item\n' });
  });

  it.each(['', '.tmp'])('a load writes through no link: .progress%s', async (end) => {
    const file = join(folder, `loaded${end}.jsonl`);
    const target = join(folder, `loaded-target${end}`);
    writeFileSync(file, '{"key":"from:file","value":"x"}\n');
    writeFileSync(target, 'precious');
    symlinkSync(target, `${file}.progress${end}`);
    expect((await memts(['load', file], { servers: server.address })).code).toBe(0);
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });

  it.each(['', '.keys', '.keys.tmp', '.json', '.json.tmp', '.lock'])(
    'a dump writes through no link: .partial%s',
    async (end) => {
      const file = join(folder, `linked${end}.jsonl`);
      const target = join(folder, `target${end}`);
      writeFileSync(target, 'precious');
      symlinkSync(target, `${file}.partial${end}`);
      const dumped = await memts(['dump', file], { servers: server.address });
      expect(readFileSync(target, 'utf8')).toBe('precious');
      expect(dumped.code).toBe(0);
      expect(jsonLines(readFileSync(file, 'utf8'))).not.toEqual([]);
    },
  );

  /** A dump that was interrupted when its keys had been listed. */
  function interrupted(name: string, keys: string[], runs: unknown[]): string {
    const file = join(folder, name);
    writeFileSync(`${file}.partial`, '');
    writeFileSync(`${file}.partial.keys`, keys.map((key) => `0 ${key} - 60\n`).join(''));
    const state = { servers: [server.address], total: keys.length, next: 0, size: 0, keys: 0, items: 0, runs };
    writeFileSync(`${file}.partial.json`, JSON.stringify(state));
    return file;
  }

  it('a dump tells what was listed and had gone when it was read', async () => {
    const file = interrupted('gone.jsonl', ['hostile', 'gone:1', 'gone:2'], [null]);
    const { code, stderr } = await memts(['dump', file], { servers: server.address });
    expect([code, stderr.split('\n')[1]]).toEqual([
      0,
      expect.stringMatching(/^memts: dumped 1 item, \d+ B; 2 keys of the list were gone when read$/),
    ]);
    const again = interrupted('gone.jsonl', ['hostile', 'gone:1'], [null]);
    const json = await memts(['dump', again, '--json'], { servers: server.address });
    expect(jsonLines(json.stdout)).toMatchObject([{ items: 1, gone: 1, restarted: [] }]);
  });

  it('a dump does not go on where its server was started again', async () => {
    const file = interrupted('restarted.jsonl', ['hostile'], [{ pid: 1, since: 1_000_000_000 }]);
    expect(await memts(['dump', file], { servers: server.address })).toMatchObject({
      code: 3,
      stderr: `memts: ${server.address} was started again, so what was listed is gone; --restart begins again\n`,
    });
    expect(await memts(['dump', file, '--restart'], { servers: server.address })).toMatchObject({ code: 0 });
  });

  it('a dump tells of a server that was started again while it was made', async () => {
    let looks = 0;
    await using relay = await startRelay(server, {
      toClient: (text) => text.replace(/^STAT pid \d+/m, () => `STAT pid ${looks++ < 1 ? 1 : 2}`),
    });
    const file = join(folder, 'meanwhile.jsonl');
    const { code, stderr } = await memts(['dump', file], { servers: relay.address });
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining(`${relay.address} was started again meanwhile: what it held is not in the dump\n`),
    ]);
  });

  it('a second dump to the same file is refused while the first goes on', async () => {
    await using hung = await startRelay(server, {
      toClient: (text) => (/^key=/m.test(text) ? '' : text),
    });
    const file = join(folder, 'twice.jsonl');
    const first = memts(['dump', file, '--timeout', '11'], {
      servers: hung.address,
      meanwhile: async (child) => {
        await expect.poll(() => readFileSync(`${file}.partial.lock`, 'utf8'), { timeout: 10_000 }).toMatch(/^\d+$/);
        const second = await memts(['dump', file], { servers: server.address });
        expect(second).toMatchObject({ code: 2, stderr: expect.stringMatching(/process \d+ is at it: a dump to/) });
        child.kill('SIGKILL');
      },
    });
    expect(await first).toMatchObject({ code: 'SIGKILL' });
    // Who has died holds nothing.
    expect(await memts(['dump', file], { servers: server.address })).toMatchObject({ code: 0 });
  });

  it('flags of -1 are refused, and of many bad lines the first are reported, and how many more there were', async () => {
    const file = join(folder, 'bad.jsonl');
    writeFileSync(file, '{"key":"k","value":"x","flags":-1}\n'.repeat(500));
    const loaded = await memts(['load', file], { servers: server.address });
    const lines = loaded.stderr.trim().split('\n');
    expect([loaded.code, lines.length]).toEqual([1, 22]);
    expect(lines[0]).toBe('memts: line 1: flags: expected a whole number');
    expect(lines.slice(-2)).toEqual(['memts: 480 lines more could not be stored', 'memts: loaded 0 items, 500 failed']);
  });
});

describe.concurrent('servers that are no help', { timeout: PATIENCE }, () => {
  it.each([['get', 'k'], ['set', 'k', 'v'], ['keys'], ['stats'], ['ping'], ['dump', '-']])(
    '--timeout is what a hung server may take: %s',
    async (...args) => {
      let asked = 0;
      await using hung = await startRogueServer(() => {
        asked ||= performance.now();
      });
      const { code, stderr } = await memts([...args, '--timeout', '0.5'], { servers: hung.address });
      expect(code).toBe(3);
      expect(stderr).not.toMatch(/TLS|SASL|MemJS/);
      // Not with the time that the program takes to start, beside others.
      expect(performance.now() - asked).toBeLessThan(2500);
    },
  );

  it.each([
    ['a response: 1 s', ['--protocol', 'auto', 'get', 'k'], /^/, 1000],
    ['a list of keys: 10 s', ['--timeout', '0.5', 'keys'], /^key=/m, 10_000],
    ['a list of keys for a dump: 10 s', ['--timeout', '0.5', 'dump', '-'], /^key=/m, 10_000],
    ['a batch of a dump: 10 s', ['--timeout', '0.5', '--protocol', 'meta', 'dump', '-'], /^VA /m, 10_000],
  ] as const)('the documented time for %s', async (_what, args, silentAt, time) => {
    let since = 0;
    let silent = false;
    await using hung = await startRelay(server, {
      toClient: (text) => {
        silent ||= silentAt.test(text);
        if (silent) since ||= performance.now();
        return silent ? '' : text;
      },
    });
    const { code } = await memts(args, { servers: hung.address });
    const taken = performance.now() - since;
    expect(code).toBe(3);
    expect(taken).toBeGreaterThan(time * 0.8);
    expect(taken).toBeLessThan(time * 3.5 + 1500);
  });

  it('get --json has a line for each key, ping a row for each server', async () => {
    const servers = `${server.address},127.0.0.1:1`;
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    const { stdout, code } = await memts(['get', ...keys, '--json'], { servers });
    const lines = jsonLines(stdout) as { key: string; error?: string }[];
    expect([code, lines.length]).toEqual([3, 20]);
    expect(new Set(lines.map(({ error }) => error?.includes('ECONNREFUSED') ?? 'miss'))).toEqual(
      new Set([true, 'miss']),
    );
    const all = await memts(['get', 'a', 'b', '--json'], { servers: '127.0.0.1:1' });
    expect(jsonLines(all.stdout)).toHaveLength(2);
    const ping = await memts(['ping'], { servers });
    expect(ping.stdout).toMatch(/^127\.0\.0\.1:1 +down +– +–$/m);
  });
});
