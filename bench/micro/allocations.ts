import { type AddressInfo, createServer } from 'node:net';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../../test/support/memcached.ts';
import { decoder, encoder, getRequest, hit, miss, PROTOCOLS, setRequest } from './fixtures.ts';

// Bytes of the heap that each part of a command and a whole one allocate. Run with a young generation that is so large
// that nothing is collected meanwhile.

const VALUE = Buffer.alloc(100, 'x');
const COUNT = 20_000;
const ANSWERS = 50;

function report(name: string, bytes: number): void {
  console.log(`${name.padEnd(42)}${Math.round(bytes).toString().padStart(7)} B`);
}

function allocated(work: () => unknown, each = 1): number {
  for (let i = 0; i < COUNT; i++) work();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const times = COUNT / each;
  for (let i = 0; i < times; i++) work();
  return (process.memoryUsage().heapUsed - before) / COUNT;
}

/** The heap that one of the commands under way takes, with `inFlight` of them at a time. */
async function allocatedByCommands(command: (i: number) => unknown, inFlight = 64): Promise<number> {
  const load = async () => {
    for (let i = 0; i < COUNT; i += inFlight) await Promise.all(Array.from({ length: inFlight }, () => command(i)));
  };
  await load();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  await load();
  return (process.memoryUsage().heapUsed - before) / COUNT;
}

/** What a get holds while it waits for its response: its command, its promise and its place in the queue. */
async function heldByWaitingGets(): Promise<number> {
  // It answers the no-op with which a connection begins, and nothing after it.
  const silent = createServer((socket) => {
    socket.once('data', (noop) => {
      socket.pause();
      noop.writeUInt8(0x81, 0);
      socket.write(noop.subarray(0, 24));
    });
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const client = Client.create(`127.0.0.1:${port}`, { protocol: 'binary', timeout: 60 });
  await client.connect();
  const keep: Promise<unknown>[] = new Array(COUNT);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < COUNT; i++) keep[i] = client.get('key');
  await new Promise(setImmediate);
  globalThis.gc?.();
  const held = (process.memoryUsage().heapUsed - before) / COUNT;
  client.close();
  await Promise.allSettled(keep);
  silent.close();
  return held;
}

/** What 1,000 kept values hold, when every one of them is kept or one of so many. */
async function heldByKeptValues(client: Client, oneOf: number): Promise<number> {
  const kept: unknown[] = [];
  globalThis.gc?.();
  const before = process.memoryUsage();
  while (kept.length < 1000) {
    const results = await Promise.all(Array.from({ length: oneOf }, () => client.get('key')));
    kept.push(results[0]?.value);
  }
  globalThis.gc?.();
  const after = process.memoryUsage();
  // Named again, so that it is not collected before.
  return ((after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) * kept.length) / 1000;
}

console.log('Bytes of the heap');
for (const protocol of PROTOCOLS) {
  report(`${protocol.name}: encode a get`, allocated(encoder(protocol, getRequest())));
  report(`${protocol.name}: encode a set of 100 B`, allocated(encoder(protocol, setRequest(VALUE))));
  report(
    `${protocol.name}: decode a hit of 100 B`,
    allocated(decoder(protocol, getRequest(), hit(protocol, VALUE), ANSWERS), ANSWERS),
  );
  report(
    `${protocol.name}: decode a miss`,
    allocated(decoder(protocol, getRequest(), miss(protocol), ANSWERS), ANSWERS),
  );
}

await using server = await startMemcached();
for (const { name } of PROTOCOLS) {
  const client = Client.create(server.address, { protocol: name });
  await client.set('key', VALUE);
  report(`${name}: a whole get, promise`, await allocatedByCommands(() => client.get('key')));
  report(`${name}: a whole set, promise`, await allocatedByCommands(() => client.set('key', VALUE)));
  report(`${name}: 1,000 kept values of 100 B`, await heldByKeptValues(client, 1));
  report(`${name}: 1,000 kept values, one of 16`, await heldByKeptValues(client, 16));
  await client.quit();
}
report('held by a waiting get', await heldByWaitingGets());
