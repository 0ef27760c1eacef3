import { Memcache } from 'memcache';
import { type Adapter, hostPorts, type Setup, TIMEOUT_SECONDS } from './adapter.ts';

export function memcacheAdapter(): Adapter {
  let client: Memcache;
  return {
    takes: 'string',
    async connect({ target }: Setup) {
      client = new Memcache({ nodes: hostPorts(target), timeout: TIMEOUT_SECONDS * 1000, maxValueSize: 4_194_304 });
      await client.connect();
    },
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value as string),
    getMulti: (keys) => client.gets(keys),
    read: (value) => value,
    stored: (result) => result === true,
    pick: (result, key) => (result as Map<string, string>).get(key),
    close: () => client.disconnect(),
  };
}
