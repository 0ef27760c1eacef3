import { wallNow } from '../clock.ts';
import { LAST_SECOND, MAX_RELATIVE } from '../protocol/limits.ts';
import type { Engine } from './engine.ts';
import { invalidExpiration, isExpiration } from './options.ts';

/** From here on a number of seconds is taken for a Unix time: one of September 2001, or 31 years. */
export const FIRST_UNIX_TIME = 1_000_000_000;

/** Whose defaults and log count. */
type Expiring = Pick<Engine, 'options' | 'log'>;

/** The expiration to send: the command's own or the client's. Throws `ERR_INVALID_ARGUMENT`. */
export function toExpiration(expires: number | null | undefined, engine: Expiring): number {
  const seconds = expires ?? engine.options.expires;
  if (seconds === 0) return 0;
  if (!isExpiration(seconds)) throw invalidExpiration('expires', seconds);
  return seconds <= MAX_RELATIVE ? seconds : beyondRelative(seconds, engine);
}

/** How many seconds an expiration as it is sent is from now; 0 is for ever there, and none here. */
export function secondsFromNow(expiration: number): number {
  return expiration < FIRST_UNIX_TIME ? expiration : expiration - unixNow();
}

/** Seconds from now as servers take them: past 30 days as a Unix time. */
function fromNow(seconds: number): number {
  return seconds <= MAX_RELATIVE ? seconds : Math.min(unixNow() + seconds, LAST_SECOND);
}

/** An item's expiration that is `expires` and `staleFor` seconds more. */
export function extended(expires: number, staleFor: number): number {
  if (expires === 0) return 0;
  return expires < FIRST_UNIX_TIME ? fromNow(expires + staleFor) : Math.min(expires + staleFor, LAST_SECOND);
}

/** As much of `staleFor` as there is between the end of an expiration and the last second that can be said. */
export function staleForAtMost(expires: number, staleFor: number): number {
  if (expires === 0) return 0;
  const end = expires < FIRST_UNIX_TIME ? unixNow() + expires : expires;
  return Math.max(0, Math.min(staleFor, LAST_SECOND - end));
}

/** An expiration shortened by a random part, up to the share `jitter` of it; at least a second stays. */
export function withJitter(expires: number, jitter: number): number {
  if (expires === 0 || jitter === 0) return expires;
  const now = expires < FIRST_UNIX_TIME ? 0 : unixNow();
  const left = expires - now;
  return left <= 1 ? expires : now + Math.max(1, Math.round(left * (1 - jitter * Math.random())));
}

function unixNow(): number {
  return Math.floor(wallNow() / 1000);
}

/** More than 30 days: seconds from now, or a Unix time. Either may be milliseconds by mistake, so it is logged once. */
function beyondRelative(seconds: number, { log }: Expiring): number {
  if (seconds >= FIRST_UNIX_TIME) {
    if (seconds < unixNow()) {
      log.once(
        'expires',
        'warn',
        `memts: an expiration of ${seconds} is a Unix time in the past: the item expires at once. ${SECONDS}`,
      );
    }
    return seconds;
  }
  const days = Math.floor(seconds / 86_400);
  log.once('expires', 'warn', `memts: an expiration of ${seconds} is taken for ${days} days from now. ${SECONDS}`);
  return fromNow(seconds);
}

const SECONDS = 'Expirations are in seconds, not milliseconds';
