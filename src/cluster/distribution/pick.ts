/** A server, as a distribution sees it. */
export interface DistributionServer {
  /** The host name or address, as the server was given; of a unix socket its path. */
  readonly host: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** The server's share of the keys, relative to the other servers' weights. */
  readonly weight: number;
  /** `host:port`, or the path of a unix socket. */
  readonly name: string;
}

/** Which servers are ejected, by their index. */
export type IsAway = (index: number) => boolean;

/** Chooses among the servers that it was built for. */
export interface Pick {
  /** The index of the server for a key. */
  (key: string): number;
  /**
   * The first server for a key that is not away, in an order of the key's own that begins with the server `(key)`
   * names; none when all are away.
   */
  after(key: string, isAway: IsAway): number | undefined;
}

/** Puts the two halves of a pick together; the function is used as it is, and gets the method. */
export function makePick(choose: (key: string) => number, after: Pick['after']): Pick {
  return Object.assign(choose, { after });
}

/** The first server that is not away, in the order of the list from `first` on, as MemJS goes on. */
export function nextInList(first: number, count: number, isAway: IsAway): number | undefined {
  for (let step = 0; step < count; step++) {
    const index = (first + step) % count;
    if (!isAway(index)) return index;
  }
  return undefined;
}
