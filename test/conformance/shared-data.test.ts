import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, jsonSerializer } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { flagsOf, type RunningServer } from './client/suite/target.ts';

const PROTOCOLS = ['binary', 'meta', 'classic'] as const;
type Protocol = (typeof PROTOCOLS)[number];

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** Whether the classic protocol has a form for a key with that byte. */
const isPlain = (byte: number): boolean => byte > 0x20 && byte !== 0x7f;

const SERVERS: [name: string, start: () => Promise<RunningServer>][] = [
  ['memcached', () => startMemcached()],
  ['MemoryServer', () => MemoryServer.start()],
];

describe.each(SERVERS)('one item over all protocols: %s', (_name, start) => {
  let server: RunningServer;
  let clients: Record<Protocol, Client>;

  beforeAll(async () => {
    server = await start();
    const create = (protocol: Protocol) => Client.create(server.address, { protocol, timeout: 5 });
    clients = { binary: create('binary'), meta: create('meta'), classic: create('classic') };
  });

  afterAll(async () => {
    for (const protocol of PROTOCOLS) clients[protocol].close();
    await server.stop();
  });

  it.each(PROTOCOLS)('keys with every byte, written over %s', async (writer) => {
    const bytes = Array.from(EVERY_BYTE).filter((byte) => writer !== 'classic' || isPlain(byte));
    expect(bytes).toHaveLength(writer === 'classic' ? 222 : 256);
    for (const byte of bytes) {
      const key = Buffer.from([0x6b, byte, 0x6b]);
      const value = Buffer.from(`${byte} over ${writer}`);
      expect(await clients[writer].set(key, value, { flags: byte })).toBe(true);
      const readers = PROTOCOLS.filter((protocol) => protocol !== 'classic' || isPlain(byte));
      const found = await Promise.all(readers.map((reader) => clients[reader].get(key)));
      expect(found).toEqual(readers.map(() => ({ value, flags: flagsOf(byte) })));
      const many = await Promise.all(readers.map((reader) => clients[reader].getMulti([key])));
      for (const map of many) expect([...map.values()]).toEqual([{ value, flags: flagsOf(byte) }]);
    }
  });

  it.each(PROTOCOLS)('values with every byte and all flags, written over %s', async (writer) => {
    for (const flags of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      await clients[writer].set('value', EVERY_BYTE, { flags });
      for (const reader of PROTOCOLS) {
        expect(await clients[reader].get('value')).toEqual({ value: EVERY_BYTE, flags: flagsOf(flags) });
      }
    }
  });

  it.each(PROTOCOLS)('the CAS that %s tells is one that the others take', async (teller) => {
    for (const other of PROTOCOLS) {
      await clients[teller].set('cas', '1');
      const { cas } = await clients[teller].get('cas', { cas: true });
      expect(await clients[other].set('cas', '2', { cas: cas as bigint })).toBe(true);
      expect(await clients[teller].set('cas', '3', { cas: cas as bigint })).toBe(false);
    }
  });

  it('counters and pieces', async () => {
    await clients.binary.increment('counter', 1, { initial: 1000 });
    expect(await clients.meta.decrement('counter', 1)).toEqual({ success: true, value: 999 });
    expect(await clients.classic.increment('counter', 2)).toEqual({ success: true, value: 1001 });
    await clients.classic.set('text', 'b', { flags: 5 });
    await clients.meta.prepend('text', 'a');
    await clients.binary.append('text', 'c');
    expect(await clients.classic.get('text')).toEqual({ value: Buffer.from('abc'), flags: flagsOf(5) });
  });

  it.each(PROTOCOLS)('what a serializer has written over %s', async (writer) => {
    const value = { text: 'grün', list: [1, null, true], bytes: 'x'.repeat(2000) };
    const create = (protocol: Protocol) =>
      Client.create<unknown, unknown>(server.address, { protocol, timeout: 5, serializer: jsonSerializer() });
    const own = PROTOCOLS.map((protocol) => [protocol, create(protocol)] as const);
    for (const [protocol, client] of own) if (protocol === writer) await client.set('object', value);
    for (const [, client] of own) {
      expect((await client.get('object')).value).toEqual(value);
      client.close();
    }
  });
});
