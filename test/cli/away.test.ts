import { beforeAll, describe, expect, it } from 'vitest';
import { startMemcached } from '../support/memcached.ts';
import { startRogueServer } from '../support/rogue-server.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';
import { Terminal, TMUX } from './support/terminal.ts';

beforeAll(() => program());

/** Nothing listens there. */
const AWAY = '127.0.0.1:1';

describe.concurrent('a server that is away has a line of JSON', { timeout: PATIENCE }, () => {
  it.each([
    [['get', 'k'], { key: 'k' }],
    [['set', 'k', 'v'], { key: 'k' }],
    [['append', 'k', 'v'], { key: 'k' }],
    [['incr', 'k'], { key: 'k' }],
    [['touch', 'k', '5'], { key: 'k' }],
    [['delete', 'k'], { key: 'k' }],
    [['inspect', 'k'], { key: 'k' }],
    [['keys'], { server: AWAY }],
    [['stats'], { server: AWAY }],
    [['stats', '--diff', '0.1'], { server: AWAY }],
    [['ping'], { server: AWAY }],
    [['ping', '--count', '2'], { server: AWAY }],
    [['version'], { server: AWAY }],
    [['raw', 'mn'], { server: AWAY }],
    [['flush', '--yes'], { server: AWAY }],
    [['top', '--interval', '0.1', '--count', '1'], { server: AWAY }],
    [['hot', '--seconds', '1'], { server: AWAY }],
    [['watch'], { server: AWAY }],
  ])('%s', async (args, fields) => {
    const { code, stdout, stderr } = await memts([...args, '--json'], { servers: AWAY });
    expect(code).toBe(3);
    expect(stderr).toMatch(/ECONNREFUSED/);
    expect(jsonLines(stdout)).toContainEqual(
      expect.objectContaining({ ...fields, error: expect.stringMatching(/ECONNREFUSED/) }),
    );
  });

  it('beside the lines of the others', async () => {
    await using server = await startMemcached();
    const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);
    const { code, stdout } = await memts(['delete', ...keys, '--json'], { servers: `${server.address},${AWAY}` });
    const lines = jsonLines(stdout) as { key: string; deleted?: boolean; error?: string }[];
    expect([code, lines.map(({ key }) => key)]).toEqual([3, keys]);
    expect(new Set(lines.map(({ deleted }) => deleted))).toEqual(new Set([false, undefined]));
  });
});

describe.concurrent('Ctrl-C', { timeout: PATIENCE }, () => {
  it.each([
    [['get', 'k']],
    [['keys']],
    [['dump', '-']],
    [['load', '-']],
    [['bench', '--keys', '10']],
    [['ping', '--count', '3']],
    [['stats', '--diff', '60']],
    [['top', '--count', '3']],
    [['watch']],
    [['raw', 'mn']],
  ])('ends %s with 130, also where the server is silent', async (args) => {
    let asked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await using silent = await startRogueServer(() => asked());
    const ended = await memts(args, {
      servers: silent.address,
      input: '{"key":"k","value":"v","flags":0,"ttl":null,"expires":null}\n',
      meanwhile: async (child) => {
        await isAsked;
        // The second one ends what waits for the server.
        const timer = setInterval(() => child.kill('SIGINT'), 500);
        await new Promise((resolve) => child.once('exit', resolve));
        clearInterval(timer);
      },
    });
    // What has nothing to leave tidily is ended by the signal itself, which a shell calls 130.
    expect([130, 'SIGINT']).toContain(ended.code);
  });

  it('ends with 130, too, what fails before it can end', async () => {
    let asked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await using silent = await startRogueServer(() => asked());
    const ended = await memts(['dump', '-', '--timeout', '1'], {
      servers: silent.address,
      meanwhile: async (child) => {
        await isAsked;
        child.kill('SIGINT');
      },
    });
    expect(ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/no response|timed out/) });
  });

  it.skipIf(!TMUX)('is heard of at once where the server is silent', async () => {
    await using silent = await startRogueServer(() => {});
    using terminal = await Terminal.start(['dump', '-'], silent.address);
    await expect.poll(() => silent.connections, { timeout: PATIENCE }).toBeGreaterThan(0);
    terminal.type('C-c');
    await terminal.see('memts: interrupted; once more ends it at once');
    terminal.type('C-c');
    await terminal.see('ended with 130');
  });
});
