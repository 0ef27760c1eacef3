import { invalidArgument } from '../../errors.ts';
import { ketama } from './ketama.ts';
import { modulo } from './modulo.ts';
import { type DistributionServer, makePick, nextInList, type Pick } from './pick.ts';
import { rendezvous } from './rendezvous.ts';

/** A custom distribution. */
export interface DistributionBuilder {
  /**
   * Called with the servers, in the order of the client's, and again when they change. The function it returns gives
   * the index of the server for a key.
   */
  build(servers: readonly DistributionServer[]): (key: string) => number;
}

/**
 * How keys are spread over the servers: `'modulo'` as MemJS does, `'ketama'` as libmemcached and twemproxy do,
 * `'rendezvous'` with the least movement, or one's own.
 */
export type Distribution = 'modulo' | 'ketama' | 'rendezvous' | DistributionBuilder;

const BUILT_IN: ReadonlyMap<unknown, (servers: readonly DistributionServer[]) => Pick> = new Map([
  ['modulo', modulo],
  // Loaded when they are first used.
  ['ketama', (servers) => ketama().build(servers)],
  ['rendezvous', (servers) => rendezvous(servers)],
]);

/** How errors say what a distribution has to be. */
export const DISTRIBUTIONS = "'modulo', 'ketama', 'rendezvous' or an object with a method build";

/**
 * Builds a distribution for these servers. Throws `ERR_INVALID_ARGUMENT` for one that does not exist, for a builder that
 * returns no function and for a weight that is not above 0. Whether an index is one of a server is left to the caller.
 */
export function buildDistribution(distribution: Distribution, servers: readonly DistributionServer[]): Pick {
  if (!servers.every(({ weight }) => weight > 0 && Number.isFinite(weight))) {
    throw invalidArgument('servers', 'expected weights above 0');
  }
  const build = BUILT_IN.get(distribution);
  if (build) return build(servers);
  if (!isBuilder(distribution)) {
    throw invalidArgument('option distribution', `expected ${DISTRIBUTIONS}`);
  }
  return toPick(distribution.build(servers), servers.length);
}

/** Whether a value can be a client's option `distribution`. */
export function isDistribution(value: unknown): value is Distribution {
  return BUILT_IN.has(value) || isBuilder(value);
}

function isBuilder(value: unknown): value is DistributionBuilder {
  return typeof value === 'object' && value !== null && 'build' in value && typeof value.build === 'function';
}

/** A function without an order of its own goes on through the list. */
function toPick(choose: unknown, count: number): Pick {
  if (typeof choose !== 'function') throw invalidArgument('option distribution', 'expected build to return a function');
  if (isPick(choose)) return choose;
  const pick = choose as (key: string) => number;
  return makePick(
    (key) => pick(key),
    (key, isAway) => nextInList(pick(key), count, isAway),
  );
}

function isPick(choose: object): choose is Pick {
  return 'after' in choose && typeof choose.after === 'function';
}
