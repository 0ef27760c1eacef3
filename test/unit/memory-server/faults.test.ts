import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { Opcode } from '../../../src/memory-server/wire/binary.ts';
import { frame } from '../../support/binary-frames.ts';
import { RawClient } from '../../support/raw-client.ts';
import { eventually, sleep } from '../../support/wait.ts';

let server: MemoryServer;
beforeEach(async () => {
  server = await MemoryServer.start({ random: () => 0.5 });
});
afterEach(() => server.stop());

const open = () => RawClient.connect({ host: server.host, port: server.port });

/** What became of an attempt to connect. */
function tryConnect(): Promise<'connected' | string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.host);
    socket.on('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}

/** The error that a connection ends with which is accepted and not wanted. */
function reset(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.host);
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.on('close', () => resolve(undefined));
  });
}

describe('faults of replies', () => {
  test('latency delays each reply and keeps their order', async () => {
    using client = await open();
    const fault = server.faults.add({ kind: 'latency', ms: 300 });
    const sent = performance.now();
    client.send('version\r\nmn\r\n');
    expect(await client.receiveLine()).toBe('VERSION 1.6.45');
    expect(performance.now() - sent).toBeGreaterThanOrEqual(295);
    expect(await client.receiveLine()).toBe('MN');
    expect(fault.strikes).toBe(2);
    await fault.remove();
    const again = performance.now();
    client.send('mn\r\n');
    await client.receiveLine();
    expect(performance.now() - again).toBeLessThan(290);
  });

  test('jitter moves the latency both ways, without changing the order', async () => {
    using client = await open();
    const numbers = [1, 0, 0.5];
    const jittery = await MemoryServer.start({ random: () => numbers.shift() ?? 0.5 });
    await using _ = jittery;
    jittery.faults.add({ kind: 'latency', ms: 50, jitter: 50 });
    using other = await RawClient.connect({ host: jittery.host, port: jittery.port });
    const sent = performance.now();
    other.send('mg a O1\r\nmg a O2\r\n');
    expect(await other.receiveLine()).toBe('EN O1');
    expect(performance.now() - sent).toBeGreaterThanOrEqual(95);
    expect(await other.receiveLine()).toBe('EN O2');
    expect(client.received).toHaveLength(0);
  });

  test('silence holds replies back until it is removed; the commands are carried out', async () => {
    using silenced = await open();
    const fault = server.faults.add({ kind: 'silence' });
    silenced.send('set a 0 0 1\r\nx\r\nget a\r\n');
    await sleep(40);
    expect(silenced.received).toHaveLength(0);
    expect(server.stats().curr_items).toBe('1');
    await fault.remove();
    expect(await silenced.receiveLine()).toBe('STORED');
    expect(await silenced.receiveLine()).toBe('VALUE a 0 1');
  });

  test('a lost reply leaves the others', async () => {
    using client = await open();
    server.faults.add({ kind: 'lose', times: 1 });
    client.send('mg a O1\r\nmg a O2\r\n');
    expect(await client.receiveLine()).toBe('EN O2');
  });

  test('replies in pieces come in several chunks', async () => {
    using client = await open();
    server.faults.add({ kind: 'pieces', bytes: 4, ms: 60 });
    const chunks: string[] = [];
    client.socket.on('data', (chunk) => chunks.push(chunk.toString()));
    client.send('version\r\n');
    expect(await client.receiveLine()).toBe('VERSION 1.6.45');
    // Where the process was busy meanwhile, two pieces may have come together.
    expect(chunks.length).toBeGreaterThan(1);
    for (const { length } of chunks) expect(length % 4).toBe(0);
  });

  test('half a reply, then a drop', async () => {
    using client = await open();
    server.faults.add({ kind: 'halfReply', times: 1 });
    client.send('version\r\n');
    await client.untilClosed();
    expect(client.received.toString()).toBe('VERSION ');
    using next = await open();
    next.send('version\r\n');
    expect(await next.receiveLine()).toBe('VERSION 1.6.45');
  });

  test('a drop instead of a reply, after the command was carried out', async () => {
    using client = await open();
    server.faults.add({ kind: 'drop', times: 1 });
    client.send('set a 0 0 1\r\nx\r\n');
    await client.untilClosed();
    expect(client.received).toHaveLength(0);
    expect(server.stats().curr_items).toBe('1');
  });

  test('garbage instead of a reply', async () => {
    using client = await open();
    server.faults.add({ kind: 'garbage', bytes: 'what?\r\n', times: 1 });
    client.send('version\r\nmn\r\n');
    expect(await client.receiveLine()).toBe('what?');
    expect(await client.receiveLine()).toBe('MN');
    server.faults.add({ kind: 'garbage', times: 1 });
    client.send('version\r\n');
    expect((await client.receive(66)).toString('latin1')).not.toContain('VERSION');
  });

  test.each([
    ['version\r\n', 'STORED\r\nVERSION 1.6.45\r\n'],
    ['mn\r\n', 'HD\r\nMN\r\n'],
  ])('an unsolicited reply before the one to %j', async (send, reply) => {
    using client = await open();
    server.faults.add({ kind: 'unsolicited', times: 1 });
    client.send(send);
    expect((await client.receive(reply.length)).toString()).toBe(reply);
  });

  test('an unsolicited binary response', async () => {
    using client = await open();
    server.faults.add({ kind: 'unsolicited', times: 1 });
    client.send(frame(Opcode.Noop, { opaque: 5 }));
    const both = await client.receive(48);
    expect(both.readUInt32BE(12)).toBe(0xffff_ffff);
    expect(both.readUInt32BE(24 + 12)).toBe(5);
  });

  test('a wrong opaque', async () => {
    using binary = await open();
    using meta = await open();
    server.faults.add({ kind: 'wrongOpaque', times: 2 });
    binary.send(frame(Opcode.Noop, { opaque: 5 }));
    expect((await binary.receive(24)).readUInt32BE(12)).not.toBe(5);
    meta.send('mg a O10 k\r\n');
    expect(await meta.receiveLine()).toBe('EN O11 ka');
  });

  test('bytes pushed to all connections', async () => {
    using client = await open();
    client.send('mn\r\n');
    await client.receiveLine();
    server.faults.push('HD\r\n');
    expect(await client.receiveLine()).toBe('HD');
  });
});

