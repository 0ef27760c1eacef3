import { expect, it } from 'vitest';
import { buildDistribution } from '../../src/cluster/distribution/distribution.ts';
import { Random } from '../support/random.ts';
import { makeKeys } from './support/fleet.ts';
import { type LibmemcachedServer, libmemcached } from './support/libmemcached.ts';

const KEYS = makeKeys(200);
/** Debian's libmemcached aborts with more. */
const MOST_SERVERS = 100;

it.each([
  ['equal weights', () => 1],
  ['weights up to 10', (random: Random) => random.between(1, 10)],
  ['weights up to 1000', (random: Random) => random.between(1, 1000)],
])('rings of 1 to 100 servers are those of libmemcached: %s', async (_, weigh) => {
  const random = new Random(42);
  const requests = Array.from({ length: MOST_SERVERS }, (_, index) => ({
    servers: Array.from({ length: index + 1 }, (_, i) => place(i, weigh(random), random)),
    keys: KEYS,
  }));
  const expected = await libmemcached.map(requests);
  for (const [index, { servers }] of requests.entries()) expect(choices(servers)).toEqual(expected[index]);
});

it("libmemcached's prefix does not choose the server", async () => {
  const servers = Array.from({ length: 10 }, (_, i) => ({ host: `10.0.0.${i}`, port: 11211, weight: 1 }));
  const expected = await libmemcached.map([{ servers, keys: KEYS, prefix: 'shop:' }]);
  expect(expected).toEqual([choices(servers)]);
});

function choices(servers: readonly LibmemcachedServer[]): number[] {
  const pick = buildDistribution(
    'ketama',
    servers.map((server) => ({ ...server, name: `${server.host}:${server.port}` })),
  );
  return KEYS.map(pick);
}

/** Addresses and names, ports with and without a place on the ring, and unix sockets. */
function place(index: number, weight: number, random: Random): LibmemcachedServer {
  const kind = random.below(4);
  if (kind === 0) return { host: `/run/memcached-${index}.sock`, port: 0, weight };
  if (kind === 1) return { host: `cache-${index}.example.org`, port: 11211, weight };
  return { host: `10.0.${kind}.${index}`, port: kind === 2 ? 11211 : 11000 + index, weight };
}
