import { MemcacheClient } from 'memcache-client';
import { type Adapter, hostPorts, type Setup, TIMEOUT_SECONDS } from './adapter.ts';

interface Hit {
  readonly value: unknown;
}

type Storable = Buffer | string | Record<string, unknown>;

const FOREVER = { lifetime: 0 };

export function memcacheClientAdapter(): Adapter {
  let client: MemcacheClient;
  return {
    takes: 'buffer',
    connect({ row, target }: Setup) {
      const [server = ''] = hostPorts(target);
      client = new MemcacheClient({
        server: row.connections > 0 ? { server, maxConnections: row.connections } : { server },
        cmdTimeout: TIMEOUT_SECONDS * 1000,
        connectTimeout: TIMEOUT_SECONDS * 1000,
        lifetime: 0,
        ...(target.ca === undefined ? {} : { tls: { ca: target.ca } }),
      });
    },
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value as Storable, { ...FOREVER }),
    getCallback: (key, done) => client.get(key, done),
    setCallback: (key, value, done) => client.set(key, value as Storable, { ...FOREVER }, done),
    getMulti: (keys) => client.get(keys),
    read: (result) => (result as Hit | undefined)?.value,
    stored: (result) => Array.isArray(result) && result[0] === 'STORED',
    pick: (result, key) => (result as Record<string, Hit>)[key]?.value,
    close: () => client.shutdown(),
  };
}
