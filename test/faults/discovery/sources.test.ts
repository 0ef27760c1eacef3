import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Client, type DiscoveredServer, type Discovery, dns, elasticache } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { startRogueServer } from '../../support/rogue-server.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { failureWithin, SLACK, useClients } from '../clients.ts';

const clients = useClients();

function discovering(discovery: Discovery, options = {}): Client {
  return clients.create(null as never, { discovery, protocol: 'auto', retries: 1, ...options });
}

/** What a custom source may do. */
const FAILING: [what: string, discover: () => unknown][] = [
  ['rejects with nothing', () => Promise.reject()],
  ['rejects with null', () => Promise.reject(null)],
  ['rejects with what is no error', () => Promise.reject({ toString: 5 })],
  [
    'rejects with an error whose message is none',
    () => Promise.reject(Object.assign(new Error(), { message: Symbol() })),
  ],
  [
    'rejects with what throws when it is looked at',
    () =>
      Promise.reject(
        new Proxy(new Error(), {
          get() {
            throw new Error('by hand');
          },
        }),
      ),
  ],
  [
    'throws',
    () => {
      throw new Error('by hand');
    },
  ],
  ['answers with nothing', () => Promise.resolve()],
  ['answers with no list', () => Promise.resolve({ length: 1 })],
  ['names no server', () => Promise.resolve([])],
  ['names null', () => Promise.resolve([null])],
  ['names a server without a host', () => Promise.resolve([{ port: 1 }])],
  [
    'names a host with a line end',
    () => Promise.resolve([{ host: 'evil\nmemts: Server <ours> is up again', port: 1 }]),
  ],
  ['names a host with its port', () => Promise.resolve([{ host: 'evil:11211:5', port: 1 }])],
  ['names a port that is none', () => Promise.resolve([{ host: 'evil', port: 0 }])],
];

describe('a source of one’s own', () => {
  test.each(FAILING)('that %s has failed, is reported, and is asked again', async (_what, discover) => {
    await using server = await MemoryServer.start();
    let asked = 0;
    const discovery: Discovery = {
      interval: 0.02,
      discover: async () =>
        ++asked < 3 ? ((await discover()) as DiscoveredServer[]) : [{ host: server.host, port: server.port }],
    };
    const client = discovering(discovery);
    expect(await failureWithin(client.get('key'), 0, SLACK)).toMatchObject({ code: 'ERR_NO_SERVERS' });
    await eventually(() => client.servers.length === 1);
    expect(await client.set('key', 'value')).toBe(true);
    expect(clients.log.join('')).toMatch(/Discovery failed: ./);
    for (const line of clients.log) expect(line).not.toMatch(/\n|evil/);
  });

  test('that keeps failing so leaves the servers that there are', async () => {
    await using server = await MemoryServer.start();
    for (const [, discover] of FAILING) {
      let asked = 0;
      const client = discovering({
        interval: 0.01,
        discover: async () =>
          asked++ === 0 ? [{ host: server.host, port: server.port }] : ((await discover()) as DiscoveredServer[]),
      });
      expect(await client.set('key', 'value')).toBe(true);
      await eventually(() => asked > 3);
      expect(client.servers.map(({ port }) => port)).toEqual([server.port]);
      expect(await client.set('key', 'value')).toBe(true);
    }
  });

  test('that never answers is asked again, and a late response is not taken', async () => {
    await using server = await MemoryServer.start();
    await using other = await MemoryServer.start();
    const questions: ((servers: DiscoveredServer[]) => void)[] = [];
    const client = discovering({
      interval: 0.02,
      timeout: 0.1,
      discover: () => new Promise((resolve) => questions.push(resolve)),
    });
    expect(await failureWithin(client.get('key'), 50, SLACK)).toMatchObject({
      code: 'ERR_NO_SERVERS',
      cause: { message: 'The source did not answer within 0.1 s' },
    });
    await eventually(() => questions.length === 2);
    questions[1]?.([{ host: server.host, port: server.port }]);
    await eventually(() => client.servers.length === 1);
    questions[0]?.([{ host: other.host, port: other.port }]);
    await sleep(20);
    expect(client.servers.map(({ port }) => port)).toEqual([server.port]);
  });

  test('names IPv6 addresses in brackets or not: the servers stay', async () => {
    let asked = 0;
    const client = discovering({
      interval: 0.01,
      discover: async () => [{ host: ++asked % 2 === 0 ? '[::1]' : '::1', port: 1 }],
    });
    await failureWithin(client.get('key'), 0, SLACK);
    const [server] = client.servers;
    await eventually(() => asked > 4);
    expect(client.servers).toEqual([server]);
    expect(server?.host).toBe('::1');
  });
});

