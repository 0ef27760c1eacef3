/**
 * One of several processes that ask for the same things at once. It takes orders from its parent, one at a time, and
 * answers each.
 */
import { Client } from '../../../src/index.ts';
import { sleep } from '../../support/wait.ts';
import { type Answer, type Order, type Place, PROTOCOLS } from './orders.ts';
import { writeRounds } from './rounds.ts';

const [address = ''] = process.argv.slice(2);
const clients = new Map(
  PROTOCOLS.map((protocol) => [protocol, Client.create(address, { protocol, timeout: 10, logger: { log: () => {} } })]),
);

/** All callers ask for one key; a computation counts itself on the server, and tells the parent that it has begun. */
async function ask(
  client: Client,
  { key, callers, takes, expires, staleFor, lockFor }: Extract<Order, { ask: true }>,
): Promise<Answer> {
  const compute = async (): Promise<string> => {
    const { value } = await client.increment(`${key}-computations`, 1, { initial: 1 });
    send({ computing: process.pid });
    await sleep(takes);
    return `value ${value}`;
  };
  const start = performance.now();
  let longest = 0;
  const calls = Array.from({ length: callers }, async () => {
    const value = await client.getOrSet(key, compute, { expires, staleFor, lockFor });
    longest = Math.max(longest, performance.now() - start);
    return String(value);
  });
  const values = [...new Set(await Promise.all(calls))];
  return { values, longest };
}

async function add(client: Client, { key, times }: Extract<Order, { add: true }>): Promise<Answer> {
  for (let done = 0; done < times; done++) {
    await client.update(key, (value) => `${Number(value ?? 0) + 1}`, { retries: 10_000 });
  }
  return { values: [], longest: 0 };
}

/** Each key counts on the server how often it was computed. */
async function askMany(
  client: Client,
  { key, count, size, takes, lockFor, index, processes }: Extract<Order, { many: true }> & Place,
): Promise<Answer> {
  const compute = async (keys: string[]): Promise<[string, string][]> => {
    await Promise.all(keys.map((one) => client.increment(`${one}-computations`, 1, { initial: 1 })));
    send({ computing: process.pid });
    await sleep(takes);
    return keys.map((one) => [one, `value of ${one}`]);
  };
  const start = performance.now();
  // Half of what a process asks for is asked for by the next one, too.
  const step = Math.floor(count / processes);
  const keys = Array.from({ length: 2 * step }, (_, offset) => `${key}-${(index * step + offset) % count}`);
  const calls = [];
  for (let first = 0; first < keys.length; first += size) {
    calls.push(client.getOrSetMulti(keys.slice(first, first + size), compute, { expires: 60, lockFor }));
  }
  const wrong = (await Promise.all(calls)).flatMap((found) =>
    [...found].filter(([one, value]) => String(value) !== `value of ${one}`).map(([one]) => one),
  );
  const found = await client.getMulti(keys);
  return { values: [...wrong, ...keys.filter((one) => !found.has(one))], longest: performance.now() - start };
}

function send(message: object): void {
  process.send?.(message);
}

function carryOut(client: Client, order: Order & Place): Promise<Answer> {
  if ('ask' in order) return ask(client, order);
  if ('many' in order) return askMany(client, order);
  return 'rounds' in order ? writeRounds(client, order) : add(client, order);
}

process.on('message', async (order: Order & Place) => {
  const client = clients.get(order.protocol) as Client;
  try {
    send({ answer: await carryOut(client, order) });
  } catch (error) {
    send({ failed: String(error) });
  }
});
process.once('disconnect', () => process.exit());
// Not every server speaks all protocols.
await Promise.allSettled([...clients.values()].map((client) => client.connect()));
send({ ready: true });
