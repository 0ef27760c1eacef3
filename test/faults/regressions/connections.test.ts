import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Header } from '../../../src/index.ts';
import { killAtExit } from '../../support/leftovers.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { freePort } from '../../support/ports.ts';
import { startProxy } from '../../support/proxy.ts';
import { RawClient } from '../../support/raw-client.ts';
import { halfReply, inTurn, silent, startRogueServer, tooManyConnections } from '../../support/rogue-server.ts';
import { failureWithin, resultWithin, SLACK, useClients } from '../clients.ts';

const CLOSING_PROGRAM = fileURLToPath(new URL('./closes-after-a-command.ts', import.meta.url));

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

/** Hands a connection through to memcached. */
function pass(socket: Socket): void {
  const upstream = connect(server.port, server.host);
  upstream.on('error', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
  socket.pipe(upstream).pipe(socket);
}

test('half a reply, then a drop, then a reconnect: the next response is right', async () => {
  const body = Buffer.from('\0\0\0\0wrong');
  const header = { magic: 0x81, opcode: 0, keyLength: 0, extrasLength: 4, totalBodyLength: body.length, opaque: 1 };
  const reply = Buffer.concat([Header.toBuffer(header), body]);
  for (const length of [1, 12, 24, 26, reply.length - 1]) {
    await using rogue = await startRogueServer(inTurn(halfReply(reply, length), pass));
    const client = clients.create(rogue.address, { timeout: 2, retries: 1 });
    expect(await failureWithin(client.get('half'), 0, SLACK)).toMatchObject({ code: 'ERR_CONNECT' });
    expect(await client.set('half', 'right')).toBe(true);
    expect((await client.get('half')).value?.toString()).toBe('right');
    expect(rogue.connections).toBe(2);
    const retried = clients.create(rogue.address, { timeout: 2 });
    expect((await retried.get('half')).value?.toString()).toBe('right');
  }
});

test('half a reply, then a drop: a read is sent again and gets its own answer', async () => {
  const header = { magic: 0x81, opcode: 0, keyLength: 0, extrasLength: 4, totalBodyLength: 9, opaque: 1 };
  await using rogue = await startRogueServer(inTurn(halfReply(Header.toBuffer(header)), pass));
  await clients.create(server.address).set('half', 'right');
  const client = clients.create(rogue.address, { timeout: 2, retry_delay: 0.01 });
  expect((await client.get('half')).value?.toString()).toBe('right');
});

test('the old socket closing late does no harm to the new one', async () => {
  await using rogue = await startRogueServer(inTurn(silent(), pass));
  const client = clients.create(rogue.address, { timeout: 0.1, retries: 1 });
  const short = failure(client.get('short'));
  const long = failure(client.get('long', { timeout: 10 }));
  expect(await short).toMatchObject({ code: 'ERR_TIMEOUT' });
  expect(await client.set('a', 'value', { timeout: 2 })).toBe(true);
  expect(rogue.connections).toBe(2);
  rogue.sockets[0]?.destroy();
  expect(await long).toMatchObject({ code: 'ERR_CONNECT' });
  expect((await client.get('a', { timeout: 2 })).value?.toString()).toBe('value');
  expect(client.servers[0]).toMatchObject({ connected: true });
  expect(rogue.connections).toBe(2);
});

test.each(['quit', 'close'] as const)('get right after %s() settles', async (how) => {
  const client = clients.create(server.address);
  await client.set('a', 'value');
  const ended = client[how]();
  expect((await resultWithin(client.get('a'), 200 + SLACK)).value?.toString()).toBe('value');
  await ended;
  const fresh = clients.create(server.address);
  const freshEnded = fresh[how]();
  expect((await fresh.get('a')).value?.toString()).toBe('value');
  await freshEnded;
});

test.each([
  ['close() after a failed connect', 'close', false],
  ['close() after a command', 'close', true],
  ['quit() after a command', 'quit', true],
] as const)('%s: the process exits at once', async (_what, how, up) => {
  const address = up ? server.address : `127.0.0.1:${await freePort()}`;
  const args = ['--import', 'tsx', CLOSING_PROGRAM, address, how];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  killAtExit(child);
  const exit = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(line).trim()).toBe(up ? 'resolved' : 'ERR_CONNECT');
  const [code] = await resultWithin(exit, 2 * SLACK);
  expect(code).toBe(0);
});

test('1,000 commands at once on one socket: all are answered', async () => {
  await using proxy = await startProxy(server.port);
  const client = clients.create(proxy.address, { timeout: 5 });
  const stored = await Promise.all(Array.from({ length: 1000 }, (_, index) => client.set(`many${index}`, `${index}`)));
  expect(stored.every(Boolean)).toBe(true);
  const found = await Promise.all(Array.from({ length: 1000 }, (_, index) => client.get(`many${index}`)));
  expect(found.map(({ value }) => value?.toString())).toEqual(Array.from({ length: 1000 }, (_, index) => `${index}`));
  expect(proxy.connections).toBe(1);
});

test.each(['fin', 'reset'] as const)('a peer that drops an idle socket (%s) is not seen by the user', async (how) => {
  await using proxy = await startProxy(server.port);
  const client = clients.create(proxy.address, { retries: 1 });
  await client.set('idle', 'value');
  proxy.cut(how);
  await expect.poll(() => client.servers[0]).toMatchObject({ connected: false });
  expect((await client.get('idle')).value?.toString()).toBe('value');
  expect(await client.increment(`idle-${how}`, 1, { initial: 5 })).toEqual({ success: true, value: 5 });
  expect(proxy.connections).toBe(2);
  expect(clients.log).toEqual([]);
});

test('"ERROR Too many open connections" from a rogue server: the command rejects at once', async () => {
  await using rogue = await startRogueServer(tooManyConnections());
  const client = clients.create(rogue.address, { timeout: 10, conntimeout: 10, retries: 1 });
  const error = await failureWithin(client.get('a'), 0, SLACK);
  expect(error).toMatchObject({ name: 'MemcacheError', server: rogue.address });
});

test('"ERROR Too many open connections", with authentication: the command rejects at once', async () => {
  await using rogue = await startRogueServer(tooManyConnections());
  const client = clients.create(`user:password@${rogue.address}`, { timeout: 10, conntimeout: 10, retries: 1 });
  const error = await failureWithin(client.get('a'), 0, SLACK);
  expect(error).toMatchObject({ name: 'MemcacheError', server: rogue.address });
});

test('a full memcached: commands reject, and work again when there is room', async () => {
  await using full = await startMemcached({ args: ['-c', '20', '-t', '1'] });
  const others: RawClient[] = [];
  for (let count = 0; count < 32; count++) {
    const other = await RawClient.connect(full);
    other.send('mn\r\n');
    others.push(other);
    if ((await other.receiveLine()) !== 'MN') break;
  }
  const client = clients.create(full.address, { timeout: 1, retries: 1 });
  const error = await failureWithin(client.get('a'), 0, 2000 + SLACK);
  expect(error).toMatchObject({ name: 'MemcacheError', server: full.address });
  for (const other of others) other[Symbol.dispose]();
  await expect.poll(() => client.set('a', 'value').catch(() => false)).toBe(true);
});