test('no log line has a line end, or anything else that a terminal obeys, wherever its text comes from', async () => {
  const client = discovering({
    interval: 10,
    discover: () =>
      Promise.reject(new Error('no such host\r\nmemts: Server <ours> is up again\x1b[2J\x7f\x9b\u202e\u061c\u2028')),
  });
  await failureWithin(client.get('key'), 0, SLACK);
  expect(clients.log.join('\n')).toContain(
    'no such host\\x0d\\x0amemts: Server <ours> is up again\\x1b[2J\\x7f\\x9b\\u202e\\u061c\\u2028',
  );
});

test('what a source of another realm rejects with is the cause, with its words', async () => {
  const client = discovering({
    interval: 10,
    discover: () => Promise.reject(runInNewContext("new Error('no such host')")),
  });
  const error = await failureWithin(client.get('key'), 0, SLACK);
  expect(error).toMatchObject({ code: 'ERR_NO_SERVERS', cause: { message: 'no such host' } });
});

test.each([0, -1, NaN, '5'])('a source whose timeout is %j is refused', (timeout) => {
  const refused = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' });
  expect(() => discovering({ interval: 1, timeout: timeout as number, discover: async () => [] })).toThrow(refused);
  expect(() => elasticache({ endpoint: 'a:1', timeout: timeout as number })).toThrow(refused);
  expect(() => dns({ host: 'a', interval: timeout as number })).toThrow(refused);
});

test('dns() refuses a host that can be none', () => {
  for (const host of ['', 'a\nb', 'a b', 'host:11211', 5]) {
    expect(() => dns({ host: host as string })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  }
});

test('dns() and elasticache() refuse other options that can be none, and what is no object', () => {
  const refused = expect.objectContaining({ name: 'MemcacheError', code: 'ERR_INVALID_ARGUMENT' });
  const host = 'cache.example.com';
  const endpoint = 'cache.example.com:11211';
  for (const options of [undefined, null, 5, host]) {
    expect(() => dns(options as never)).toThrow(refused);
    expect(() => elasticache(options as never)).toThrow(refused);
  }
  for (const options of [
    { port: 0 },
    { port: 65_536 },
    { port: '11211' },
    { interval: 0 },
    { interval: '5' },
    { interval: 2_147_484 },
  ]) {
    expect(() => dns({ host, ...options } as never), JSON.stringify(options)).toThrow(refused);
  }
  for (const nameservers of ['127.0.0.1', ['no address'], [5]]) {
    expect(() => dns({ host, nameservers } as never)).toThrow(refused);
  }
  for (const options of [
    { interval: '5' },
    { interval: 0 },
    { timeout: 0 },
    { timeout: '5' },
    { timeout: 2_147_484 },
  ]) {
    expect(() => elasticache({ endpoint, ...options } as never), JSON.stringify(options)).toThrow(refused);
  }
  for (const other of ['', '/run/memcached.sock', 'one:11211,two:11211', 5]) {
    expect(() => elasticache({ endpoint: other } as never), String(other)).toThrow(refused);
  }
});

describe('elasticache()', () => {
  /** An endpoint that answers with one configuration after the other. */
  function answering(blocks: string[]) {
    return startRogueServer((socket, index) => {
      const block = blocks[Math.min(index, blocks.length - 1)] as string;
      socket.once('data', () => socket.write(`CONFIG cluster 0 ${block.length}\r\n${block}\r\nEND\r\n`));
    });
  }

  test('an older list never takes the place of a newer one', async () => {
    await using endpoint = await answering([
      '9\na||1\n',
      '10\na||1 b||2\n',
      '9\na||1\n',
      '10\nb||2\n',
      '8\nc||3\n',
      '11\nc||3\n',
    ]);
    const source = elasticache({ endpoint: endpoint.address });
    const seen: string[] = [];
    for (let i = 0; i < 6; i++) seen.push((await source.discover()).map(({ host }) => host).join());
    expect(seen).toEqual(['a', 'a,b', 'a,b', 'b', 'b', 'c']);
  });

  test('a list without a number, and an endless one, are errors', async () => {
    for (const block of ['a||1\n', '\na||1\n', '1x\na||1\n', `${'9'.repeat(400)}\na||1\n`]) {
      await using endpoint = await answering([block]);
      await expect(elasticache({ endpoint: endpoint.address }).discover()).rejects.toMatchObject({
        code: 'ERR_PROTOCOL',
      });
    }
  });

  test('nodes that lag behind do not make servers come and go', async () => {
    await using one = await MemoryServer.start();
    await using two = await MemoryServer.start();
    const node = ({ host, port }: MemoryServer) => `${host}||${port}`;
    const older = `4\n${node(one)}\n`;
    const newer = `5\n${node(one)} ${node(two)}\n`;
    await using endpoint = await answering([older, newer, older, newer, older, older, newer, older]);
    const client = discovering(elasticache({ endpoint: endpoint.address, interval: 0.02 }));
    await client.get('key');
    await eventually(() => client.servers.length === 2);
    await client.connect();
    await eventually(() => endpoint.connections > 8);
    expect(client.servers).toHaveLength(2);
    expect(two.stats().total_connections).toBe('1');
  });
});
