import { md5 } from './md5.ts';
import { type DistributionServer, type IsAway, makePick, type Pick } from './pick.ts';

/** Servers of one weight, as a lookup needs them. */
interface Peers {
  /** Their indexes. */
  servers: Int32Array;
  /** The first two words of the MD5 digest of each one's name. */
  first: Int32Array;
  second: Int32Array;
  /** 1 / weight. */
  cost: number;
}

/**
 * Weighted rendezvous hashing: every server has a score for a key, and the best score wins. A server that comes or goes
 * moves only its own keys, and the order of the list does not matter. A lookup takes time in proportion to the servers.
 *
 * With k and s the first two words (little-endian) of the MD5 digests of the key and of the server's name, `host:port`,
 * all in 32 bits, and `>>` a shift without the sign:
 *
 *     x = (k0 ^ s0) * 0x85ebca6b ^ k1 ^ s1
 *     x = (x ^ x >> 15) * 0xc2b2ae35
 *     u = (x + 2^31 + 0.5) / 2^32, with x as a number with a sign
 *     score = weight / -ln(u)
 *
 * The digests are well mixed, so little has to be done for each server, and the score is that of the logarithmic method
 * of Schindelhauer and Schomaker.
 */
export function rendezvous(servers: readonly DistributionServer[]): Pick {
  const weights = new Set(servers.map(({ weight }) => weight));
  const peers = [...weights].map((weight) => makePeers(weight, servers));
  return makePick(
    (key) => best(key, peers) ?? 0,
    (key, isAway) => best(key, peers, isAway),
  );
}

function makePeers(weight: number, all: readonly DistributionServer[]): Peers {
  const servers = Int32Array.from([...all.keys()].filter((index) => all[index]?.weight === weight));
  const first = new Int32Array(servers.length);
  const second = new Int32Array(servers.length);
  for (const [i, index] of servers.entries()) {
    const digest = md5(all[index]?.name ?? '');
    first[i] = digest[0] as number;
    second[i] = digest[1] as number;
  }
  return { servers, first, second, cost: 1 / weight };
}

/** Compares 1 / score, of which the lowest is the best; among peers the highest x is. */
function best(key: string, groups: readonly Peers[], isAway?: IsAway): number | undefined {
  const digest = md5(key);
  const k0 = digest[0] as number;
  const k1 = digest[1] as number;
  let lowest = Number.POSITIVE_INFINITY;
  let winner: number | undefined;
  for (const peers of groups) {
    const { servers, first, second, cost } = peers;
    let highest = -(2 ** 31);
    let at = -1;
    for (let i = 0; i < first.length; i++) {
      const x = mix(k0 ^ (first[i] as number), k1 ^ (second[i] as number));
      if (x < highest || isAway?.(servers[i] as number)) continue;
      highest = x;
      at = i;
    }
    if (at < 0) continue;
    const u = (highest + 2 ** 31 + 0.5) * 2 ** -32;
    // -ln(u) is at least 1 - u, which spares most logarithms.
    if ((1 - u) * cost >= lowest) continue;
    const value = -Math.log(u) * cost;
    if (value >= lowest) continue;
    lowest = value;
    winner = servers[at];
  }
  return winner;
}

function mix(word: number, other: number): number {
  const x = Math.imul(word, 0x85ebca6b) ^ other;
  return Math.imul(x ^ (x >>> 15), 0xc2b2ae35);
}
