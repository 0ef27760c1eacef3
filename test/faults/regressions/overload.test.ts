import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { afterProbe, type Behaviour, startRogueServer } from '../../support/rogue-server.ts';
import { CAN } from '../../support/subject.ts';
import { sleep } from '../../support/wait.ts';
import { useClients } from '../clients.ts';

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached({ args: ['-m', '1024'] });
});

afterAll(() => server.stop());

/** A server that answers one read after the other, each after a while, and stores at once. */
async function startSlowServer(milliseconds: number) {
  let reads = 0;
  const answer = (socket: Socket): void => {
    let last = Promise.resolve();
    socket.on('data', (chunk) => {
      for (const _ of chunk.toString('latin1').matchAll(/^mg /gm)) {
        reads++;
        last = last.then(() => sleep(milliseconds)).then(() => void socket.write('EN\r\n'));
      }
    });
  };
  const rogue = await startRogueServer(afterProbe(answer));
  return { rogue, reads: () => reads };
}

test('a read that ran out of time while its connection was answering others is not sent again', async () => {
  const { rogue, reads } = await startSlowServer(80);
  await using slow = rogue;
  const client = clients.create(slow.address, { protocol: 'meta', timeout: 0.4, retries: 3, retry_delay: 0.01 });
  await client.connect();
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => client.get(`key${index}`)));
  const late = outcomes.filter(({ status }) => status === 'rejected');
  expect(late.length).toBeGreaterThan(10);
  expect(late.length).toBeLessThan(20);
  await sleep(100);
  expect(reads()).toBe(20);
});

test('a read whose connection answers nobody is sent again', async () => {
  let reads = 0;
  const count: Behaviour = (socket) => {
    socket.on('data', (chunk) => {
      reads += String(chunk).split('mg ').length - 1;
    });
  };
  await using silent = await startRogueServer(afterProbe(count));
  const client = clients.create(silent.address, { protocol: 'meta', timeout: 0.1, retries: 2, retry_delay: 0.01 });
  await client.connect();
  expect(await failure(client.get('key'))).toMatchObject({ code: 'ERR_TIMEOUT' });
  expect(reads).toBe(2);
});

test('a timeout says whether the command had left, and how many were before it', async () => {
  await using silent = await startRogueServer(afterProbe(() => {}));
  const client = clients.create(silent.address, { protocol: 'meta', timeout: 0.2, retries: 1 });
  await client.connect();
  const first = failure(client.get('first'));
  const second = failure(client.get('second'));
  const third = failure(client.get('third'));
  const text = 'socket timed out waiting on response. It had left, and';
  expect((await first).message).toBe(`${text} 0 commands were before it.`);
  expect((await second).message).toBe(`${text} 1 command was before it.`);
  expect((await third).message).toBe(`${text} 2 commands were before it.`);
  const { message } = await failure(client.get('later'));
  expect(message).not.toContain('later');
});

test.each(['binary', 'meta', 'classic'] as const)('the handshake is none of them: %s', async (protocol) => {
  await using silent = await startRogueServer(() => {});
  const client = clients.create(silent.address, { protocol, timeout: 0.2, conntimeout: 5, retries: 1 });
  const { message } = await failure(client.get('key'));
  expect(message).toBe('socket timed out waiting on response. It had left, and 0 commands were before it.');
});

test('a command that runs out of time behind others that fill the socket has not left, so it is sent again', async () => {
  const client = clients.create(server.address, { protocol: CAN.protocols[0], timeout: 0.1, retries: 10 });
  await client.set('counter', '0');
  server.pause();
  try {
    const filling = Array.from({ length: 250 }, (_, index) =>
      client.set(`filling-${index}`, Buffer.alloc(100_000), { timeout: 20 }),
    );
    const counted = client.increment('counter', 1);
    // Past its time, and the pause before another attempt.
    await sleep(400);
    server.resume();
    await Promise.all(filling);
    expect(await counted).toEqual({ success: true, value: 1 });
  } finally {
    server.resume();
  }
});

test('one that is not sent again says that it had not left, and has had no effect', async () => {
  const client = clients.create(server.address, { protocol: CAN.protocols[0], timeout: 0.1, retries: 1 });
  await client.set('counter', '0');
  server.pause();
  try {
    const filling = Array.from({ length: 250 }, (_, index) =>
      client.set(`filling-${index}`, Buffer.alloc(100_000), { timeout: 20 }),
    );
    const { message } = await failure(client.increment('counter', 1));
    expect(message).toBe('socket timed out waiting on response. It had not left, and 250 commands were before it.');
    server.resume();
    await Promise.all(filling);
    expect(String((await client.get('counter', { timeout: 5 })).value)).toBe('0');
  } finally {
    server.resume();
  }
});

test.each(CAN.protocols)('3,000 sets of 100 KB at once are all stored, over %s', async (protocol) => {
  const client = clients.create(server.address, { protocol, timeout: 5, retries: 1 });
  await client.connect();
  const value = Buffer.alloc(100_000, 'x');
  const turns = countTurns();
  const outcomes = await Promise.all(
    Array.from({ length: 3000 }, (_, index) => client.set(`key${index}`, value).catch((error) => error.code)),
  );
  expect(new Set(outcomes)).toEqual(new Set([true]));
  // Responses are read in between: no more than a small part goes to the socket at a time.
  expect(turns()).toBeGreaterThan(500);
});

/** Counts how many times the event loop has come by. */
function countTurns(): () => number {
  let turns = 0;
  let isOver = false;
  const next = (): void => {
    turns++;
    if (!isOver) setImmediate(next);
  };
  next();
  return () => {
    isOver = true;
    return turns;
  };
}
