import net from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { Turn } from '../../../src/connection/output-buffer.ts';
import { Client } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';

/** In which order the turns end, and an immediate that was asked for after them. */
async function order(...turns: [name: string, turn: Turn][]): Promise<string[]> {
  ended.length = 0;
  for (const [, turn] of turns) turn.begin();
  process.nextTick(() => ended.push('tick'));
  await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  return [...ended];
}

const ended: string[] = [];

/** A turn whose first is over. */
async function started(name: string, inRecords = false): Promise<Turn> {
  const turn = new Turn(() => ended.push(name), inRecords);
  await order([name, turn]);
  return turn;
}

describe('a turn', () => {
  it('ends as soon as the calling code has returned, for a connection that works alone', async () => {
    const alone = await started('alone');
    expect(await order(['alone', alone])).toEqual(['alone', 'tick']);
    expect(await order(['alone', alone])).toEqual(['alone', 'tick']);
  });

  it('ends after all input has been read where several connections work', async () => {
    const a = await started('a');
    const b = await started('b');
    expect(await order(['a', a], ['b', b])).toEqual(['tick', 'a', 'b']);
    expect(await order(['b', b])).toEqual(['b', 'tick']);
  });

  it('ends after all input has been read where that comes in records', async () => {
    const tls = await started('tls', true);
    expect(await order(['tls', tls])).toEqual(['tick', 'tls']);
  });

  it('ends at once the first time, whoever else works', async () => {
    await started('other');
    const turn = new Turn(() => ended.push('new'), true);
    expect(await order(['new', turn])).toEqual(['new', 'tick']);
  });
});

describe('commands for several servers', () => {
  it('leave in one write to each, though the responses came one by one', async () => {
    const servers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => MemoryServer.start()));
    const ports = servers.map(({ port }) => port);
    const client = Client.create(servers.map(({ address }) => address));
    const write = vi.spyOn(net.Socket.prototype, 'write');
    try {
      await client.connect();
      write.mockClear();
      // Those that come next begin when the responses of one server are in, and are for all servers.
      const both = async (i: number) => [await client.get(`first:${i}`), await client.get(`next:${i}`)];
      await Promise.all(Array.from({ length: 300 }, (_, i) => both(i)));
      const written = write.mock.contexts.filter((socket) => ports.includes((socket as net.Socket).remotePort ?? 0));
      expect(written.length).toBeGreaterThanOrEqual(12);
      expect(written.length).toBeLessThanOrEqual(14);
    } finally {
      write.mockRestore();
      await client.quit();
      await Promise.all(servers.map((server) => server.stop()));
    }
  });
});
