import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { startProxy } from '../../support/proxy.ts';
import { CAN } from '../../support/subject.ts';
import { type Options, useClients } from '../clients.ts';

const COUNT = 300;
const LARGE = Buffer.alloc(200_000, 'old;');
const KEYS = Array.from({ length: COUNT }, (_, index) => `key-${index}`);

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached({ args: ['-m', '1024'] });
});

afterAll(() => server.stop());

beforeEach(async () => {
  await clients.create(server.address).flush();
});

const CASES = CAN.protocols.flatMap((protocol) =>
  [1, 4].flatMap((connections) =>
    ['from the first command on', 'with all connections open'].map((when) => ({ protocol, connections, when })),
  ),
);

describe.each(CASES)('commands of a key keep their order over $protocol, $connections connections, $when', (given) => {
  const { protocol, connections, when } = given;
  const options: Options = { protocol, connections, timeout: 20, retries: 1 };

  async function create(): Promise<Client> {
    const client = clients.create(server.address, options);
    if (when === 'from the first command on') return client;
    for (let round = 0; round < 20; round++) await Promise.all(KEYS.slice(0, 60).map((key) => client.get(key)));
    return client;
  }

  /** The keys that are there now, and what lies there. */
  async function stored(client: Client): Promise<Map<string, string>> {
    const found = await client.getMulti(KEYS);
    return new Map([...found].map(([key, { value }]) => [key, String(value).slice(0, 4)]));
  }

  test('a set and a delete', async () => {
    const client = await create();
    await Promise.all(KEYS.flatMap((key) => [client.set(key, LARGE), client.delete(key)]));
    expect([...(await stored(client)).keys()]).toEqual([]);
  });

  test('two sets, of which the first takes longer', async () => {
    const client = await create();
    await Promise.all(KEYS.flatMap((key) => [client.set(key, LARGE), client.set(Buffer.from(key), 'new;')]));
    expect([...(await stored(client)).values()]).toEqual(KEYS.map(() => 'new;'));
  });

  test('invalidations, and what getOrSet finds, between sets', async () => {
    const client = await create();
    const calls = KEYS.slice(0, 30).map(async (key) => {
      const [, found, many] = await Promise.all([
        client.set(key, 'old;'),
        client.getOrSet(key, () => 'made'),
        client.getOrSetMulti([key], (keys) => new Map(keys.map((asked) => [asked, 'made']))),
        client.invalidate(key),
        client.set(key, 'new;'),
      ]);
      return [String(found), String(many.get(key))];
    });
    expect(await Promise.all(calls)).toEqual(calls.map(() => ['old;', 'old;']));
    expect([...(await stored(client)).values()]).toEqual(calls.map(() => 'new;'));
  });

  test('a batch of sets, and a delete of each', async () => {
    const client = await create();
    const batch = client.setMulti(KEYS.map((key) => [key, LARGE]));
    await Promise.all([batch, ...KEYS.map((key) => client.delete(key))]);
    expect([...(await stored(client)).keys()]).toEqual([]);
  });

  test('a batch of sets, and a batch of deletes', async () => {
    const client = await create();
    await Promise.all([client.setMulti(KEYS.map((key) => [key, LARGE])), client.deleteMulti(KEYS)]);
    expect([...(await stored(client)).keys()]).toEqual([]);
  });

  test('two batches of sets, the second in another order', async () => {
    const client = await create();
    const first = client.setMulti(KEYS.map((key) => [key, LARGE]));
    const second = client.setMulti(KEYS.toReversed().map((key) => [key, 'new;']));
    await Promise.all([first, second]);
    expect([...(await stored(client)).values()]).toEqual(KEYS.map(() => 'new;'));
  });

  test('sets, and a batch of deletes', async () => {
    const client = await create();
    await Promise.all([...KEYS.map((key) => client.set(key, LARGE)), client.deleteMulti(KEYS)]);
    expect([...(await stored(client)).keys()]).toEqual([]);
  });

  test('a batch of reads, and a batch of sets; a batch of sets, and reads', async () => {
    const client = await create();
    await client.setMulti(KEYS.map((key) => [key, 'old;']));
    const many = KEYS.concat(Array.from({ length: 3 * COUNT }, (_, index) => `other-${index}`));
    const before = client.getMulti(many.toReversed());
    const written = client.setMulti(KEYS.map((key) => [key, Buffer.alloc(20_000, 'new;')]));
    const after = Promise.all(KEYS.map((key) => client.get(key)));
    expect(new Set([...(await before).values()].map(({ value }) => String(value)))).toEqual(new Set(['old;']));
    expect(new Set((await after).map(({ value }) => String(value).slice(0, 4)))).toEqual(new Set(['new;']));
    await written;
  });
});

test('a later command does not wait for the whole of a large batch', async () => {
  await using proxy = await startProxy(server.port);
  const client = clients.create(proxy.address, { timeout: 20 });
  const batch = client.setMulti(KEYS.map((key) => [key, LARGE]));
  let isStored = false;
  batch.then(() => {
    isStored = true;
  });
  expect(String((await client.get(KEYS[COUNT / 2] as string)).value)).toBe(String(LARGE));
  expect(isStored).toBe(false);
  await batch;
});
