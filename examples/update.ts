/**
 * A value that several change at once, and no change is lost.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/index.ts` is `memts`.
 */
import { Client, jsonSerializer } from '../src/index.ts';

const client = Client.create(undefined, { serializer: jsonSerializer<string[], string[]>() });
await client.delete('example:visitors');

// Read, change and store, again for whoever was overtaken.
const names = ['Ada', 'Grace', 'Mary', 'Joan'];
await Promise.all(
  names.map((name) => client.update('example:visitors', (list) => [...(list ?? []), name], { expires: 60 })),
);
const { value, cas } = await client.get('example:visitors', { cas: true });
console.log('visitors', value?.sort().join(' '));

// By hand: the CAS of a get, which a set goes through with once.
if (cas !== undefined) {
  console.log('first', await client.set('example:visitors', ['Ada'], { cas, expires: 60 }));
  console.log('second', await client.set('example:visitors', ['Grace'], { cas, expires: 60 }));
}

// undefined leaves everything as it is.
await client.update('example:visitors', () => undefined);
console.log('left', (await client.get('example:visitors')).value);

await client.quit();
