import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { eventually } from '../support/wait.ts';
import { environment, memts, PATIENCE, program } from './support/memts.ts';

let server: Memcached;
let client: Client;

beforeAll(async () => {
  [server] = await Promise.all([startMemcached(), program()]);
  client = Client.create(server.address, { timeout: 20 });
  await Promise.all(Array.from({ length: 5000 }, (_, index) => client.set(`item:${index}`, 'x'.repeat(200))));
});
afterAll(async () => {
  client.close();
  await server.stop();
});

describe('in pipes', { timeout: PATIENCE }, () => {
  it('keys end with NUL where an option says so, as bytes', async () => {
    await using other = await startMemcached();
    await using filled = Client.create(other.address, { timeout: 20 });
    await filled.set(Buffer.from('a "b\n\xff', 'latin1'), 'x');
    const { bytes } = await memts(['keys', '--null'], { servers: other.address });
    expect(bytes.toString('latin1')).toBe('a "b\n\xff\0');
  });

  it('a dump whose reader has seen enough removes its list', async () => {
    const TMPDIR = makeFolder();
    const enough = await memts(['dump', '-'], {
      servers: server.address,
      env: { TMPDIR },
      meanwhile: async ({ stdout }) => {
        if (stdout) await once(stdout, 'data');
        stdout?.destroy();
      },
    });
    expect(enough).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  it('a bench whose reader has gone deletes its keys', async () => {
    const gone = await memts(['bench', '--keys', '50', '--duration', '0.2'], {
      servers: server.address,
      meanwhile: ({ stdout }) => stdout?.destroy(),
    });
    expect(gone).toMatchObject({ code: 0, stderr: '' });
    const left = await memts(['keys', '--prefix', 'memts-bench:', '--count'], { servers: server.address });
    expect(left.stdout).toBe('0\n');
  });

  it('a bench can be interrupted while it stores its keys', async () => {
    await using other = await startMemcached({ args: ['-m', '512'] });
    await using watching = Client.create(other.address, { timeout: 20 });
    const interrupted = await memts(['bench', '--keys', '1000000', '--size', '10'], {
      servers: other.address,
      meanwhile: async (child) => {
        await eventually(async () => Number((await watching.stats())[other.address]?.curr_items) > 5000, {
          timeout: PATIENCE,
        });
        child.kill('SIGINT');
      },
    });
    expect(interrupted).toMatchObject({ code: 130, stdout: '' });
    expect(interrupted.stderr).toBe('memts: interrupted while storing the keys; nothing was measured\n');
    expect((await watching.stats())[other.address]?.curr_items).toBe('0');
  });

  it('a second signal ends what waits for a server', async () => {
    await using other = await startMemcached();
    other.pause();
    const ended = await memts(['load', '-'], {
      servers: other.address,
      input: '{"key":"key","value":"x"}',
      meanwhile: async (child) => {
        await eventually(() => child.exitCode === null);
        // The first ones say that it is to end in its own time; some come before it listens, or together.
        const timer = setInterval(() => child.kill('SIGINT'), 500);
        await once(child, 'exit');
        clearInterval(timer);
      },
    });
    expect([130, 'SIGINT']).toContain(ended.code);
  });

  it('top goes on with the other servers where one does not answer', async () => {
    await using other = await startMemcached();
    other.pause();
    const { code, stdout } = await memts(['top', '--interval', '0.1', '--count', '1', '--json'], {
      servers: `${server.address},${other.address}`,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/"items":5000.*\n.*"error":"(no response within 1 s|socket timed out)/);
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk is an error in one line', async () => {
    const file = await program();
    for (const command of ['keys', 'stats', 'ping', '--help']) {
      const full = spawnSync(process.execPath, [file, command], {
        env: environment({ servers: server.address }),
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
        encoding: 'utf8',
      });
      expect(full.status).toBe(2);
      expect(full.stderr).toMatch(/^memts: standard output: ENOSPC[^\n]*\n$/);
    }
  });
});
