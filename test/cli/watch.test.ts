import { describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { startRogueServer } from '../support/rogue-server.ts';
import { sleep } from '../support/wait.ts';
import { followed, logRead } from './support/hot-run.ts';
import { jsonLines, memts, PATIENCE } from './support/memts.ts';

describe('watch', { timeout: PATIENCE }, () => {
  it('follows the logs of all servers, and filters', async () => {
    await using first = await startMemcached();
    await using second = await startMemcached();
    await using client = Client.create(`${first.address},${second.address}`, { timeout: 20 });
    const watched = await memts(['watch', '--match', 'key=seen:', '--json'], {
      servers: `${first.address},${second.address},127.0.0.1:1`,
      meanwhile: async (child) => {
        await Promise.all([first, second].map(({ address }) => followed(client, address)));
        for (let index = 0; index < 20; index++) await client.get(`seen:${index}`);
        for (let index = 0; index < 20; index++) await client.get(`other:${index}`);
        await logRead(client, first, second);
        child.kill('SIGINT');
      },
    });
    const [away, ...lines] = jsonLines(watched.stdout) as { server: string; line: string }[];
    expect(away).toEqual({ server: '127.0.0.1:1', error: expect.stringContaining('ECONNREFUSED') });
    expect(lines).toHaveLength(20);
    expect(new Set(lines.map(({ server }) => server))).toEqual(new Set([first.address, second.address]));
    expect(lines.every(({ line }) => / type=item_get key=seen/.test(line))).toBe(true);
    expect([watched.code, watched.stderr]).toEqual([130, expect.stringMatching(/^memts: .*ECONNREFUSED/)]);
  });

  it('ends with its reader, also where the other servers have nothing to say', async () => {
    await using first = await startMemcached();
    await using second = await startMemcached();
    await using client = Client.create(first.address, { timeout: 20 });
    const watched = await memts(['watch'], {
      servers: `${first.address},${second.address}`,
      meanwhile: async (child) => {
        const timer = setInterval(() => client.get('seen').catch(() => {}), 50);
        await new Promise((resolve) => child.stdout?.once('data', resolve));
        child.stdout?.destroy();
        await new Promise((resolve) => child.once('exit', resolve));
        clearInterval(timer);
      },
    });
    expect(watched).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends where it is interrupted while the connection is made', async () => {
    let asked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await using server = await startRogueServer((socket) => {
      socket.on('data', async (chunk) => {
        if (String(chunk).startsWith('watch')) socket.write('OK\r\n');
        if (!String(chunk).startsWith('version')) return;
        asked();
        await sleep(400);
        socket.write('VERSION 1.6.45\r\n');
      });
    });
    const watched = await memts(['watch'], {
      servers: server.address,
      meanwhile: async (child) => {
        await isAsked;
        child.kill('SIGINT');
      },
    });
    expect(watched).toMatchObject({ code: 130, stdout: '' });
  });
});
