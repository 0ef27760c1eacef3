import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { Opcode } from '../../../src/memory-server/wire/binary.ts';
import { frame, transcript } from '../../support/binary-frames.ts';
import { certificates } from '../../support/certificates.ts';
import { makeFolder } from '../../support/leftovers.ts';
import { RawClient } from '../../support/raw-client.ts';
import { eventually, sleep } from '../../support/wait.ts';

const open = (server: MemoryServer) => RawClient.connect({ host: server.host, port: server.port });

test('it listens on loopback, at a free port, and says where', async () => {
  await using server = await MemoryServer.start();
  expect(server.host).toBe('127.0.0.1');
  expect(server.address).toBe(`127.0.0.1:${server.port}`);
  using client = await open(server);
  client.send('version\r\n');
  expect(await client.receiveLine()).toBe('VERSION 1.6.45');
});

test('a port that is taken rejects', async () => {
  await using first = await MemoryServer.start();
  await expect(MemoryServer.start({ port: first.port })).rejects.toThrow('EADDRINUSE');
});

test('invalid options are refused', async () => {
  const wrong = [
    null,
    { clock: 5 },
    { random: 0.5 },
    { protocol: 'meta' },
    { users: 'alice:secret' },
    { users: ['alice'] },
    { users: { alice: undefined } },
    { tls: true },
  ];
  for (const options of wrong as never[]) {
    await expect(MemoryServer.start(options), JSON.stringify(options)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
  }
});

test('sizes that make no sense are refused', async () => {
  await expect(MemoryServer.start({ memoryLimit: 10 })).rejects.toThrow('memoryLimit');
  await expect(MemoryServer.start({ maxItemSize: Number.NaN })).rejects.toThrow('maxItemSize');
});

test('stop drops connections, frees the port, may be called again', async () => {
  const server = await MemoryServer.start();
  using client = await open(server);
  client.send('mn\r\n');
  await client.receiveLine();
  await server.stop();
  await client.untilClosed();
  await server.stop();
  await using next = await MemoryServer.start({ port: server.port });
  expect(next.port).toBe(server.port);
});

test('stop while the port is closed by a fault, which is removed afterwards', async () => {
  const server = await MemoryServer.start();
  const fault = server.faults.add({ kind: 'refuse' });
  await server.stop();
  await fault.remove();
  await expect(open(server)).rejects.toThrow('ECONNREFUSED');
});

test('a unix socket', async () => {
  const path = join(makeFolder(), 'memory.sock');
  const server = await MemoryServer.start({ path });
  expect(server.address).toBe(path);
  {
    using client = await RawClient.connect({ path });
    client.send('mn\r\n');
    expect(await client.receiveLine()).toBe('MN');
  }
  await server.stop();
  expect(existsSync(path)).toBe(false);
});

test('TLS', async () => {
  const { ca, server: certificate } = await certificates();
  await using server = await MemoryServer.start({ tls: { key: certificate.keyPem, cert: certificate.certPem } });
  expect(server.address).toBe(`memcacheds://127.0.0.1:${server.port}`);
  using client = await RawClient.connectTls({ host: server.host, port: server.port, ca: ca.certPem });
  client.send('set a 0 0 1\r\nx\r\n');
  expect(await client.receiveLine()).toBe('STORED');
  // Someone who does not speak TLS is turned away, and nobody else notices.
  using plain = await open(server);
  plain.send('version\r\n\r\n\r\n');
  await plain.untilClosed();
  client.send('mn\r\n');
  expect(await client.receiveLine()).toBe('MN');
});

describe('users', () => {
  test.each([{ users: { alice: 'sec:ret' } }, { users: [{ username: 'alice', password: 'sec:ret' }] }])(
    'log in by SASL and by text: %j',
    async (options) => {
      await using server = await MemoryServer.start(options);
      using binary = await open(server);
      binary.send(frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0alice\0sec:ret' }));
      expect(transcript(await binary.receive(24 + 13))).toEqual(['21 status=00 value=Authenticated opaque=7']);
      using text = await open(server);
      text.send('get a\r\n');
      expect(await text.receiveLine()).toBe('CLIENT_ERROR unauthenticated');
      text.send('set a 0 0 13\r\nalice sec:ret\r\n');
      expect(await text.receiveLine()).toBe('STORED');
      text.send('mn\r\n');
      expect(await text.receiveLine()).toBe('MN');
    },
  );
});

test('time passes as the clock says', async () => {
  let now = Date.now();
  await using server = await MemoryServer.start({ clock: () => now });
  using client = await open(server);
  client.send('set a 0 100 1\r\nx\r\n');
  expect(await client.receiveLine()).toBe('STORED');
  now += 99_000;
  client.send('mg a t\r\n');
  expect(await client.receiveLine()).toMatch(/^HD t[12]$/);
  now += 2_000;
  client.send('mg a t\r\n');
  expect(await client.receiveLine()).toBe('EN');
});

test('clear forgets the items', async () => {
  await using server = await MemoryServer.start();
  using client = await open(server);
  client.send('set a 0 0 1\r\nx\r\n');
  await client.receiveLine();
  server.clear();
  client.send('mg a\r\n');
  expect(await client.receiveLine()).toBe('EN');
  expect(server.stats()).toMatchObject({ curr_items: '0', bytes: '0', version: '1.6.45' });
});

describe('a client that does not read', () => {
  test.each([
    ['many gets', (count: number) => 'get big\r\n'.repeat(count)],
    ['one get of many keys', (count: number) => `get${' big'.repeat(count)}\r\n`],
  ])('makes the server stop reading: %s', async (_name, gets) => {
    await using server = await MemoryServer.start();
    using client = await open(server);
    const size = 900_000;
    client.send(`set big 0 0 ${size}\r\n${'x'.repeat(size)}\r\n`);
    await client.receiveLine();
    client.socket.pause();
    const before = process.memoryUsage().rss;
    const count = 400;
    client.send(gets(count));
    await sleep(300);
    // 400 replies are 360 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    const hits = Number(server.stats().get_hits);
    expect(hits).toBeLessThan(count / 2);
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk) => {
      received += chunk.length;
    });
    client.socket.resume();
    const overhead = gets(2).startsWith('get big big') ? 5 : count * 5;
    const expected = count * (`VALUE big 0 ${size}\r\n`.length + size + 2) + overhead;
    await eventually(() => received === expected, { timeout: 10_000 });
  });
});

