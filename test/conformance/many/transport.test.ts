import { expect, it, vi } from 'vitest';
import { Client, jsonSerializer, Server } from '../../../src/index.ts';
import { failure } from '../../support/outcomes.ts';

interface Item {
  value: Buffer;
  flags: Buffer;
  cas: bigint;
}

const [GET, ADD, DELETE] = [0x00, 0x02, 0x04];

/** A custom transport: a Server whose `write` keeps items in a map and answers a little later. */
function transport(refuse: (key: string) => number | Error = () => 0): { server: Server; items: Map<string, Item> } {
  const items = new Map<string, Item>();
  const server = new Server('nowhere', 11211);
  let cas = 0n;
  const carryOut = (opcode: number, key: string, extras: Buffer, value: Buffer, expected: bigint): number => {
    const item = items.get(key);
    if (opcode === GET || opcode === DELETE) {
      if (opcode === DELETE) items.delete(key);
      return item ? 0 : 1;
    }
    if ((opcode === ADD && item) || (expected > 0n && item?.cas !== expected)) return 2;
    cas += 1n;
    items.set(key, { value: Buffer.from(value), flags: Buffer.from(extras.subarray(0, 4)), cas });
    return 0;
  };
  server.write = (frame: Buffer) => {
    const opcode = frame[1] as number;
    const extrasEnd = 24 + (frame[4] as number);
    const keyEnd = extrasEnd + frame.readUInt16BE(2);
    const key = frame.toString('utf8', extrasEnd, keyEnd);
    const opaque = frame.readUInt32BE(12);
    setTimeout(() => {
      const refused = refuse(key);
      if (refused instanceof Error) return server.error(refused);
      const parts = [frame.subarray(24, extrasEnd), frame.subarray(keyEnd), frame.readBigUInt64BE(16)] as const;
      const status = refused || carryOut(opcode, key, ...parts);
      const item = items.get(key);
      const casBytes = Buffer.alloc(8);
      casBytes.writeBigUInt64BE(item?.cas ?? 0n);
      const found = status === 0 && opcode === GET ? { extras: item?.flags, val: item?.value } : {};
      server.respond({ header: { status, opaque, cas: casBytes }, ...found });
    }, 1);
  };
  return { server, items };
}

const quiet = { logger: { log: () => {} } };

it('many keys go through a transport of the caller’s own, one frame each', async () => {
  const { server, items } = transport();
  const client = new Client([server], quiet);
  const keys = Array.from({ length: 600 }, (_, index) => `key-${index}`);
  const stored = await client.setMulti(keys.map((key) => [key, key]));
  expect([stored.size, items.size]).toEqual([600, 600]);
  const found = await client.getMulti([...keys, 'missing'], { cas: true });
  expect(found.size).toBe(600);
  expect(found.get('key-7')).toEqual({
    value: Buffer.from('key-7'),
    flags: Buffer.alloc(4),
    cas: items.get('key-7')?.cas,
  });
  expect(Object.fromEntries(await client.deleteMulti(['key-1', 'missing']))).toEqual({ 'key-1': true, missing: false });
});

