import { afterEach, expect, test } from 'vitest';
import { Header } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { freePort } from '../../support/ports.ts';
import { finAfterData, resetAfterData, silent, startRogueServer } from '../../support/rogue-server.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { failureWithin, resultWithin, SLACK, useClients } from '../clients.ts';

const clients = useClients();
const servers: Memcached[] = [];

async function memcached(options: Parameters<typeof startMemcached>[0] = {}): Promise<Memcached> {
  const server = await startMemcached(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

/** Commands of every kind, without retries of their own. */
function various(client: ReturnType<typeof clients.create>): Promise<unknown>[] {
  return [
    client.get('a'),
    client.set('a', 'value'),
    client.add('a', 'value'),
    client.append('a', 'value'),
    client.delete('a'),
    client.increment('n', 1),
    client.touch('a', 60),
    client.stats(),
  ];
}

test.each([
  ['FIN', finAfterData()],
  ['RST', resetAfterData()],
])('the server sends %s with commands waiting: they fail at once', async (_how, behaviour) => {
  await using rogue = await startRogueServer(behaviour);
  const client = clients.create(rogue.address, { timeout: 10, retries: 1 });
  const failures = await Promise.all(various(client).map((sent) => failureWithin(sent, 0, SLACK)));
  for (const error of failures) {
    expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_CONNECT', server: rogue.address });
  }
});

test('the server is killed with commands waiting: they fail at once', async () => {
  const server = await memcached();
  const client = clients.create(server.address, { timeout: 10, retries: 1 });
  await client.get('a');
  server.pause();
  const failures = Promise.all(various(client).map(failure));
  await server.kill();
  const errors = await resultWithin(failures, SLACK);
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'ERR_CONNECT'));
});

test('the server restarts between two commands: the next one works', async () => {
  const server = await memcached();
  const client = clients.create(server.address);
  for (let round = 0; round < 3; round++) {
    expect(await client.set('a', `${round}`)).toBe(true);
    await server.restart();
    expect(await client.get('a')).toEqual({ value: null, flags: null });
    await server.restart();
    expect(await client.increment('n', 1, { initial: round })).toEqual({ success: true, value: round });
  }
  expect(clients.log).toEqual([]);
});

test('a silent server and a busy socket: each command fails after the timeout', async () => {
  const server = await memcached();
  const client = clients.create(server.address, { timeout: 0.2, retries: 1, failFast: false });
  await client.get('a');
  server.pause();
  const failures: Promise<Error & { code?: string }>[] = [];
  for (let sent = 0; sent < 10; sent++) {
    failures.push(failureWithin(client.get('a'), 200, 200 + SLACK));
    await sleep(50);
  }
  const errors = await Promise.all(failures);
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'ERR_TIMEOUT'));
});

test('a server that trickles bytes past every deadline: each command times out', async () => {
  await using rogue = await startRogueServer((socket) => {
    socket.once('data', async (request: Buffer) => {
      socket.write(valueHeader(request, 100_000));
      while (!socket.destroyed) {
        socket.write('x');
        await sleep(10);
      }
    });
  });
  const client = clients.create(rogue.address, { timeout: 0.2, retries: 1 });
  const failures: Promise<Error & { code?: string }>[] = [];
  for (let sent = 0; sent < 6; sent++) {
    failures.push(failureWithin(client.get('a'), 200, 200 + SLACK));
    await sleep(70);
  }
  const errors = await Promise.all(failures);
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'ERR_TIMEOUT'));
});

test('the second command on a live socket times out as the first does', async () => {
  const server = await memcached();
  const client = clients.create(server.address, { timeout: 0.15, retries: 1 });
  await client.set('a', 'value');
  server.pause();
  for (let round = 0; round < 3; round++) {
    const error = await failureWithin(client.get('a'), 150, 150 + SLACK);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
  }
  server.resume();
  expect((await client.get('a', { timeout: 2 })).value?.toString()).toBe('value');
});

