import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Client, type FrameTransport, Server } from '../../../../src/index.ts';
import { stopOne } from '../../../reliability/hang/run.ts';
import { killAtExit } from '../../../support/leftovers.ts';
import { startMemcached } from '../../../support/memcached.ts';
import { afterProbe, type RogueServer, startRogueServer, trickle } from '../../../support/rogue-server.ts';
import { eventually, sleep } from '../../../support/wait.ts';
import { useClients } from '../../clients.ts';
import { eventsOf, OPTIONS, TIMEOUT } from './hang.ts';

const FROZEN_PROGRAM = fileURLToPath(new URL('./frozen-program.ts', import.meta.url));

const clients = useClients();

test.concurrent.each(['auto', 'binary'] as const)(
  'a stall of 0.7 s under load costs no error: %s',
  async (protocol) => {
    const setting = { protocol, tls: false, connections: 1, byHand: false };
    const { samples, events } = await stopOne(setting, { rate: 600, stopped: 0.7, after: 1 });
    expect(events).toEqual([]);
    expect(samples.filter(({ code }) => code !== undefined)).toEqual([]);
  },
);

/** A server that passes on what comes, but for the connections before the one with this index. */
async function forgetful(port: number): Promise<RogueServer & { forget(): void }> {
  let forgotten = 0;
  const server = await startRogueServer((socket, index) => {
    const behind = connect({ port, host: '127.0.0.1' });
    socket.on('data', (chunk) => index < forgotten || behind.write(chunk));
    behind.on('data', (chunk) => index < forgotten || socket.write(chunk));
    behind.on('error', () => {});
    socket.on('close', () => behind.destroy());
  });
  const forget = (): void => {
    forgotten = server.connections;
  };
  return Object.assign(server, { forget });
}

test.each([1, 3])(
  'connections whose route was forgotten are replaced, and the server is not down (%i)',
  async (connections) => {
    await using memcached = await startMemcached();
    await using server = await forgetful(memcached.port);
    const client = clients.create(server.address, { ...OPTIONS, connections, failFast: 1, protocol: 'auto' });
    const events = eventsOf(client);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(keys.map((key) => client.set(key, key)));
    server.forget();
    let failed = 0;
    for (const end = performance.now() + 5000 * TIMEOUT; performance.now() < end; await sleep(10)) {
      await Promise.all(keys.map((key) => client.get(key).catch(() => failed++)));
    }
    expect(failed).toBeGreaterThan(0);
    expect(events).toEqual([]);
    expect((await client.getMulti(keys)).size).toBe(keys.length);
  },
);

test("a command's own timeout shortens nothing, and what others say counts", async () => {
  await using memcached = await startMemcached();
  const client = clients.create(memcached.address, { ...OPTIONS, timeout: 0.2, failFast: 1 });
  const events = eventsOf(client);
  await client.set('key', 'value');
  memcached.pause();
  const late = await Promise.allSettled(Array.from({ length: 20 }, () => client.get('key', { timeout: 0.005 })));
  expect(late.every(({ status }) => status === 'rejected')).toBe(true);
  await sleep(300);
  memcached.resume();
  await sleep(300);
  expect(events).toEqual([]);
});

/** A server that answers late, once its test has it be slow. */
async function slowServer(port: number, delay: number): Promise<RogueServer & { slow: boolean }> {
  const server = await startRogueServer((socket) => {
    const behind = connect({ port, host: '127.0.0.1' });
    socket.on('data', (chunk) => behind.write(chunk));
    behind.on('data', async (chunk) => {
      await sleep(slowed.slow ? delay : 0);
      socket.write(chunk);
    });
    behind.on('error', () => {});
    socket.on('close', () => behind.destroy());
  });
  const slowed = Object.assign(server, { slow: false });
  return slowed;
}

test('a server that is slow but answers is not taken for one that hangs', async () => {
  await using memcached = await startMemcached();
  // More than twice the timeout, so that every command fails.
  const timeout = 2 * TIMEOUT;
  await using server = await slowServer(memcached.port, 2200 * timeout);
  const client = clients.create(server.address, { ...OPTIONS, timeout, failFast: 1 });
  const events = eventsOf(client);
  await client.set('key', 'value');
  server.slow = true;
  for (const end = performance.now() + 1500; performance.now() < end; await sleep(5)) client.get('key').catch(() => {});
  expect(events).toEqual([]);
  server.slow = false;
  await eventually(() => client.get('key').catch(() => false), { timeout: 1000 });
});

test('what comes on an old connection counts, though no command waited when the server was suspected', async () => {
  await using memcached = await startMemcached();
  const timeout = 3 * TIMEOUT;
  await using server = await slowServer(memcached.port, 2700 * timeout);
  const client = clients.create(server.address, { ...OPTIONS, timeout, failFast: 1 });
  const events = eventsOf(client);
  await client.set('key', 'value');
  server.slow = true;
  await client.get('key').catch(() => {});
  // It is suspected after twice the timeout, and this begins when the response to the first is still on its way.
  await sleep(1300 * timeout);
  await client.get('key').catch(() => {});
  await client.get('key').catch(() => {});
  expect(events).toEqual([]);
});

test('a server that sends a byte now and then does not hang', async () => {
  await using rogue = await startRogueServer(afterProbe(trickle(Buffer.alloc(100, 0x81), 1500 * TIMEOUT)));
  const client = clients.create(rogue.address, { ...OPTIONS, failFast: 1 });
  const events = eventsOf(client);
  for (const end = performance.now() + 8000 * TIMEOUT; performance.now() < end; await sleep(10)) {
    client.get('key').catch(() => {});
  }
  expect(events).toEqual([]);
});

async function startFrozen(address: string, ...how: string[]): Promise<{ child: ChildProcess; lines: Interface }> {
  const child = spawn(process.execPath, ['--import', 'tsx', FROZEN_PROGRAM, address, ...how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  killAtExit(child);
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  return { child, lines };
}

test.concurrent.each([[], ['busy']])(
  'a process that was stopped or busy itself blames no server (%s)',
  async (...how) => {
    await using memcached = await startMemcached();
    const { child, lines } = await startFrozen(memcached.address, ...how);
    for (let i = 0; i < 2; i++) {
      await sleep(how.length > 0 ? 900 : 50);
      if (how.length > 0) continue;
      child.kill('SIGSTOP');
      await sleep(800);
      child.kill('SIGCONT');
    }
    const last = once(lines, 'line');
    child.kill('SIGUSR2');
    const [downs, done] = String(await last)
      .split(' ')
      .map(Number);
    expect(downs).toBe(0);
    expect(done).toBeGreaterThan(5);
  },
);

test('a custom transport is asked again and again, whatever it does not say', async () => {
  let written = 0;
  const transport: FrameTransport = {
    host: 'transport',
    port: 1,
    write: () => void written++,
    onResponse() {},
    onError() {},
    close() {},
  };
  const own = new Server('127.0.0.1', 2, undefined, undefined, { timeout: 0.02, conntimeout: 0.02, failFast: 1 });
  own.write = () => void written++;
  for (const server of [transport as Server, own]) {
    written = 0;
    const client = new Client([server], { retries: 1, logger: false });
    for (let i = 0; i < 3; i++) await client.get('key', { timeout: 0.03 }).catch(() => {});
    expect(written).toBe(3);
  }
});