test('an endless line is given up, and so is an endless get', async () => {
  await using server = await MemoryServer.start();
  using line = await open(server);
  line.send('x'.repeat(3_000));
  await line.untilClosed();
  using get = await open(server);
  for (let sent = 0; sent < 8_000_000 && !get.closed; sent += 100_000) {
    get.send(sent === 0 ? `get ${'k '.repeat(50_000)}` : 'k '.repeat(50_000));
    await sleep(1);
  }
  await get.untilClosed();
});

test('every split of a conversation gives the same answers', async () => {
  await using server = await MemoryServer.start();
  const conversation = 'set a 0 0 5\r\nhe\r\nl\r\nms b 2 T0\r\nxy\r\nmg b v\r\nget a b\r\nms c 1 S\r\nz\r\nmn\r\n';
  const answer =
    'STORED\r\nHD\r\nVA 2\r\nxy\r\nVALUE a 0 5\r\nhe\r\nl\r\nVALUE b 0 2\r\nxy\r\nEND\r\nCLIENT_ERROR invalid flag\r\nMN\r\n';
  using client = await open(server);
  client.socket.setNoDelay(true);
  for (let at = 1; at < conversation.length; at++) {
    client.send(conversation.slice(0, at));
    await sleep(1);
    client.send(conversation.slice(at));
    expect((await client.receive(answer.length)).toString()).toBe(answer);
  }
});
