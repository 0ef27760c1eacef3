import dns from 'node:dns';
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { elasticache } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startBlackHole } from '../support/black-hole.ts';
import { resultWithin, useClients } from './clients.ts';

const clients = useClients();
const HAS_IPV6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

afterEach(() => vi.restoreAllMocks());

/** A name of two addresses, of which the first is asked first. */
function named(...addresses: string[]): string {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, options: dns.LookupOptions, done: Done) =>
    options.all ? done(null, found) : done(null, found[0]?.address, found[0]?.family)) as typeof dns.lookup);
  return 'two-addresses.test';
}
type Done = (error: null, ...found: unknown[]) => void;

test.skipIf(!HAS_IPV6).each([0.25, 0.2, 1])(
  'a name whose IPv6 address is a black hole is reached by IPv4 within a conntimeout of %d s',
  async (conntimeout) => {
    await using server = await MemoryServer.start();
    await using _ = await startBlackHole('::1', server.port);
    const client = clients.create(`${named('::1', '127.0.0.1')}:${server.port}`, {
      conntimeout,
      timeout: 1,
      retries: 1,
      protocol: 'auto',
    });
    expect(await resultWithin(client.set('key', 'value'), 3000)).toBe(true);
  },
);

test.skipIf(!HAS_IPV6)('and so is a configuration endpoint', async () => {
  await using server = await MemoryServer.start();
  await using _ = await startBlackHole('::1', server.port);
  server.cluster = [{ host: 'node', port: 1 }];
  const source = elasticache({ endpoint: `${named('::1', '127.0.0.1')}:${server.port}`, timeout: 0.2 });
  expect(await source.discover()).toEqual([{ host: 'node', port: 1 }]);
});
