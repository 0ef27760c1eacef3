import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, MemcacheError } from '../../src/index.ts';
import { useClients } from '../faults/clients.ts';
import { startMemcached, startMemcachedProxy } from '../support/memcached.ts';
import { hasMemcached, MEMCACHEDS } from '../support/memcacheds.ts';
import { startTwemproxy } from '../support/twemproxy.ts';

/** Words of the protocols in the place of keys, in commands that run side by side on one connection. */

const clients = useClients();

const WORDS = [
  ...['noreply', 'VALUE', 'END', 'STORED', 'ERROR', 'STAT', 'get', 'set', 'cas', 'delete', 'version', 'quit'],
  ...['0', '1', '-1', '4294967296', '18446744073709551615', '9 ', ' noreply', 'noreply ', 'a noreply', '0\r\n'],
  ...['mg', 'ms', 'mn', 'MN', 'EN', 'NF', 'HD', 'VA', 'b', 'q', 'v', 'k', 'O1', 'T0', 'S2', 'C1', 'ME', 'N0'],
  ...['YQ==', 'bm9yZXBseQ==', 'bWVtdHMgcHJvYmU='],
];

interface Place {
  name: string;
  start: () => Promise<{ address: string; stop(): Promise<void> }>;
  protocols: readonly ('binary' | 'meta' | 'classic')[];
  /** What the server does not know. */
  without?: readonly string[];
  /** A key whose value it does not hand out over the classic protocol. */
  hides?: string;
}

const NEWEST = { version: '1.6.45' } as const;

const PLACES: Place[] = [
  ...MEMCACHEDS.filter(({ program }) => program !== undefined).map(({ name, version }): Place => {
    const protocols = name === '1.6.9' ? (['binary', 'classic'] as const) : (['binary', 'meta', 'classic'] as const);
    return { name: `memcached ${version}`, start: () => startMemcached({ version: name }), protocols };
  }),
  ...(hasMemcached('1.6.45')
    ? [
        {
          name: "memcached's own proxy",
          start: () => behind((server) => startMemcachedProxy({ backends: [server] })),
          protocols: ['meta', 'classic'] as const,
          hides: 'noreply',
        },
        {
          name: 'twemproxy',
          start: () => behind(({ address }) => startTwemproxy({ servers: [address] })),
          protocols: ['classic'] as const,
          without: ['getAndTouch'],
        },
      ]
    : []),
];

type Running = Awaited<ReturnType<typeof startMemcached>>;

async function behind(start: (server: Running) => Promise<Running>): ReturnType<Place['start']> {
  const server = await startMemcached(NEWEST);
  const proxy = await start(server);
  return {
    address: proxy.address,
    stop: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

/** What each command says about a key that was not there when the first of them was sent. */
function calls(
  client: Client,
  key: string,
  without: readonly string[],
): [call: () => Promise<unknown>, result: unknown][] {
  const value = (found: { value: unknown }): string => String(found.value);
  const counter = { initial: null };
  const all: [string, () => Promise<unknown>, unknown][] = [
    ['delete', () => client.delete(key), false],
    ['get', () => client.get(key).then(value), 'null'],
    ['touch', () => client.touch(key, 100), false],
    ['increment', () => client.increment(key, 1, counter), { success: false, value: null }],
    ['replace', () => client.replace(key, 'x'), false],
    ['append', () => client.append(key, 'x'), false],
    ['add', () => client.add(key, '5'), true],
    ['add', () => client.add(key, '6'), false],
    ['increment', () => client.increment(key, 2, counter), { success: true, value: 7 }],
    ['decrement', () => client.decrement(key, 1, counter), { success: true, value: 6 }],
    ['getAndTouch', () => client.getAndTouch(key, 100).then(value), '6'],
    ['append', () => client.append(key, '7'), true],
    ['prepend', () => client.prepend(key, '5'), true],
    ['get', () => client.get(key, { cas: true }).then(value), '567'],
    ['touch', () => client.touch(key, 100), true],
    ['set', () => client.set(key, `of ${key}`), true],
    ['replace', () => client.replace(key, `new of ${key}`), true],
    ['get', () => client.get(key).then(value), `new of ${key}`],
    ['delete', () => client.delete(key), true],
    ['delete', () => client.delete(key), false],
    ['set', () => client.set(key, `last of ${key}`), true],
  ];
  return all.filter(([name]) => !without.includes(name)).map(([, call, result]) => [call, result]);
}

/** The classic protocol has no form for some of them. */
function canSay(key: string, protocol: string): boolean {
  return protocol !== 'classic' || !/[\s]/.test(key);
}

describe.each(PLACES)('$name', ({ start, protocols, without = [], hides }) => {
  let server: Awaited<ReturnType<Place['start']>>;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  test.each(protocols)('a word of the protocol is a key like any other, over %s', async (protocol) => {
    const client = clients.create(server.address, { protocol, timeout: 5, conntimeout: 5, retries: 1 });
    await client.deleteMulti(WORDS);
    const results = WORDS.map((key) =>
      calls(client, key, without).map(([call, result]) => ({ key, outcome: call().catch((error) => error), result })),
    );
    for (const { key, outcome, result } of results.flat()) {
      if (protocol === 'classic' && key === hides && typeof result === 'string') {
        expect(['null', result]).toContain(await outcome);
      } else if (canSay(key, protocol)) expect([key, await outcome]).toEqual([key, result]);
      else expect([key, await outcome]).toEqual([key, expect.any(MemcacheError)]);
    }
    const able = WORDS.filter((key) => canSay(key, protocol));
    const hidden = protocol === 'classic' ? hides : undefined;
    const found = await client.getMulti(able);
    expect(new Map([...found].map(([key, { value }]) => [key, String(value)]))).toEqual(
      new Map(able.filter((key) => key !== hidden).map((key) => [key, `last of ${key}`])),
    );
    const gone = await client.deleteMulti(['noreply', 'missing', ...able.slice(1)]);
    expect([...gone.entries()].filter(([, deleted]) => !deleted)).toEqual([['missing', false]]);
    expect((await client.getMulti(able)).size).toBe(0);
  });
});
