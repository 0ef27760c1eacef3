import { getEventListeners } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Client, Server } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { afterProbe, silent, startRogueServer } from '../../support/rogue-server.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { useClients } from '../clients.ts';

/** One more than Node.js takes for a leak. */
const ELEVEN = 11;

const clients = useClients();
let memcached: Memcached;
let warnings: Error[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);

beforeAll(async () => {
  memcached = await startMemcached();
});

afterAll(() => memcached.stop());

beforeEach(() => {
  warnings = [];
  process.on('warning', onWarning);
});

afterEach(async () => {
  // Warnings are emitted on a later tick.
  await sleep(1);
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

describe('one signal for many', () => {
  test.each(['binary', 'meta', 'classic'] as const)(
    'has one listener, and none when all are done, over %s',
    async (protocol) => {
      const client = clients.create(memcached.address, { protocol });
      const { signal } = new AbortController();
      const calls: Promise<unknown>[] = [];
      for (let index = 0; index < ELEVEN; index++) {
        calls.push(
          client.set(`k${index}`, 'v', { signal }),
          client.get(`k${index}`, { signal }),
          client.getMulti([`k${index}`, 'other'], { signal }),
          client.setMulti([['k', 'v']], { signal }),
          client.getOrSet(`computed${index}`, () => 'v', { signal }),
          client.update(`k${index}`, () => 'w', { signal }),
          client.flush({ signal }),
        );
      }
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      await Promise.all(calls);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    },
  );

  test.each([null, 0, ''])('aborted with %j, which a callback would take for no error, is one', async (reason) => {
    await using rogue = await startRogueServer(silent());
    const client = clients.create(rogue.address, { timeout: 5 });
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = new Promise((resolve) => client.get('key', { signal }, (error) => resolve(error)));
    const promised = client.get('key', { signal }).catch((error) => ({ error }));
    controller.abort(reason);
    expect(await waiting).toMatchObject({ message: 'The command ended without a reason', cause: reason });
    expect(await promised).toEqual({ error: reason });
  });

  test('aborted, ends each that waits with its reason, and no other', async () => {
    await using rogue = await startRogueServer(silent());
    const client = clients.create(rogue.address, { timeout: 5 });
    const controller = new AbortController();
    const { signal } = controller;
    const done = await clients.create(memcached.address).get('done', { signal });
    const ended = Array.from({ length: 5 }, () => client.get('key', { signal }));
    const other = client.get('key');
    const reason = new Error('enough');
    controller.abort(reason);
    const outcomes = await Promise.allSettled(ended);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason === reason)).toEqual(
      Array(5).fill(true),
    );
    expect(done.value).toBeNull();
    client.close();
    await expect(other).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('aborting 40,000 commands takes next to no time', () => {
  const COUNT = 40_000;

  /** The time that the process itself spends on it, which others on the machine have no part in. */
  function cost(run: () => void): number {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }

  test.each(['one signal', 'a signal for each'])('that wait for a response, with %s', async (which) => {
    await using rogue = await startRogueServer(afterProbe(silent()));
    const client = clients.create(rogue.address, { timeout: 30 });
    await client.connect();
    await expectAbortsToBeCheap(client, which);
  });

  test.each(['one signal', 'a signal for each'])('that wait for a connection, with %s', async (which) => {
    await expectAbortsToBeCheap(clients.create('127.0.0.1:1', { conntimeout: 30 }), which);
  });

  async function expectAbortsToBeCheap(client: Client, which: string): Promise<void> {
    const make = () => Array.from({ length: which === 'one signal' ? 1 : COUNT }, () => new AbortController());
    const controllers = make();
    const reasons = new Set<unknown>();
    for (let index = 0; index < COUNT; index++) {
      const { signal } = controllers[index % controllers.length] as AbortController;
      client.get('key', { signal }).catch((error) => reasons.add(error.name));
    }
    // From the last one on: what stands behind others is what takes long to find.
    const abortAll = (all: AbortController[]) => all.reverse().forEach((controller) => void controller.abort());
    const taken = cost(() => abortAll(controllers));
    await sleep(1);
    expect(reasons).toEqual(new Set(['AbortError']));
    // Node.js's own part of it, with nobody behind the signals.
    const others = make();
    for (const { signal } of others) signal.addEventListener('abort', () => {}, { once: true });
    expect(taken).toBeLessThan(2 * cost(() => abortAll(others)) + 100);
  }
});

test('one Server in eleven clients', async () => {
  const server = new Server('127.0.0.1', memcached.port);
  const many = Array.from({ length: ELEVEN }, () => new Client([server], { logger: { log() {} } }));
  expect(await Promise.all(many.map((client, index) => client.set(`${index}`, 'v')))).toEqual(Array(ELEVEN).fill(true));
  await Promise.all(many.map((client) => client.quit()));
});

test('eleven quits at once all end, with the responses in', async () => {
  const client = clients.create(memcached.address);
  await client.connect();
  const answer = client.get('key');
  await Promise.all(Array.from({ length: ELEVEN }, () => client.quit()));
  expect((await answer).value).toBeNull();
  await eventually(() => client.servers[0]?.connected === false);
});
