import { BentoCache, bentostore } from 'bentocache';
import { createCache } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';
import { KeyvMemts } from '../../src/adapters/keyv.ts';
import { Cache } from '../../src/cache/index.ts';
import { Client } from '../../src/index.ts';

/** What is stored: JSON, so that all of them can. */
export type Value = { [key: string]: unknown };

/** What every cache does, each in its own words, all of them over the same memcached by a client of memts. */
export interface Subject {
  get(key: string): Promise<unknown>;
  set(key: string, value: Value): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  getOrSet(key: string, compute: () => Promise<Value>): Promise<unknown>;
  close(): Promise<void>;
}

const SECONDS = 600;

export const SUBJECTS: Readonly<Record<string, (address: string) => Subject>> = {
  'memts/cache': ofMemts,
  cacheable: ofCacheable,
  bentocache: ofBentocache,
  'cache-manager': ofCacheManager,
};

function ofMemts(address: string): Subject {
  const client = Client.create(address);
  const cache = new Cache<Value>(client, { namespace: 'memts', expires: SECONDS });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    getOrSet: (key, compute) => cache.getOrSet(key, compute),
    close: () => client.quit(),
  };
}

/** Without a cache in the process, which would answer instead of the server. */
function keyvOf(address: string, namespace: string): { keyv: Keyv; close: () => Promise<void> } {
  const store = new KeyvMemts(address);
  return { keyv: new Keyv({ store, namespace }), close: () => store.disconnect() };
}

function ofCacheable(address: string): Subject {
  const { keyv, close } = keyvOf(address, 'cacheable');
  const cache = new Cacheable({ primary: keyv, ttl: SECONDS * 1000 });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    getOrSet: (key, compute) => cache.getOrSet(key, compute, { ttl: SECONDS * 1000 }),
    close,
  };
}

function ofCacheManager(address: string): Subject {
  const { keyv, close } = keyvOf(address, 'manager');
  const cache = createCache({ stores: [keyv], ttl: SECONDS * 1000 });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.del(key),
    getOrSet: (key, compute) => cache.wrap(key, compute, SECONDS * 1000),
    close,
  };
}

/** bentocache has no driver for memcached: this is as little of one as there can be. */
function ofBentocache(address: string): Subject {
  const client = Client.create(address);
  const driver = {
    type: 'l2' as const,
    namespace: () => driver,
    get: async (key: string) => (await client.get(key)).value?.toString(),
    pull: async (key: string) => {
      const value = await driver.get(key);
      await client.delete(key);
      return value;
    },
    set: (key: string, value: string, ttl?: number) =>
      client.set(key, value, { expires: ttl === undefined ? 0 : Math.ceil(ttl / 1000) }),
    clear: async () => void (await client.flush()),
    delete: (key: string) => client.delete(key),
    deleteMany: async (keys: string[]) => (await client.deleteMulti(keys)).errors.size === 0,
    disconnect: () => client.quit(),
  };
  const store = bentostore().useL2Layer({ options: {}, factory: () => driver });
  const cache = new BentoCache({ default: 'bento', stores: { bento: store }, ttl: SECONDS * 1000 });
  return {
    get: (key) => cache.get({ key }),
    set: (key, value) => cache.set({ key, value }),
    delete: (key) => cache.delete({ key }),
    getOrSet: (key, compute) => cache.getOrSet({ key, factory: compute }),
    close: () => cache.disconnectAll(),
  };
}