it('what it refuses for one key is that key’s error', async () => {
  const { server } = transport((key) => (key === 'large' ? 3 : 0));
  const client = new Client([server], quiet);
  const stored = await client.setMulti([
    ['a', '1'],
    ['large', '2'],
    ['b', '3'],
  ]);
  expect([...stored]).toEqual([
    ['a', true],
    ['b', true],
  ]);
  expect([...stored.errors]).toEqual([['large', expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' })]]);
});

it('what the serializer cannot read is the error of its key', async () => {
  const { server, items } = transport();
  const client = new Client([server], { ...quiet, serializer: jsonSerializer() });
  await client.setMulti([['good', { a: 1 }]]);
  items.set('bad', { value: Buffer.from('{'), flags: Buffer.from([0x6d, 5, 0, 0]), cas: 9n });
  const found = await client.getMulti(['bad', 'good']);
  expect(found.get('good')?.value).toEqual({ a: 1 });
  expect([...found.errors.keys()]).toEqual(['bad']);
});

it('its failure is that of the server, and with no other server rejects', async () => {
  const broken = new Error('broken');
  const { server } = transport((key) => (key === 'x' ? broken : 0));
  const client = new Client([server], { ...quiet, retries: 1 });
  expect(await failure(client.getMulti(['x', 'y']))).toBe(broken);
  const { server: other } = transport();
  const both = new Client([other, server], { ...quiet, retries: 1 });
  both.getServer = (key) => (key === 'x' ? 1 : 0);
  await both.set('y', 'v');
  const found = await both.getMulti(['x', 'y']);
  expect([...found.keys()]).toEqual(['y']);
  expect([...found.errors]).toEqual([['nowhere:11211', broken]]);
});

it('answers from inside write are taken, however many batches there are', async () => {
  const { server } = transport();
  server.write = (frame: Buffer) => server.respond({ header: { status: 0, opaque: frame.readUInt32BE(12) } });
  const client = new Client([server], quiet);
  const keys = Array.from({ length: 300_000 }, (_, index) => `key-${index}`);
  expect((await client.deleteMulti(keys)).size).toBe(300_000);
}, 60_000);

it.each<[string, (client: Client) => Promise<unknown>]>([
  ['getMulti', (client) => client.getMulti(['a', 'b'])],
  ['setMulti', (client) => client.setMulti(Object.entries({ a: '1', b: '2' }))],
  ['deleteMulti', (client) => client.deleteMulti(['a', 'b'])],
])('what getServer throws when keys of a failed server look for another is what %s rejects with', async (_, call) => {
  const { server } = transport(() => new Error('broken'));
  const client = new Client([server, transport().server], { ...quiet, retries: 1, failover: true });
  const thrown = new Error('nobody is up');
  let asked = 0;
  client.getServer = () => {
    if (asked++ < 2) return 0;
    throw thrown;
  };
  expect(await failure(call(client))).toBe(thrown);
  await client.quit();
});

it('what fails from inside write ends the batch, and a signal ends the wait', async () => {
  const { server } = transport();
  const { write } = server;
  const client = new Client([server], { ...quiet, retries: 1 });
  const broken = new Error('broken');
  let frames = 0;
  server.write = () => {
    frames++;
    if (frames === 2) throw broken;
  };
  expect(await failure(client.getMulti(['a', 'b', 'c', 'd']))).toBe(broken);
  expect(frames).toBe(2);
  const controller = new AbortController();
  const waiting = failure(client.getMulti(['a', 'b'], { signal: controller.signal }));
  controller.abort();
  expect(await waiting).toBe(controller.signal.reason);
  server.write = write;
  await client.setMulti([['a', '1']]);
  expect([...(await client.getMulti(['a', 'b'])).keys()]).toEqual(['a']);
});

it('getOrSet and update work through it, at once with other commands', async () => {
  const { server, items } = transport();
  const client = new Client([server], quiet);
  const compute = vi.fn(() => 'made');
  const calls = ['a', 'b', 'c'].map((key) => client.getOrSet(key, compute, { expires: 60, staleFor: 60 }));
  const [found, ...made] = await Promise.all([client.get('other'), ...calls]);
  expect(found.value).toBeNull();
  expect(made.map(String)).toEqual(['made', 'made', 'made']);
  expect(compute).toHaveBeenCalledTimes(3);
  expect([...items.keys()].sort()).toEqual(['a', 'a:fresh', 'b', 'b:fresh', 'c', 'c:fresh']);
  const changes = Array.from({ length: 10 }, () => client.update('n', (value) => `${Number(value ?? 0) + 1}`));
  await Promise.all(changes);
  expect((await client.get('n')).value?.toString()).toBe('10');
});
