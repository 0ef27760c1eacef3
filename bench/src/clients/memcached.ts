import Memcached from 'memcached';
import { type Adapter, hostPorts, type Setup, TIMEOUT_SECONDS } from './adapter.ts';

/** A client of callbacks alone: its promises are made here, as its users make them. */
export function memcachedAdapter(): Adapter {
  let client: Memcached;
  return {
    takes: 'string',
    connect({ row, target }: Setup) {
      client = new Memcached(hostPorts(target), {
        timeout: TIMEOUT_SECONDS * 1000,
        idle: 3_600_000,
        maxValue: 4_194_304,
        ...(row.connections > 0 ? { poolSize: row.connections } : {}),
      });
    },
    get: (key) =>
      new Promise((resolve, reject) => {
        client.get(key, (error, value) => (error ? reject(error) : resolve(value)));
      }),
    set: (key, value) =>
      new Promise((resolve, reject) => {
        client.set(key, value, 0, (error, stored) => (error ? reject(error) : resolve(stored)));
      }),
    getCallback: (key, done) => client.get(key, done),
    setCallback: (key, value, done) => client.set(key, value, 0, done),
    getMulti: (keys) =>
      new Promise((resolve, reject) => {
        client.getMulti(keys, (error, values) => (error ? reject(error) : resolve(values)));
      }),
    read: (value) => value,
    stored: (result) => result === true,
    pick: (result, key) => (result as Record<string, unknown>)[key],
    close: () => client.end(),
  };
}
