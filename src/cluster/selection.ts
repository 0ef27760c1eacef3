import { programNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import type { WireKey } from '../protocol/request.ts';
import type { ServerLike } from './command.ts';
import { buildDistribution, type Distribution } from './distribution/distribution.ts';
import { nextInList, type Pick } from './distribution/pick.ts';
import { serverName } from './router.ts';
import { Server } from './server.ts';

/** Chooses servers by a distribution, which is built again when the servers change. */
export class Selection {
  private readonly distribution: Distribution;
  private pick: Pick | undefined;
  /** What `pick` was built for. */
  private servers: readonly ServerLike[] = [];
  private count = -1;

  constructor(distribution: Distribution) {
    this.distribution = distribution;
  }

  /** The index of the server for a key. */
  index(key: string, servers: readonly ServerLike[]): number {
    return this.built(servers)(key);
  }

  /** The next server for a key in the distribution's own order, of those that are not ejected. */
  after(key: string, servers: readonly ServerLike[]): ServerLike | undefined {
    const index = this.built(servers).after(key, (candidate) => isAway(servers[candidate]));
    return index === undefined ? undefined : servers[index];
  }

  /** MemJS's users may change the list of servers, or put another in its place. */
  private built(servers: readonly ServerLike[]): Pick {
    if (this.pick === undefined || servers !== this.servers || servers.length !== this.count) {
      this.pick = buildDistribution(this.distribution, servers.map(described));
      this.servers = servers;
      this.count = servers.length;
    }
    return this.pick;
  }
}

/**
 * The server for a key: the one at `first`, or, when that is ejected, the next that is not; none when all are.
 * `selection` knows the order; without one it is the list's, as in MemJS.
 */
export function choose(
  key: WireKey,
  servers: readonly ServerLike[],
  first: number,
  selection: Selection | undefined,
): ServerLike | undefined {
  const server = servers[first];
  if (server === undefined) {
    if (servers.length === 0) return undefined;
    throw new MemcacheError('ERR_INVALID_ARGUMENT', 'Invalid getServer: expected the index of a server');
  }
  if (!isAway(server)) return server;
  if (selection !== undefined) return selection.after(asText(key), servers);
  const next = nextInList(first, servers.length, (index) => isAway(servers[index]));
  return next === undefined ? undefined : servers[next];
}

/** A key as distributions take it. */
export function asText(key: WireKey): string {
  return typeof key === 'string' ? key : Buffer.from(key).toString();
}

/** Whether a server is ejected; a custom transport says until when in its `wakeupAt`. */
export function isAway(server: ServerLike | undefined): boolean {
  const wakeupAt = server?.wakeupAt;
  if (!wakeupAt) return false;
  return server instanceof Server ? server.away : wakeupAt > programNow();
}

function described(server: ServerLike): { host: string; port: number; weight: number; name: string } {
  const weight = server instanceof Server ? server.weight : 1;
  return { host: server.host ?? '', port: server.port ?? 0, weight, name: serverName(server) };
}