describe('faults of accepting', () => {
  test('refuse closes the port, and removing it opens the same one again', async () => {
    const fault = server.faults.add({ kind: 'refuse' });
    expect(await tryConnect()).toBe('ECONNREFUSED');
    const { port } = server;
    await fault.remove();
    expect(server.port).toBe(port);
    expect(await tryConnect()).toBe('connected');
  });

  test('refuse, for the next connections only', async () => {
    server.faults.add({ kind: 'refuse', times: 2 });
    for (let i = 0; i < 2; i++) expect(await reset()).toBe('ECONNRESET');
    using client = await open();
    client.send('mn\r\n');
    expect(await client.receiveLine()).toBe('MN');
  });

  test('mute accepts and says nothing, also after it was removed', async () => {
    const fault = server.faults.add({ kind: 'mute' });
    using client = await open();
    client.send('mn\r\n');
    await sleep(30);
    expect(client.received).toHaveLength(0);
    expect(client.closed).toBe(false);
    await fault.remove();
    using other = await open();
    other.send('mn\r\n');
    expect(await other.receiveLine()).toBe('MN');
    expect(client.received).toHaveLength(0);
  });

  test('too many open connections, in text', async () => {
    server.faults.add({ kind: 'tooManyConnections', times: 1 });
    using client = await open();
    await client.untilClosed();
    expect(client.received.toString()).toBe('ERROR Too many open connections\r\n');
  });

  test('disconnect drops what is open', async () => {
    using client = await open();
    await eventually(() => server.connections === 1);
    server.faults.disconnect();
    await client.untilClosed();
  });
});

describe('scope', () => {
  test('a share of the commands', async () => {
    const numbers = [0.1, 0.9, 0.1, 0.9];
    await using dicey = await MemoryServer.start({ random: () => numbers.shift() ?? 0.9 });
    using client = await RawClient.connect({ host: dicey.host, port: dicey.port });
    const fault = dicey.faults.add({ kind: 'lose', share: 0.5 });
    client.send('mg a O1\r\nmg a O2\r\nmg a O3\r\nmg a O4\r\n');
    expect(await client.receiveLine()).toBe('EN O2');
    expect(await client.receiveLine()).toBe('EN O4');
    expect(fault.strikes).toBe(2);
  });

  test('the next connections only', async () => {
    using before = await open();
    before.send('mn\r\n');
    await before.receiveLine();
    server.faults.add({ kind: 'garbage', bytes: 'no\r\n', connections: 1 });
    using struck = await open();
    struck.send('mn\r\nmn\r\n');
    expect(await struck.receiveLine()).toBe('no');
    expect(await struck.receiveLine()).toBe('no');
    using after = await open();
    for (const client of [before, after]) {
      client.send('mn\r\n');
      expect(await client.receiveLine()).toBe('MN');
    }
  });

  test('clear switches all of them off, and active tells which are on', async () => {
    const slow = server.faults.add({ kind: 'latency', ms: 5_000 });
    server.faults.add({ kind: 'refuse' });
    expect(server.faults.active.map(({ fault }) => fault.kind)).toEqual(['latency', 'refuse']);
    await server.faults.clear();
    expect(server.faults.active).toEqual([]);
    expect(slow.active).toBe(false);
    using client = await open();
    client.send('mn\r\n');
    expect(await client.receiveLine()).toBe('MN');
  });

  test('a server that is stopped while its port is being opened again leaves none open', async () => {
    const refusing = server.faults.add({ kind: 'refuse' });
    expect(await tryConnect()).toBe('ECONNREFUSED');
    const removed = refusing.remove();
    await server.stop();
    await removed;
    expect(await tryConnect()).toBe('ECONNREFUSED');
  });

  test('invalid faults are refused', () => {
    expect(() => server.faults.add({ kind: 'latency', ms: -1 })).toThrow('must not be negative');
    expect(() => server.faults.add({ kind: 'lose', share: 2 })).toThrow('share');
    expect(() => server.faults.add({ kind: 'lose', times: 0 })).toThrow('times');
    expect(() => server.faults.add({ kind: 'pieces', bytes: 0 })).toThrow('bytes');
    for (const fault of [{ kind: 'slow' }, { kind: 'toString' }, {}, null, 'drop'] as never[]) {
      expect(() => server.faults.add(fault)).toThrow('kind must be one of latency');
    }
    expect(server.faults.active).toEqual([]);
  });
});
