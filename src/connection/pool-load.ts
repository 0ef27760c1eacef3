import { monotonicNow } from '../clock.ts';
import type { MemcacheError } from '../errors.ts';
import type { Protocol } from '../protocol/protocol.ts';
import type { Connection } from './connection.ts';
import type { SilenceLimits } from './silence.ts';
import type { Slot } from './slot.ts';
import type { DownReason } from './telemetry.ts';

export interface PoolLimits extends SilenceLimits {
  /** Sockets at most. */
  connections: number;
  /** Commands that may wait, whether for a connection or for a response. */
  maxPending: number;
}

/** Gets what becomes of the server behind a pool. */
export interface PoolOwner {
  /** There is a connection that commands can use. */
  onUp(protocol: Protocol): void;
  /** There is none any more; with an error, commands fail until the server answers again. */
  onDown(error?: MemcacheError, reason?: DownReason): void;
}

/** What there is in a pool. */
export interface PoolLoad {
  /** Sockets that are open. */
  connections: number;
  /** Commands that wait, whether for a connection or for a response. */
  waiting: number;
  /** How long the oldest of them has waited, in milliseconds. */
  oldest: number;
}

export function loadOf(slots: readonly Slot[]): PoolLoad {
  const now = monotonicNow();
  const load: PoolLoad = { connections: 0, waiting: 0, oldest: 0 };
  const add = (waiting: number, since: number): void => {
    if (waiting > 0) load.oldest = Math.max(load.oldest, now - since);
    load.waiting += waiting;
  };
  for (const { own, retired, waiting, waitingSince } of slots) {
    add(waiting.size, waitingSince);
    for (const connection of own === undefined ? retired : [own, ...retired]) {
      load.connections++;
      const { count, since } = connection.awaited(now);
      add(count, since);
    }
  }
  return load;
}

/** The connection with the fewest commands that wait. */
export function leastBusy(connections: readonly Connection[]): Connection | undefined {
  let least: Connection | undefined;
  for (const connection of connections) {
    if (least === undefined || connection.pending < least.pending) least = connection;
  }
  return least;
}
