import { afterAll, afterEach } from 'vitest';
import { Cache, type CacheOptions } from '../../src/cache/index.ts';
import { Client, type ClientOptions } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';

export const PROTOCOLS = ['meta', 'binary', 'classic'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Settings under which nothing takes long. */
export const QUICK: ClientOptions = { timeout: 1, conntimeout: 1, retries: 1, retryDelay: 0.01, logger: false };

/** A server for a file of tests, and clients that are closed behind each test. */
export async function useServer(): Promise<{ server: Memcached; open: typeof open; cache: typeof cache }> {
  const server = await startMemcached();
  afterAll(() => server.stop());
  const clients: Client[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.quit()));
  });
  let names = 0;

  function open(protocol: Protocol | 'auto', options: ClientOptions = {}): Client {
    const client = Client.create(server.address, { ...QUICK, protocol, ...options });
    clients.push(client);
    return client;
  }

  /** In a namespace of its own, unless the options have one. */
  function cache(protocol: Protocol, options: CacheOptions = {}): Cache {
    return new Cache(open(protocol), { namespace: `n${names++}`, ...options });
  }

  return { server, open, cache };
}

/** A promise that somebody else resolves. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
