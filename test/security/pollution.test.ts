import { describe, expect, test } from 'vitest';
import { Client, compressed, jsonSerializer, type Serializer, Utils } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { dalliSerializer, phpSerializer } from '../../src/serializers/foreign/index.ts';
import { useClients } from '../faults/clients.ts';
import { startMemcached } from '../support/memcached.ts';
import { afterProbe, answer, startRogueServer } from '../support/rogue-server.ts';

const clients = useClients();

/** As a body of a request that a program has parsed. */
const HOSTILE =
  '{"__proto__":{"polluted":1,"retries":50,"keyPrefix":"evil:"},"constructor":{"prototype":{"polluted":1}}}';
const hostile = (): object => JSON.parse(HOSTILE) as object;

function expectClean(): void {
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

test('statistics may have any name', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'polluted'];
  const lines = names.map((name) => `STAT ${name} 1\r\n`).join('');
  await using rogue = await startRogueServer(afterProbe(answer(`${lines}END\r\n`)));
  const client = clients.create(rogue.address, { protocol: 'classic' });
  const statistics = (await client.stats())[rogue.address] as object;
  expect(Object.getOwnPropertyNames(statistics)).toEqual(names);
  for (const name of names) expect(Object.getOwnPropertyDescriptor(statistics, name)?.value).toBe('1');
  expect(Object.getPrototypeOf(statistics)).toBe(Object.prototype);
  expectClean();
});

test('keys may have any name', async () => {
  await using server = await startMemcached();
  const keys = ['__proto__', 'constructor', 'prototype', 'toString'];
  for (const protocol of ['binary', 'meta', 'classic'] as const) {
    const client = clients.create(server.address, { protocol });
    const stored = await client.setMulti(new Map(keys.map((key) => [key, key])));
    expect([...stored]).toEqual(keys.map((key) => [key, true]));
    const found = await client.getMulti(keys);
    expect([...found].map(([key, { value }]) => [key, String(value)]).sort()).toEqual(
      keys.map((key) => [key, key]).sort(),
    );
    expect(String(await client.getOrSet('__proto__', () => 'made'))).toBe('__proto__');
    await client.deleteMulti(keys);
  }
  expectClean();
});

describe('values', () => {
  const kinds: [string, Serializer<never, unknown>, number][] = [
    ['json', jsonSerializer(), 0x6d050000],
    ['compressed json', compressed(jsonSerializer()), 0x6d050000],
    ['dalli with JSON', dalliSerializer({ serializer: 'json' }), 1],
    ['php', phpSerializer(), 6],
  ];
  test.each(kinds)('%s', (_name, serializer, flags) => {
    const extras = Buffer.alloc(4);
    extras.writeUInt32BE(flags);
    const { value } = serializer.deserialize(0, Buffer.from(HOSTILE), extras);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(Reflect.get(value as object, 'polluted')).toBeUndefined();
    expectClean();
  });
});

test('options with a __proto__ of their own are options without it', async () => {
  await using server = await MemoryServer.start();
  const client = Client.create(server.address, { ...hostile(), logger: { log() {} } });
  expect(client.options.retries).toBe(2);
  expect(client.options.keyPrefix).toBe('');
  const whole = Client.create(server.address, Object.assign(hostile(), { logger: { log() {} } }));
  expect(whole.options.retries).toBe(2);
  expect(Reflect.get(whole.options, 'polluted')).toBeUndefined();
  await whole.set('key', '1', hostile());
  await whole.get('key', hostile());
  await whole.increment('key', 1, hostile());
  await whole.getMulti(['key'], hostile());
  await whole.getOrSet('key', () => 'x', { expires: 5, ...hostile() });
  expect((await client.get('key')).value?.toString()).toBe('2');
  const entry = Object.assign(hostile(), { host: server.host, port: server.port });
  expect(await clients.create('unused:1').options.retries).toBe(2);
  const byEntry = Client.create([entry], { logger: { log() {} } });
  expect((await byEntry.get('key')).value?.toString()).toBe('2');
  for (const serializer of [jsonSerializer(hostile()), compressed(jsonSerializer(), hostile())]) {
    expect(serializer.serialize(1, 'x', Buffer.alloc(8)).value).toBe('x');
  }
  for (const made of [client, whole, byEntry]) made.close();
  expectClean();
});

test('Utils.merge', () => {
  for (const original of [{}, { a: 1 }, Object.create(null) as object]) {
    const merged = Utils.merge(original, hostile());
    expect(Reflect.get(Object.getPrototypeOf(merged) ?? {}, 'polluted')).toBeUndefined();
    expectClean();
  }
});
