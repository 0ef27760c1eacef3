/**
 * One of several processes that ask for the same things at once. It takes orders from its parent, one at a time, and
 * answers each.
 */
import { Client } from '../../../src/index.ts';
import { type Answer, type Order, PROTOCOLS } from './orders.ts';

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
    await new Promise((resolve) => setTimeout(resolve, takes));
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

function send(message: object): void {
  process.send?.(message);
}

process.on('message', async (order: Order) => {
  const client = clients.get(order.protocol) as Client;
  try {
    send({ answer: 'ask' in order ? await ask(client, order) : await add(client, order) });
  } catch (error) {
    send({ failed: String(error) });
  }
});
process.once('disconnect', () => process.exit());
await Promise.all([...clients.values()].map((client) => client.connect()));
send({ ready: true });
