import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client, Utils } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';

const storage = new AsyncLocalStorage<string>();
let server: MemoryServer;
let client: Client;

beforeAll(async () => {
  server = await MemoryServer.start();
  client = Client.create(server.address, { protocol: 'binary', logger: false });
  // The socket is of this context, which no other call has anything to do with.
  await storage.run('the first', () => client.set('n', '1'));
});

afterAll(async () => {
  await client.quit();
  await server.stop();
});

const NOOP = Utils.makeRequestBuffer(0x00, 'n', '', '', 77);

const CALLS: Readonly<Record<string, (done: () => void) => unknown>> = {
  get: (done) => client.get('n', done),
  'get of a bad key': (done) => client.get('', done),
  set: (done) => client.set('key', 'value', {}, done),
  delete: (done) => client.delete('key', done),
  increment: (done) => client.increment('n', 1, {}, done),
  flush: (done) => client.flush({ expires: 100 }, done),
  stats: (done) => client.stats(done),
  perform: (done) => client.perform('n', NOOP, 77, done),
};

it.each(Object.entries(CALLS))('the callback of %s runs in the async context of the call', async (_name, call) => {
  const contexts = await Promise.all(
    ['one', 'two'].map((name) =>
      storage.run(name, () => new Promise((resolve) => call(() => resolve(storage.getStore())))),
    ),
  );
  expect(contexts).toEqual(['one', 'two']);
});

it('a promise leads back to the context of the call', async () => {
  const context = await storage.run('three', async () => {
    await client.get('n');
    return storage.getStore();
  });
  expect(context).toBe('three');
});
