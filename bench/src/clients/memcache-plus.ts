import MemcachePlus from 'memcache-plus';
import { type Adapter, hostPorts, type Setup, TIMEOUT_SECONDS } from './adapter.ts';

export function memcachePlusAdapter(): Adapter {
  let client: MemcachePlus;
  return {
    takes: 'string',
    connect({ target }: Setup) {
      client = new MemcachePlus({
        hosts: hostPorts(target),
        netTimeout: TIMEOUT_SECONDS * 1000,
        maxValueSize: 4_194_304,
      });
    },
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    getCallback: (key, done) => client.get(key, done),
    setCallback: (key, value, done) => client.set(key, value, done),
    getMulti: (keys) => client.getMulti(keys),
    read: (value) => value,
    // It rejects where the response is not STORED, and has nothing to say where it is.
    stored: () => true,
    pick: (result, key) => (result as Record<string, unknown>)[key],
    async close() {
      await client.disconnect();
    },
  };
}
