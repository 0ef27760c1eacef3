import { Redis } from 'ioredis';
import { type Adapter, TIMEOUT_SECONDS } from './adapter.ts';

export function ioredisAdapter(options: { readonly enableAutoPipelining: boolean }): Adapter {
  let client: Redis;
  return {
    takes: 'string',
    async connect({ target }) {
      client = new Redis({
        ...target.servers[0],
        ...options,
        connectTimeout: TIMEOUT_SECONDS * 1000,
        lazyConnect: true,
      });
      client.on('error', () => undefined);
      await client.connect();
    },
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value as string),
    getCallback: (key, done) => client.get(key, done),
    setCallback: (key, value, done) => client.set(key, value as string, done),
    getMulti: (keys) => client.mget(keys),
    read: (value) => value,
    stored: (result) => result === 'OK',
    pick: (result, _key, position) => (result as unknown[])[position],
    close: () => client.disconnect(),
  };
}
