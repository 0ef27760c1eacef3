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
  test('a socket for each share of the keys, opened by the first command for one of them, and never more than n', async () => {
    await using proxy = await startProxy(memcached.port);
    const client = create(proxy.address, { protocol, connections: 3, timeout: 5 });
    for (let count = 0; count < 5; count++) await client.set('a', 'value');
    expect(proxy.connections).toBe(1);
    proxy.hold();
    const waiting: Promise<boolean>[] = [];
    for (let count = 0; count < 60; count++) waiting.push(client.set(`k${count}`, `${count}`));
    await eventually(() => proxy.connections === 3);
    await sleep(50);
    expect(proxy.connections).toBe(3);
    proxy.release();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
    const values = await Promise.all(waiting.map((_, index) => client.get(`k${index}`)));
    expect(values.map(({ value }) => value?.toString())).toEqual(waiting.map((_, index) => `${index}`));
  });
});

describe('connections: n', () => {
  /** Answers reads with a miss, and notes which keys came by which socket. */
  async function startNotingServer(
    behaves: (index: number) => 'answers' | 'says nothing' | 'hangs up' = () => 'answers',
  ) {
    const keys: Set<string>[] = [];
    const answer: Behaviour = (socket, index) => {
      keys[index] = new Set();
      socket.on('data', (chunk) => {
        for (const [, command, key] of chunk.toString().matchAll(/^(mg|version)(?: (\S+))?.*$/gm)) {
          if (key !== undefined) keys[index]?.add(key);
          if (behaves(index) === 'answers') socket.write(command === 'mg' ? 'EN\r\n' : 'VERSION 1.6.18\r\n');
        }
      });
    };
    const rogue = await startRogueServer((socket, index, server) => {
      if (behaves(index) === 'hangs up') socket.destroy();
      else afterProbe(answer)(socket, index, server);
    });
    return { rogue, keys };
  }

  const NAMES = Array.from({ length: 60 }, (_, index) => `key${index}`);

  async function opened(client: Client, count: number, rogue: { connections: number }): Promise<void> {
    await eventually(async () => {
      await Promise.all(NAMES.map((key) => client.get(key)));
      return rogue.connections === count;
    });
    for (let round = 0; round < 3; round++) await Promise.all(NAMES.map((key) => client.get(key)));
  }

  test('a key has a socket of its own, in every form of a command, and goes back to it', async () => {
    const { rogue, keys } = await startNotingServer();
    await using server = rogue;
    const client = create(server.address, { protocol: 'meta', connections: 4, timeout: 5 });
    await opened(client, 4, server);
    const note = async (): Promise<string[][]> => {
      for (const set of keys) set.clear();
      await Promise.all(NAMES.map((key) => client.get(key)));
      await client.getMulti(NAMES);
      await Promise.all(NAMES.map((key) => client.get(Buffer.from(key))));
      return keys.map((set) => [...set].sort());
    };
    const first = await note();
    expect(first).toHaveLength(4);
    expect(first.flat().sort()).toEqual([...NAMES].sort());
    expect(Math.min(...first.map(({ length }) => length))).toBeGreaterThan(5);
    // Only the keys of a socket that is gone move, and they come back.
    server.sockets[2]?.destroy();
    await sleep(20);
    const without = await note();
    for (const index of [0, 1, 3]) expect(without[index]).toEqual(expect.arrayContaining(first[index] as string[]));
    await opened(client, 5, server);
    const again = await note();
    expect(again[4]).toEqual(first[2]);
    for (const index of [0, 1, 3]) expect(again[index]).toEqual(first[index]);
  });

  test('a command without a key goes to the socket with the least waiting', async () => {
    let isDeaf = false;
    const { rogue, keys } = await startNotingServer((index) => (isDeaf && index === 0 ? 'says nothing' : 'answers'));
    await using server = rogue;
    const client = create(server.address, { protocol: 'meta', connections: 2, timeout: 5, retries: 1 });
    await opened(client, 2, server);
    for (const set of keys) set.clear();
    isDeaf = true;
    let answered = 0;
    const stuck = NAMES.map((key) =>
      client
        .get(key)
        .then(() => answered++)
        .catch(() => {}),
    );
    const come = (index: number) => keys[index]?.size ?? 0;
    await eventually(() => come(0) > 0 && come(0) + come(1) === NAMES.length && answered === come(1));
    for (let count = 0; count < 20; count++) expect(Object.values(await client.version())).toEqual(['1.6.18']);
    client.close();
    await Promise.all(stuck);
  });

  test('a socket that can not be opened again leaves its keys to others only when nothing is under way there', async () => {
    let isDeaf = false;
    const { rogue, keys } = await startNotingServer((index) => {
      if (!isDeaf || index === 1) return 'answers';
      return index === 0 ? 'says nothing' : 'hangs up';
    });
    await using server = rogue;
    const client = create(server.address, { protocol: 'meta', connections: 2, timeout: 0.2, retries: 1 });
    await opened(client, 2, server);
    for (const set of keys) set.clear();
    await Promise.all(NAMES.map((key) => client.get(key)));
    const [key = ''] = keys[0] as Set<string>;
    isDeaf = true;
    const code = (promise: Promise<unknown>) => promise.catch((error) => error.code);
    const first = code(client.get(key));
    // It has more time than the socket, which is given up and still has it.
    const longer = code(client.get(key, { timeout: 1.5 }));
    expect(await first).toBe('ERR_TIMEOUT');
    await sleep(50);
    expect(await code(client.get(key))).toBe('ERR_CONNECT');
    expect(keys[1]?.has(key)).toBe(false);
    expect(await longer).toBe('ERR_TIMEOUT');
    await sleep(50);
    expect(await client.get(key)).toMatchObject({ value: null });
    expect(keys[1]?.has(key)).toBe(true);
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
      await Promise.all(Array.from({ length: 10 }, (_, index) => client.get(`a${index}`)));
      await sleep(2);
    }
    expect(asked).toBeGreaterThanOrEqual(1);
    // One attempt for each of the other three, in each of the ways to begin.
    expect(asked).toBeLessThanOrEqual(12);
  });
});

describe('maxPending', () => {
  test.each([1, 3])('commands past the limit are refused at once with ERR_BUSY, %i sockets', async (connections) => {
    await using server = await MemoryServer.start();
    const client = create(server.address, { protocol: 'meta', connections, maxPending: 10, timeout: 0.6, retries: 1 });
    await client.connect();
    const silence = server.faults.add({ kind: 'silence' });
    const start = performance.now();
    const outcomes = Promise.allSettled(Array.from({ length: 25 }, () => client.get('a')));
    const late = await Promise.allSettled([client.get('late')]);
    expect(codes(late)).toEqual(['ERR_BUSY']);
    expect(performance.now() - start).toBeLessThan(500);
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
