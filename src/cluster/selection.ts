import type { WireKey } from '../protocol/request.ts';
import { isServer } from './backend.ts';
import { buildDistribution, type Distribution } from './distribution/distribution.ts';
import type { Pick } from './distribution/pick.ts';
import { Server, type ServerLike } from './server.ts';

/** Chooses servers by a distribution, which is built again when the servers change. */
export class Selection {
  readonly #distribution: Distribution;
  #pick: Pick | undefined;
  /** What `pick` was built for. */
  #servers: readonly ServerLike[] = [];
  #count = -1;

  constructor(distribution: Distribution) {
    this.#distribution = distribution;
  }

  /** The index of the server for a key. */
  index(key: string, servers: readonly ServerLike[]): number {
    return this.#built(servers)(key);
  }

  /** The index of the next server for a key in the distribution's own order, of those that are not away. */
  after(key: string, servers: readonly ServerLike[], isAway: (index: number) => boolean): number | undefined {
    return this.#built(servers).after(key, isAway);
  }

  /** MemJS's users may change the list of servers, or put another in its place. */
  #built(servers: readonly ServerLike[]): Pick {
    if (this.#pick === undefined || servers !== this.#servers || servers.length !== this.#count) {
      this.#pick = buildDistribution(this.#distribution, servers.map(described));
      this.#servers = servers;
      this.#count = servers.length;
    }
    return this.#pick;
  }
}

/** A key as distributions take it. */
export function asText(key: WireKey): string {
  return typeof key === 'string' ? key : Buffer.from(key).toString();
}

function described(server: ServerLike): { host: string; port: number; weight: number; name: string } {
  const { host = '', port = 0 } = server;
  const weight = server instanceof Server ? server.weight : 1;
  return { host, port, weight, name: isServer(server) ? server.name : `${server.host}:${server.port}` };
}
