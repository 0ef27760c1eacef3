import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, type ServerOptions } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { startProxy } from '../support/proxy.ts';
import { afterProbe, type Behaviour, deaf, startRogueServer } from '../support/rogue-server.ts';
import { eventually, sleep } from '../support/wait.ts';

const PROTOCOLS = ['binary', 'meta', 'classic'] as const;
const open: Client[] = [];
let memcached: Memcached;

beforeAll(async () => {
  memcached = await startMemcached();
});

afterAll(() => memcached.stop());

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

function create(address: string, options: ServerOptions & { retries?: number }): Client {
  const client = Client.create(address, { logger: { log() {} }, ...options });
  open.push(client);
  return client;
}

const codes = (outcomes: PromiseSettledResult<unknown>[]): string[] =>
  outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : 'done'));

describe.each(PROTOCOLS)('connections: n over %s', (protocol) => {
  test('one socket as long as one is enough, then more as they are needed, and never more than n', async () => {
    await using proxy = await startProxy(memcached.port);
    const client = create(proxy.address, { protocol, connections: 3, timeout: 5 });
    for (let count = 0; count < 5; count++) await client.set('a', 'value');
    expect(proxy.connections).toBe(1);
    proxy.hold();
    const waiting = Array.from({ length: 30 }, (_, index) => client.set(`k${index}`, `${index}`));
    await eventually(() => proxy.connections === 2);
    // The first of these has the new socket to itself.
    for (const index of [30, 31]) waiting.push(client.set(`k${index}`, `${index}`));
    await eventually(() => proxy.connections === 3);
    for (let index = 32; index < 60; index++) waiting.push(client.set(`k${index}`, `${index}`));
    await sleep(50);
    expect(proxy.connections).toBe(3);
    proxy.release();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
    const values = await Promise.all(waiting.map((_, index) => client.get(`k${index}`)));
    expect(values.map(({ value }) => value?.toString())).toEqual(waiting.map((_, index) => `${index}`));
  });
});

describe('connections: n', () => {
  test('each command goes to the socket with the least waiting', async () => {
    const sent: number[] = [];
    const behaviour: Behaviour = (socket, index) => {
      socket.on('data', (chunk) => {
        sent[index] = (sent[index] ?? 0) + chunk.toString().split('mg ').length - 1;
        // The first socket answers no command, so that its commands go on waiting.
        if (index > 0) socket.write('EN\r\n'.repeat(chunk.toString().split('mg ').length - 1));
      });
    };
    await using rogue = await startRogueServer(afterProbe(behaviour));
    const client = create(rogue.address, { protocol: 'meta', connections: 2, timeout: 5, retries: 1 });
    const stuck = Array.from({ length: 5 }, () => client.get('stuck').catch(() => {}));
    await eventually(() => sent[0] === 5 && rogue.connections === 2);
    // The server has the second socket a moment before the client does.
    await sleep(50);
    for (let count = 0; count < 20; count++) await client.get('quick');
    expect(sent).toEqual([5, 20]);
    client.close();
    await Promise.all(stuck);
  });

  test('a server that refuses a further socket is not asked for one with every command', async () => {
    await using proxy = await startProxy(memcached.port);
    const client = create(proxy.address, { connections: 4, timeout: 5 });
    await client.set('a', 'value');
    let asked = 0;
    const { connected } = client.servers[0] as { connected: boolean };
    expect(connected).toBe(true);
    proxy.refuse();
    await using rogue = await startRogueServer((socket) => {
      asked++;
      socket.destroy();
    });
    // From now on the name leads to a server that hangs up on everybody.
    Object.assign(client.servers[0] as object, { port: rogue.port });
    for (let round = 0; round < 50; round++) {
      await Promise.all(Array.from({ length: 10 }, () => client.get('a')));
      await sleep(2);
    }
    expect(asked).toBeGreaterThanOrEqual(1);
    expect(asked).toBeLessThanOrEqual(4);
  });
});

describe('maxPending', () => {
  test.each([1, 3])('commands past the limit are refused at once with ERR_BUSY, %i sockets', async (connections) => {
    await using server = await MemoryServer.start();
    const client = create(server.address, { protocol: 'meta', connections, maxPending: 10, timeout: 0.3, retries: 1 });
    await client.connect();
    const silence = server.faults.add({ kind: 'silence' });
    const start = performance.now();
    const outcomes = Promise.allSettled(Array.from({ length: 25 }, () => client.get('a')));
    const late = await Promise.allSettled([client.get('late')]);
    expect(codes(late)).toEqual(['ERR_BUSY']);
    expect(performance.now() - start).toBeLessThan(200);
    const settled = codes(await outcomes);
    expect(settled.filter((code) => code === 'ERR_BUSY')).toHaveLength(15);
    expect(settled.filter((code) => code === 'ERR_TIMEOUT')).toHaveLength(10);
    await silence.remove();
    expect(await client.set('a', 'room again')).toBe(true);
  });

  test('a refused command is not tried again and does not have the server ejected', async () => {
    await using server = await MemoryServer.start();
    server.faults.add({ kind: 'latency', ms: 100 });
    const client = create(server.address, { maxPending: 1, timeout: 2, retries: 5 });
    const [first, second] = await Promise.allSettled([client.set('a', 'v'), client.set('b', 'v')]);
    expect(codes([first, second])).toEqual(['done', 'ERR_BUSY']);
    expect(client.servers[0]?.wakeupAt).toBeUndefined();
  });
});

describe('back-pressure', () => {
  test('a server that does not read: what waits is bounded by maxPending, and every command settles', async () => {
    await using rogue = await startRogueServer(deaf());
    const options = { protocol: 'meta', maxPending: 32, timeout: 1, retries: 1 } as const;
    const client = create(rogue.address, options);
    const value = Buffer.alloc(256 * 1024, 'x');
    const before = process.memoryUsage().arrayBuffers;
    const outcomes: Promise<PromiseSettledResult<unknown>[]>[] = [];
    for (let round = 0; round < 20; round++) {
      outcomes.push(Promise.allSettled(Array.from({ length: 50 }, () => client.set('a', value.toString()))));
      await sleep(2);
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    const settled = codes((await Promise.all(outcomes)).flat());
    expect(settled).toHaveLength(1000);
    expect(settled.filter((code) => code === 'ERR_BUSY').length).toBeGreaterThan(900);
    expect(settled.filter((code) => code === 'ERR_TIMEOUT').length).toBeGreaterThanOrEqual(32);
    // 32 of these values are 8 MB; all thousand would be 256 MB.
    expect(grown).toBeLessThan(64 * 1024 * 1024);
    await eventually(() => rogue.open === 0 || client.servers[0]?.connected === false);
  });

  test.each(PROTOCOLS)('a server that reads slowly loses nothing over %s', async (protocol) => {
    await using server = await MemoryServer.start();
    const client = create(server.address, { protocol, timeout: 10 });
    const values = Array.from({ length: 60 }, (_, index) => Buffer.alloc(200_000, `${index};`));
    const stored = await Promise.all(values.map((value, index) => client.set(`big-${index}`, value)));
    expect(stored.every(Boolean)).toBe(true);
    const found = await Promise.all(values.map((_, index) => client.get(`big-${index}`)));
    expect(found.every(({ value }, index) => value?.equals(values[index] as Buffer))).toBe(true);
  });
});
