import { createClient } from 'redis';
import { type Adapter, TIMEOUT_SECONDS } from './adapter.ts';

export function nodeRedisAdapter(): Adapter {
  let client: ReturnType<typeof createClient>;
  return {
    takes: 'string',
    async connect({ target }) {
      const [server] = target.servers;
      if (server === undefined) throw new Error('No server given');
      client = createClient({ socket: { ...server, connectTimeout: TIMEOUT_SECONDS * 1000 } });
      client.on('error', () => undefined);
      await client.connect();
    },
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value as string),
    getMulti: (keys) => client.mGet(keys),
    read: (value) => value,
    stored: (result) => result === 'OK',
    pick: (result, _key, position) => (result as unknown[])[position],
    close: () => client.destroy(),
  };
}
