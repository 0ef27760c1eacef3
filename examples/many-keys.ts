/**
 * Many keys in one call, and what comes back when some of them can't be had.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/index.ts` is `memts`.
 */
import { Client, MemcacheError } from '../src/index.ts';

const client = Client.create(undefined, { keyPrefix: 'example:', hashLongKeys: true });

const stored = await client.setMulti(
  [
    ['apple', 'red'],
    ['lemon', 'yellow'],
    ['plum', ''],
  ],
  { expires: 60 },
);
console.log('stored', [...stored.values()]);

// The map has the hits, under the keys that were asked for; an empty value is one.
const found = await client.getMulti(['apple', 'plum', 'nothing']);
console.log('apple', found.get('apple')?.value?.toString());
console.log('plum', found.has('plum'), 'nothing', found.has('nothing'));

// A key that can't be sent is an error of its own, and the others' results come all the same.
const some = await client.getMulti(['apple', '']);
console.log(
  'hits',
  some.size,
  'errors',
  [...some.errors.values()].map((error) => error instanceof MemcacheError && error.code),
);

// As many as you like: they go out in batches.
const keys = Array.from({ length: 10_000 }, (_, index) => `number-${index}`);
await client.setMulti(
  keys.map((key) => [key, key]),
  { expires: 60 },
);
console.log('read', (await client.getMulti(keys)).size);
const deleted = await client.deleteMulti([...keys, 'nothing']);
console.log('deleted', [...deleted.values()].filter(Boolean).length, 'of', deleted.size);

// A key over 250 bytes, since hashLongKeys is on.
const long = `search:${'memcached '.repeat(40)}`;
await client.set(long, 'results', { expires: 60 });
console.log('long', (await client.getMulti([long])).get(long)?.value?.toString());

await client.quit();
