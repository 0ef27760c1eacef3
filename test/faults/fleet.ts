import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';

/** Three memcached servers for all tests of a file, each behind a proxy that is new for every test. */
export class Fleet {
  servers: Memcached[] = [];
  proxies: TcpProxy[] = [];

  /** The proxies, as a client takes servers. */
  readonly addresses = (): string => this.proxies.map(({ address }) => address).join(',');
}

export function useFleet(): Fleet {
  const fleet = new Fleet();
  beforeAll(async () => {
    fleet.servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  });
  afterAll(() => Promise.all(fleet.servers.map((server) => server.stop())));
  beforeEach(async () => {
    fleet.proxies = await Promise.all(fleet.servers.map(({ port }) => startProxy(port)));
  });
  afterEach(() => Promise.all(fleet.proxies.map((proxy) => proxy.stop())));
  return fleet;
}
