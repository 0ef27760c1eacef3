import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { CAN } from '../../support/subject.ts';
import { useClients } from '../clients.ts';

const CONNECTIONS = 60;
/** What an idle connection may take of memory outside of the heap, in bytes; a block for its output alone would be 64 KB. */
const MOST_BYTES = 2048;

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

/** Memory outside of the heap that is in use. */
async function external(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // Some of it is given back a turn after its owner has gone.
  for (let turn = 0; turn < 3; turn++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().external;
}

test.each(CAN.protocols)('an idle connection over %s takes less than 2 KB outside of the heap', async (protocol) => {
  const keys = Array.from({ length: CONNECTIONS * 20 }, (_, index) => `key-${index}`);
  const work = async (connections: number) => {
    const client = clients.create(server.address, { protocol, connections, timeout: 10 });
    await Promise.all(keys.map((key) => client.set(key, Buffer.alloc(8000, key))));
    await Promise.all(keys.map((key) => client.get(key)));
  };
  // Spare blocks belong to no connection, and are there already.
  await work(CONNECTIONS);
  const before = await external();
  await work(CONNECTIONS);
  expect((await external()) - before).toBeLessThan(CONNECTIONS * MOST_BYTES);
});
