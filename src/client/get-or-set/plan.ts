import { exponential, jittered, SPAN } from '../../clock.ts';
import { invalid } from '../../errors.ts';
import type { Engine } from '../engine.ts';
import { extended, FIRST_UNIX_TIME, staleForAtMost, toExpiration, withJitter } from '../expiration.ts';
import { invalidExpiration, isExpiration } from '../options.ts';
import { serverSeconds } from './format.ts';

/** Options of `getOrSet`. All times are in seconds. */
export interface GetOrSetOptions {
  /** How long a value is fresh: 0 is for ever. @default the client's `expires` */
  expires?: number | undefined;
  /** How long after that it may still be served while one caller computes it again. @default 0 */
  staleFor?: number | undefined;
  /**
   * How long a computation may take: after it, the computation ends with `ERR_TIMEOUT` for those who wait for it, and
   * another process takes over. The server counts in whole seconds. @default 30
   */
  lockFor?: number | undefined;
  /**
   * For how long a computed `null` or `undefined` is kept, as `null`; 0 is not at all. Without `staleFor`, and longer than
   * `expires` where it says so. `ERR_INVALID_ARGUMENT` with a serializer that can't store `null`, such as none. @default 0
   */
  misses?: number | undefined;
  /**
   * How far `expires` is shortened by chance, from 0 to 1, so that values stored together do not expire together: 0.1 takes
   * off up to a tenth, of a Unix time up to a tenth of what is left. At least 1 second stays. @default 0
   */
  jitter?: number | undefined;
  /** Ends this call's wait; the computation goes on for the others. */
  signal?: AbortSignal | undefined;
}

/** The options of a call, with all defaults put in. */
export interface Plan {
  readonly expires: number;
  readonly staleFor: number;
  readonly lockFor: number;
  readonly misses: number;
  readonly jitter: number;
}

/** How long a value is fresh and how long its item lives, as expirations. */
export interface Life {
  fresh: number;
  whole: number;
}

const DEFAULT_LOCK = 30;

/** How many times as long as a lock holds a caller waits for other processes before it computes for itself. */
const PATIENCE = 2;

/** Throws `ERR_INVALID_ARGUMENT` for invalid options. */
export function toPlan(options: GetOrSetOptions, engine: Engine): Plan {
  const expires = options.expires ?? engine.options.expires;
  const staleFor = options.staleFor ?? 0;
  const lockFor = options.lockFor ?? DEFAULT_LOCK;
  const misses = options.misses ?? 0;
  const jitter = options.jitter ?? 0;
  toExpiration(expires, engine);
  if (!isExpiration(staleFor)) throw invalidExpiration('staleFor', staleFor);
  if (!(typeof lockFor === 'number' && lockFor > 0 && lockFor < FIRST_UNIX_TIME)) {
    throw invalid('lockFor', SPAN, lockFor);
  }
  if (!isExpiration(misses)) throw invalidExpiration('misses', misses);
  if (!(typeof jitter === 'number' && jitter >= 0 && jitter <= 1)) {
    throw invalid('jitter', 'a number from 0 to 1', jitter);
  }
  return { expires, staleFor: staleForAtMost(expires, staleFor), lockFor, misses, jitter };
}

/** The life of a value that is stored now; with jitter, another one each time. */
export function lifeOf({ expires, staleFor, misses, jitter }: Plan, isMiss: boolean): Life {
  if (isMiss) return { fresh: misses, whole: misses };
  const fresh = withJitter(expires, jitter);
  return { fresh, whole: extended(fresh, staleFor) };
}

/** The first pause between two looks at a value that another process is making, and the longest, in milliseconds. */
const FIRST_PAUSE = 10;
const MAX_PAUSE = 250;

/** How long to wait after so many looks that found none, in milliseconds. */
export function pauseAfter(looks: number): number {
  return jittered(exponential(looks, FIRST_PAUSE, MAX_PAUSE));
}

/** For how long a caller waits for other processes, in milliseconds. */
export function patienceOf({ lockFor }: Plan): number {
  return PATIENCE * serverSeconds(lockFor) * 1000;
}
