import type { Target } from './clients/adapter.ts';
import type { Times } from './profile.ts';
import type { Row } from './row.ts';

/** The messages to a worker, each of which is answered by one `Answer`. */
export type Message =
  | { readonly type: 'open'; readonly row: Row; readonly target: Target; readonly warmUp: number }
  | { readonly type: 'round'; readonly seconds: number; readonly count?: number | undefined; readonly latency: number }
  | { readonly type: 'profile'; readonly seconds: number }
  | { readonly type: 'close' };

export interface Latency {
  /** All in microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface Round {
  /** Keys a second: commands, or for `getMulti` the keys of its commands. */
  readonly rate: number;
  /** CPU time for each key, in microseconds. */
  readonly cpu: number;
  /** Keys of the whole round, with what leads in and what measures latencies. */
  readonly keys: number;
  /** CPU time of the servers for each key of it, in microseconds; the runner puts it in where the system tells it. */
  readonly serverCpu?: number | undefined;
  /** Over all rounds of the row until now. */
  readonly latency: Latency;
}

/** Where the time of one pass went. */
export interface Profile extends Times {
  /** Keys that were answered meanwhile. */
  readonly keys: number;
}

export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly round?: Round; readonly profile?: Profile }
  | { readonly type: 'error'; readonly message: string };
