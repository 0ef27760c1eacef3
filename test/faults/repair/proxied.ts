import { beforeAll, beforeEach } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Memcached, type MemcachedOptions, startMemcached } from '../../support/memcached.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import type { Clients } from '../clients.ts';

/** One memcached for all tests of a file, empty before each; a proxy in front of it and a client past that for each. */
export interface Proxied {
  server: Memcached;
  proxy: TcpProxy;
  direct: Client;
}

/** What is returned is filled in before each test. */
export function useProxied(clients: Clients, options: MemcachedOptions = {}): Proxied {
  const stage: Partial<Proxied> = {};
  beforeAll(async () => {
    const server = await startMemcached(options);
    stage.server = server;
    return () => server.stop();
  });
  beforeEach(async () => {
    const { server } = stage as Proxied;
    const proxy = await startProxy(server.port);
    const direct = clients.create(server.address);
    Object.assign(stage, { proxy, direct });
    await direct.flush();
    return () => proxy.stop();
  });
  return stage as Proxied;
}

/** A client whose events say which keys were repaired and which were given up. */
export interface Noted {
  client: Client;
  repaired: string[];
  unrepaired: string[];
}

/** Notes the keys of a client's events. */
export function noted(client: Client): Noted {
  const [repaired, unrepaired]: [string[], string[]] = [[], []];
  client.on('repaired', (_, keys) => repaired.push(...keys)).on('unrepaired', (_, keys) => unrepaired.push(...keys));
  return { client, repaired, unrepaired };
}
