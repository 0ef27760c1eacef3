import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, Server } from '../../../src/index.ts';
import { killAtExit } from '../../support/leftovers.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { freePort } from '../../support/ports.ts';
import { startProxy } from '../../support/proxy.ts';
import { silent, startRogueServer } from '../../support/rogue-server.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { failureWithin, resultWithin, SLACK, useClients } from '../clients.ts';

const LEAVING_PROGRAM = fileURLToPath(new URL('./leaves-after-a-command.ts', import.meta.url));

/** A server that is back is used again within two seconds, in milliseconds. */
const BACK_WITHIN = 2000 + SLACK;

/** Longer than a command at once takes, and far shorter than the pause before a retry in these tests. */
const AT_ONCE = 100;

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

/** Counts what a client tells of its servers. */
function eventsOf(client: ReturnType<typeof clients.create>): string[] {
  const events: string[] = [];
  client.on('down', ({ port }, error) => events.push(`down ${port} ${(error as { code?: string }).code}`));
  client.on('up', ({ port }) => events.push(`up ${port}`));
  return events;
}

test('nothing waits for a server that is known to be gone: commands fail at once with the reason', async () => {
  await using proxy = await startProxy(server.port);
  proxy.refuse();
  const client = clients.create(proxy.address, { retries: 3, retry_delay: 0.3, timeout: 5 });
  const first = await failureWithin(client.get('a'), 0, 2 * 300 + SLACK);
  expect(first).toMatchObject({ code: 'ERR_CONNECT', server: proxy.address });
  for (const sent of [() => client.get('a'), () => client.set('a', 'v'), () => client.increment('n', 1)]) {
    const error = await failureWithin(sent(), 0, AT_ONCE);
    expect(error).toMatchObject({ code: 'ERR_CONNECT', server: proxy.address });
    expect(error.message).toMatch(/ECONNREFUSED/);
  }
});

test('a server that restarts is used again within two seconds; events and log lines come once each', async () => {
  await using own = await startMemcached();
  const client = clients.create(own.address, { retries: 1 });
  const events = eventsOf(client);
  await client.set('a', 'value');
  await own.kill();
  // Long enough for the pauses to have grown to their longest.
  for (const end = Date.now() + 1500; Date.now() < end; await sleep(20)) await failure(client.get('a'));
  await own.restart();
  const set = (): Promise<boolean> => client.set('a', 'again').catch(() => false);
  await eventually(set, { timeout: BACK_WITHIN });
  expect((await client.get('a')).value?.toString()).toBe('again');
  expect(events).toEqual([`down ${own.port} ERR_CONNECT`, `up ${own.port}`]);
  const lines = clients.log.filter((line) => / is (down|up)/.test(line));
  expect(lines).toEqual([
    expect.stringContaining(`memts: Server <${own.address}> is down: `),
    `memts: Server <${own.address}> is up again`,
  ]);
});

test('one attempt at a time in the background, with growing pauses, however many commands fail', async () => {
  let most = 0;
  const startedAt: number[] = [];
  const behaviour = silent();
  await using rogue = await startRogueServer((socket, index, self) => {
    startedAt.push(performance.now());
    most = Math.max(most, self.open);
    behaviour(socket, index, self);
  });
  const client = clients.create(rogue.address, { retries: 1, protocol: 'auto', timeout: 0.1, conntimeout: 0.1 });
  for (const end = Date.now() + 2000; Date.now() < end; await sleep(5)) {
    await Promise.all(Array.from({ length: 20 }, () => failure(client.get('a'))));
  }
  expect(most).toBe(1);
  // Two attempts that commands made at most, then pauses of 25 to 50, 50 to 100, … milliseconds.
  expect(startedAt.length).toBeGreaterThanOrEqual(4);
  expect(startedAt.length).toBeLessThanOrEqual(9);
});