test('a server that accepts and never answers: a command fails in time', async () => {
  await using rogue = await startRogueServer(silent());
  const client = clients.create(rogue.address, { timeout: 0.1, conntimeout: 0.2, retries: 1 });
  const failures = [1, 2, 3].map(() => failureWithin(client.get('a'), 95, 300 + SLACK));
  for (const error of await Promise.all(failures)) expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
});

test('a server that accepts and never answers, with authentication: a command fails after conntimeout', async () => {
  await using rogue = await startRogueServer(silent());
  const client = clients.create(`user:password@${rogue.address}`, { timeout: 5, conntimeout: 0.2, retries: 1 });
  // The time counts from the first command, which opens the connection: a busy machine makes the others later than that.
  const start = performance.now();
  const failures = [1, 2, 3].map(() => failureWithin(client.get('a'), 0, 200 + SLACK));
  for (const error of await Promise.all(failures)) expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
  expect(performance.now() - start).toBeGreaterThanOrEqual(198);
  const retried = clients.create(`user:password@${rogue.address}`, {
    timeout: 5,
    conntimeout: 0.1,
    retries: 3,
    retry_delay: 0.05,
  });
  await failureWithin(retried.get('a'), 100, 3 * 100 + 2 * 50 + SLACK);
});

test('a server goes down with 50 commands waiting: all 50 settle', async () => {
  const server = await memcached();
  const client = clients.create(server.address, { timeout: 0.2, retries: 2, retry_delay: 0.05 });
  await client.get('a');
  server.pause();
  const called: unknown[] = [];
  const promises = Array.from({ length: 25 }, (_, index) => failure(client.get(`key${index}`)));
  for (let index = 0; index < 25; index++) client.set(`key${index}`, 'value', {}, (error) => called.push(error));
  await server.kill();
  const errors = await resultWithin(Promise.all(promises), 2 * (400 + 200) + 50 + SLACK);
  expect(errors).toHaveLength(25);
  await eventually(() => called.length === 25);
  expect(called.every((error) => error instanceof Error)).toBe(true);
});

test('a server that is down from the start: 50 commands settle', async () => {
  const client = clients.create(`127.0.0.1:${await freePort()}`, { retry_delay: 0.05 });
  const errors = await resultWithin(
    Promise.all(Array.from({ length: 50 }, (_, index) => failure(client.set(`key${index}`, 'value')))),
    50 + SLACK,
  );
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'ERR_CONNECT'));
});

test('a server that is down at the start and up later: the client recovers by itself', async () => {
  const port = await freePort();
  const client = clients.create(`127.0.0.1:${port}`, { retries: 1 });
  expect(await failure(client.get('a'))).toMatchObject({ code: 'ERR_CONNECT' });
  await memcached({ port });
  const back = await eventually(() => client.set('a', 'value').catch(() => false), { timeout: 2000 + SLACK });
  expect(back).toBe(true);
});

test('a connection that timed out, then the server is back: the client recovers', async () => {
  const user = { username: 'user', password: 'password' };
  const server = await memcached({ sasl: [user] });
  server.pause();
  const client = clients.create(server.address, { ...user, timeout: 0.1, conntimeout: 0.1, retries: 1 });
  expect(await failureWithin(client.get('a'), 100, 100 + SLACK)).toMatchObject({ code: 'ERR_TIMEOUT' });
  server.resume();
  await expect.poll(() => client.set('a', 'value').catch(() => false), { interval: 10 }).toBe(true);
});

/** The header of a response to a get, and the flags. */
function valueHeader(request: Buffer, valueLength: number): Buffer {
  const { opcode, opaque } = Header.fromBuffer(request);
  const totalBodyLength = 4 + valueLength;
  const header = Header.toBuffer({ magic: 0x81, opcode, keyLength: 0, extrasLength: 4, totalBodyLength, opaque });
  return Buffer.concat([header, Buffer.alloc(4)]);
}
