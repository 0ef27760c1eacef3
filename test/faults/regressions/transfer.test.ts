import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { CAN } from '../../support/subject.ts';
import { useClients } from '../clients.ts';

/** Values that lie in memory with others, by the ways in which that is done, and one that has its own. */
const SIZES = [10, 1000, 3000, 8000, 100_000];

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

/** Most runtimes refuse to transfer what may not be, some copy it. */
function attempt(transfer: () => void): void {
  try {
    transfer();
  } catch {}
}

const WAYS: Record<string, (value: Buffer) => void> = {
  postMessage: (value) => {
    const { port1, port2 } = new MessageChannel();
    attempt(() => port1.postMessage(value, [value.buffer as ArrayBuffer]));
    port1.close();
    port2.close();
  },
  structuredClone: (value) => attempt(() => structuredClone(value, { transfer: [value.buffer as ArrayBuffer] })),
};

describe.each(CAN.protocols)('over %s', (protocol) => {
  const bytesOf = (size: number, index: number) => Buffer.alloc(size, `${index};`);
  const keyOf = (size: number, index: number) => `${size}-${index}`;
  const all = SIZES.flatMap((size) => [0, 1, 2].map((index) => ({ size, index })));

  async function filled() {
    const client = clients.create(server.address, { protocol });
    await Promise.all(all.map(({ size, index }) => client.set(keyOf(size, index), bytesOf(size, index))));
    return client;
  }

  test.each(Object.keys(WAYS))('a value that is given to a worker by %s takes no other one with it', async (way) => {
    const client = await filled();
    for (const size of SIZES) {
      const given = await client.get(keyOf(size, 0), { cas: true });
      const kept = await Promise.all(all.map(({ size, index }) => client.get(keyOf(size, index))));
      for (const bytes of [given.value, given.flags]) WAYS[way]?.(bytes as Buffer);
      const changed = all.filter(({ size, index }, at) => !kept[at]?.value?.equals(bytesOf(size, index)));
      expect(changed).toEqual([]);
      expect(kept.map(({ flags }) => flags)).toEqual(all.map(() => Buffer.alloc(4)));
    }
  });

  test('after one was taken with ArrayBuffer.prototype.transfer, further ones come as before', async () => {
    setFlagsFromString('--harmony-rab-gsab-transfer');
    const { transfer } = runInNewContext('ArrayBuffer.prototype');
    const client = await filled();
    for (const size of SIZES.filter((size) => size > 1000)) {
      const { value } = await client.get(keyOf(size, 0));
      transfer.call(value?.buffer);
      expect(value).toHaveLength(0);
      const others = await client.getMulti(all.map(({ size, index }) => keyOf(size, index)));
      const wrong = all.filter(
        ({ size, index }) => !others.get(keyOf(size, index))?.value?.equals(bytesOf(size, index)),
      );
      expect(wrong).toEqual([]);
      expect(await clients.create(server.address, { protocol }).get('missing')).toMatchObject({ value: null });
    }
  });

  test('after it was taken in the callback of the last command under way, the connection goes on', async () => {
    setFlagsFromString('--harmony-rab-gsab-transfer');
    const { transfer } = runInNewContext('ArrayBuffer.prototype');
    const client = await filled();
    const [key, bytes] = ['long', Buffer.alloc(10_000, 'a')];
    await client.set(key, bytes);
    // Until values are views of a block that the connection reads into.
    for (let round = 0; round < 6; round++) await Promise.all(Array.from({ length: 50 }, () => client.get(key)));
    const last = await new Promise<Buffer | null>((resolve) => {
      for (let left = 59; left >= 0; left--) {
        client.get(key, (_, value) => {
          if (left > 0) return;
          if (value !== null) transfer.call(value.buffer);
          resolve(value);
        });
      }
    });
    expect(last).toHaveLength(0);
    expect((await client.get(key)).value?.equals(bytes)).toBe(true);
  });
});
