import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { freePort } from '../../support/ports.ts';
import {
  answer,
  type Behaviour,
  deaf,
  finAfterData,
  halfReply,
  resetAfterData,
  silent,
  startRogueServer,
  tooManyConnections,
} from '../../support/rogue-server.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { type Options, useClients } from '../clients.ts';

const OPTIONS: Options = { timeout: 0.05, conntimeout: 0.05, retries: 2, retry_delay: 0.01 };
const BEHAVIOURS: [name: string, behaviour: Behaviour][] = [
  ['is silent', silent()],
  ['is deaf', deaf()],
  ['closes', finAfterData()],
  ['resets', resetAfterData()],
  ['resets at once', (socket) => socket.resetAndDestroy()],
  ['is full', tooManyConnections()],
  ['breaks off in the middle of an answer', halfReply(Buffer.alloc(24, 0x81))],
  ['answers in another protocol', answer('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['answers with garbage', answer(Buffer.alloc(100, 0x81))],
];

const clients = useClients();
const uncaught: unknown[] = [];
const note = (reason: unknown): void => void uncaught.push(reason);
let server: Memcached;

beforeAll(async () => {
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  server = await startMemcached();
});

afterAll(async () => {
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  await server.stop();
});

/** Every command with a callback; the promises that there might be are dropped. Resolves when all have called back. */
async function callAll(client: Client, end?: () => void): Promise<unknown[]> {
  const errors: unknown[] = [];
  const done = (error: unknown): void => void errors.push(error);
  client.get('a', done);
  client.set('a', 'v', {}, done);
  client.set('a', 'v', done, 60);
  client.add('a', 'v', {}, done);
  client.replace('a', 'v', {}, done);
  client.append('a', 'v', done);
  client.prepend('a', 'v', done);
  client.delete('a', done);
  client.increment('n', 1, {}, done);
  client.decrement('n', 1, {}, done);
  client.touch('a', 60, done);
  client.flush(done);
  client.stats(done);
  client.statsWithKey('settings', done);
  client.resetStats(done);
  client.get('', done);
  client.set('a', 5 as never, {}, done);
  client.set('a', 'v', null, 60);
  client.set('a', 'v', {}, null as never);
  end?.();
  await eventually(() => errors.length >= 17);
  // Whatever is not handled is reported at the end of a turn.
  await sleep(20);
  return errors;
}

test.each(BEHAVIOURS)('nothing goes unhandled when the server %s', async (_name, behaviour) => {
  await using rogue = await startRogueServer(behaviour);
  for (const address of [rogue.address, `user:password@${rogue.address}`]) {
    const errors = await callAll(clients.create(address, OPTIONS));
    expect(errors).toHaveLength(17);
    expect(errors.every((error) => error instanceof Error)).toBe(true);
  }
  expect(uncaught).toEqual([]);
});

test('nothing goes unhandled when no server listens, or the name is none', async () => {
  for (const address of [`127.0.0.1:${await freePort()}`, 'no-such-host.invalid:11211', '/no/such.sock']) {
    for (const failover of [false, true]) {
      const errors = await callAll(clients.create(address, { ...OPTIONS, failover, failoverTime: 0.05 }));
      expect(errors).toHaveLength(17);
      expect(errors.every((error) => error instanceof Error)).toBe(true);
    }
  }
  expect(uncaught).toEqual([]);
});

test('nothing goes unhandled when the client is closed with commands waiting', async () => {
  for (const how of ['close', 'quit'] as const) {
    const client = clients.create(server.address);
    expect(await callAll(client, () => void client[how]())).toHaveLength(17);
  }
  expect(uncaught).toEqual([]);
});

test('null for a callback, as MemJS takes it, means that nobody waits', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const client = clients.create(address, { ...OPTIONS, retries: 1 });
  const nobody = null as never;
  const returned = [
    client.set('a', 'v', {}, nobody),
    client.add('a', 'v', {}, nobody),
    client.increment('n', 1, {}, nobody),
    client.touch('a', 60, nobody),
    client.get('a', nobody),
    client.delete('a', nobody),
    client.append('a', 'v', nobody),
    client.prepend('a', 'v', nobody),
  ];
  await expect(client.get('b')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  // All eight are counted as failed when they are over.
  client.close();
  expect(clients.log).toContain(`memts: Server <${address}>: 8 more commands failed, not logged one by one`);
  await sleep(20);
  expect(uncaught.splice(0)).toEqual([]);
  expect(returned).toEqual(returned.map(() => undefined));
});

test('what a callback throws reaches nobody but the process, and harms no other command', async () => {
  const client = clients.create(server.address);
  await client.set('a', 'value');
  const mine = new Error("the callback's own");
  const others = process.listeners('uncaughtException').filter((listener) => listener !== note);
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note);
  try {
    client.get('a', () => {
      throw mine;
    });
    expect((await client.get('a')).value?.toString()).toBe('value');
    await eventually(() => uncaught.length > 0);
  } finally {
    for (const listener of others) process.on('uncaughtException', listener);
  }
  expect(uncaught.splice(0)).toEqual([mine]);
});
