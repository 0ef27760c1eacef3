/**
 * Values of several types in a cache, large ones compressed, and a cache shared with Ruby.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/index.ts` is `memts`, and `../src/serializers/foreign/index.ts` is `memts/serializers`.
 */
import { Client, compressed, jsonSerializer } from '../src/index.ts';
import { dalliSerializer } from '../src/serializers/foreign/index.ts';

const client = Client.create(undefined, { serializer: compressed(jsonSerializer(), { threshold: 1000 }) });

// Each value comes back as what it was.
const values = {
  user: { name: 'Ada', tags: ['admin'] },
  title: 'Zürich',
  ratio: 0.25,
  balance: 2n ** 64n,
  image: Buffer.from([0x89, 0x50]),
  enabled: false,
};
for (const [key, value] of Object.entries(values)) await client.set(`example:${key}`, value, { expires: 60 });
for (const key of Object.keys(values)) {
  const { value } = await client.get(`example:${key}`);
  console.log(key, value);
}

// Numbers can be counted.
await client.set('example:visits', 10, { expires: 60 });
await client.increment('example:visits', 5);
console.log('visits', (await client.get('example:visits')).value);

// From the threshold on, values are compressed; bits 20 to 23 of the flags say how.
await client.set('example:page', '<p>memcached</p>'.repeat(10_000), { expires: 60 });
const page = await client.get('example:page');
console.log('page', String(page.value).length, 'characters, flags', page.flags?.toString('hex'));

// What can't be kept is refused.
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
await client.set('example:cyclic', cyclic).catch((error) => console.log(error.code, error.message));

await client.quit();

// Ruby's dalli reads this as "Grüße" and 42, and this reads what dalli wrote.
const shared = Client.create(undefined, { serializer: dalliSerializer() });
await shared.set('example:greeting', 'Grüße', { expires: 60 });
await shared.set('example:answer', 42, { expires: 60 });
console.log('shared', (await shared.get('example:greeting')).value, (await shared.get('example:answer')).value);
await shared.quit();
