/**
 * A cache in front of a slow function: read through it, and deleted from it by whoever writes.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/index.ts` is `memts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, jsonSerializer } from '../src/index.ts';

interface User {
  id: number;
  name: string;
}

/** The database, which takes its time. */
const rows = new Map<number, User>([[1, { id: 1, name: 'Ada' }]]);
let queries = 0;
async function query(id: number): Promise<User | null> {
  queries += 1;
  await sleep(20);
  return structuredClone(rows.get(id)) ?? null;
}

const client = Client.create(undefined, { keyPrefix: 'example:user:', serializer: jsonSerializer() });
await client.deleteMulti(['1', '2']);

/** Of any number of callers, one asks the database; then it is a hit for ten minutes. */
function findUser(id: number): Promise<User | null> {
  return client.getOrSet(String(id), () => query(id), { expires: 600 });
}

async function renameUser(id: number, name: string): Promise<void> {
  rows.set(id, { id, name });
  // Deleted, not stored: of two who write at once, the slower one would leave its older value. Over the meta protocol,
  // what somebody is just reading from the database for this key is not stored either.
  await client.delete(String(id));
}

const users = await Promise.all(Array.from({ length: 50 }, () => findUser(1)));
console.log('readers', users.length, 'queries', queries, users[0]);
await findUser(1);
console.log('a hit, queries', queries);
await renameUser(1, 'Ada Lovelace');
console.log('after a write', await findUser(1), 'queries', queries);

// null is not stored, so what is missing is asked for each time.
console.log('missing', await findUser(2), await findUser(2), 'queries', queries);

await client.quit();

// Where memcached can't be reached, the database answers.
const nowhere = Client.create('127.0.0.1:1', { serializer: jsonSerializer(), logger: { log: () => {} } });
console.log('without a server', await nowhere.getOrSet('1', () => query(1)));
await nowhere.quit();
