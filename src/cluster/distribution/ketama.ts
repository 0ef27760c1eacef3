import { invalidArgument } from '../../errors.ts';
import { DEFAULT_PORT } from '../address.ts';
import { md5 } from './md5.ts';
import { type DistributionServer, type IsAway, makePick, type Pick } from './pick.ts';

/** Of a server with the mean weight. */
const POINTS_PER_SERVER = 160;
/** An MD5 digest has four words, and each is a point. */
const POINTS_PER_DIGEST = 4;
/** A point and its server in one number, which sorts by value and then by server: 2^32 * 2^20 fits in a double. */
const MOST_SERVERS = 2 ** 20;

/** Settings of {@link ketama}. */
export interface KetamaOptions {
  /**
   * The name that places a server on the ring. twemproxy takes the server's name in its configuration, where there is
   * one. @default as libmemcached has it: the host where the port is 11211, otherwise `host:port`
   */
  name?: ((server: DistributionServer) => string) | undefined;
}

/** Points in ascending order, and the server that each belongs to. */
interface Ring {
  points: Uint32Array;
  servers: Uint32Array;
}

/**
 * The consistent hashing of libmemcached's weighted ketama (PHP's `OPT_LIBKETAMA_COMPATIBLE`, pylibmc's
 * `ketama_weighted`) and of twemproxy's `ketama` with `hash: md5`: the same key is on the same server for all of them.
 * `distribution: 'ketama'` is `ketama()`; other names for the servers take `ketama({ name })`.
 */
export function ketama(options: KetamaOptions = {}): { build(servers: readonly DistributionServer[]): Pick } {
  const name = options.name ?? libmemcachedName;
  return { build: (servers) => buildKetama(servers, name) };
}

function libmemcachedName({ host, port }: DistributionServer): string {
  return port === DEFAULT_PORT ? host : `${host}:${port}`;
}

function buildKetama(servers: readonly DistributionServer[], nameOf: (server: DistributionServer) => string): Pick {
  const count = servers.length;
  const ring = buildRing(servers, nameOf);
  return makePick(
    (key) => (count < 2 ? 0 : (ring.servers[place(ring, key)] as number)),
    (key, isAway) => nextOnRing(ring, place(ring, key), count, isAway),
  );
}

function buildRing(servers: readonly DistributionServer[], nameOf: (server: DistributionServer) => string): Ring {
  if (servers.length > MOST_SERVERS)
    throw invalidArgument('option distribution', `expected at most ${MOST_SERVERS} servers`);
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const digests = servers.map(({ weight }) => digestCount(weight, total, servers.length));
  const pairs = new Float64Array(digests.reduce((sum, count) => sum + count, 0) * POINTS_PER_DIGEST);
  let at = 0;
  for (const [index, server] of servers.entries()) {
    const name: unknown = nameOf(server);
    if (typeof name !== 'string') throw invalidArgument('option distribution', 'expected name to return a string');
    for (let i = 0; i < (digests[index] as number); i++) {
      for (const word of md5(`${name}-${i}`)) pairs[at++] = (word >>> 0) * MOST_SERVERS + index;
    }
  }
  pairs.sort();
  return {
    points: Uint32Array.from(pairs, (pair) => Math.floor(pair / MOST_SERVERS)),
    servers: Uint32Array.from(pairs, (pair) => pair % MOST_SERVERS),
  };
}

/** How many digests a server has. libmemcached computes with C's `float`, and one digest less changes the ring. */
function digestCount(weight: number, total: number, count: number): number {
  const { fround } = Math;
  const share = fround(fround(weight) / fround(total));
  const digests = fround(fround(fround(share * POINTS_PER_SERVER) / POINTS_PER_DIGEST) * fround(count));
  return Math.floor(fround(digests + 1e-10));
}

/** Where a key is on the ring: at the first point that is not below its hash, after the last point at the first. */
function place({ points }: Ring, key: string): number {
  const hash = (md5(key)[0] as number) >>> 0;
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] as number) < hash) low = middle + 1;
    else high = middle;
  }
  return low === points.length ? 0 : low;
}

/** Goes along the ring until there is a server that is not away, and asks about each server once. */
function nextOnRing({ servers }: Ring, from: number, count: number, isAway: IsAway): number | undefined {
  const asked = new Uint8Array(count);
  for (let step = 0, left = count; step < servers.length && left > 0; step++) {
    const index = servers[(from + step) % servers.length] as number;
    if (asked[index] === 1) continue;
    if (!isAway(index)) return index;
    asked[index] = 1;
    left--;
  }
  // A server with a very small weight may have no point.
  const unasked = asked.findIndex((done, index) => done === 0 && !isAway(index));
  return unasked < 0 ? undefined : unasked;
}