test('connect() while an attempt is due does not make two at once', async () => {
  await using rogue = await startRogueServer(silent());
  const client = clients.create(rogue.address, { retries: 1, protocol: 'auto', timeout: 0.1, conntimeout: 0.3 });
  await failure(client.set('a', 'v'));
  await failure(client.get('a'));
  const before = rogue.connections;
  const connecting = failure(client.connect());
  // The pause of 50 ms at most ends in this time.
  await sleep(150);
  expect(rogue.connections).toBeLessThanOrEqual(before + 1);
  expect(await connecting).toBeInstanceOf(AggregateError);
});

test('connect() says which servers failed, and commands need none', async () => {
  const port = await freePort();
  const client = clients.create(`${server.address},127.0.0.1:${port}`);
  const error = (await failure(client.connect())) as AggregateError;
  expect(error).toBeInstanceOf(AggregateError);
  expect(error.errors).toMatchObject([{ code: 'ERR_CONNECT', server: `127.0.0.1:${port}` }]);
  expect(client.servers[0]).toMatchObject({ connected: true });
  expect(await clients.create(server.address).connect()).toBeUndefined();
});

test('attempts in the background keep no process alive', async () => {
  const port = await freePort();
  const child = spawn(process.execPath, ['--import', 'tsx', LEAVING_PROGRAM, `127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  killAtExit(child);
  const exit = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(line).trim()).toBe('ERR_CONNECT');
  expect(await resultWithin(exit, 2 * SLACK)).toEqual([0, null]);
});

test('a login that is refused is not tried again until a command asks for it', async () => {
  await using sasl = await startMemcached({ sasl: [{ username: 'alice', password: 'good' }] });
  await using proxy = await startProxy(sasl.port);
  const client = clients.create(proxy.address, { username: 'alice', password: 'bad', retries: 3, retry_delay: 0.01 });
  expect(await failure(client.get('a'))).toMatchObject({ code: 'ERR_AUTH' });
  await sleep(400);
  expect(proxy.connections).toBe(1);
});

test('a server that comes back with another password: ERR_AUTH, and no old reason for ever', async () => {
  const USER = { username: 'alice', password: 'good' };
  await using before = await startMemcached({ sasl: [USER] });
  const client = clients.create(before.address, { ...USER, retries: 1 });
  await client.set('a', 'value');
  await before.kill();
  expect(await failure(client.get('a'))).toMatchObject({ code: 'ERR_CONNECT' });
  const after = await startMemcached({ sasl: [{ ...USER, password: 'other' }], port: before.port });
  await eventually(async () => expect(await failure(client.get('a'))).toMatchObject({ code: 'ERR_AUTH' }));
  await after.stop();
  await before.restart();
  await eventually(() => client.set('a', 'value').catch(() => false), { timeout: BACK_WITHIN });
});

test('nobody behind a load balancer is no refused login: the server is down, and comes back', async () => {
  const USER = { username: 'alice', password: 'good' };
  await using sasl = await startMemcached({ sasl: [USER] });
  await using proxy = await startProxy(sasl.port);
  const client = clients.create(proxy.address, { ...USER, protocol: 'auto', retries: 1 });
  await client.set('a', 'value');
  await sasl.kill();
  proxy.cut();
  expect(await failure(client.get('a'))).toMatchObject({ code: 'ERR_CONNECT' });
  await sasl.restart();
  await eventually(() => client.set('a', 'value').catch(() => false), { timeout: BACK_WITHIN });
});

test('quit() ends the attempts, and so does a failure that comes after it', async () => {
  await using rogue = await startRogueServer(silent());
  const own = new Server(rogue.host, rogue.port, undefined, undefined, {
    timeout: 0.1,
    conntimeout: 0.2,
    protocol: 'meta',
    username: 'u',
    password: 'p',
  });
  const client = new Client([own], { retries: 1, logger: clients.logger });
  const waiting = failure(client.get('a'));
  await client.quit();
  expect(await waiting).toMatchObject({ code: 'ERR_TIMEOUT' });
  const before = rogue.connections;
  await sleep(400);
  expect(rogue.connections).toBe(before);
  expect(rogue.open).toBe(0);
});
