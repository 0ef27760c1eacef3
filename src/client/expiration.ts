import { log } from '../cluster/log.ts';
import { LONGEST_RELATIVE } from '../protocol/expiration.ts';
import { invalid } from './command.ts';
import { isExpiration, type ResolvedOptions } from './options.ts';

/** The loggers that have been told of an expiration in the past: once for each will do. */
const warned = new WeakSet<object>();

/** The expiration to send: the command's own or the client's. Throws `ERR_INVALID_ARGUMENT`. */
export function toExpiration(expires: number | null | undefined, options: ResolvedOptions): number {
  const seconds = expires ?? options.expires;
  if (seconds === 0) return 0;
  if (!isExpiration(seconds)) throw invalid('expires', 'an integer of seconds from 0 to 2,147,483,647', seconds);
  if (seconds > LONGEST_RELATIVE) warnOfThePast(seconds, options);
  return seconds;
}

/** Milliseconds taken for seconds make a Unix time long ago, and the item is gone as soon as it is stored. */
function warnOfThePast(seconds: number, options: ResolvedOptions): void {
  if (seconds * 1000 > Date.now() || warned.has(options)) return;
  warned.add(options);
  log(
    options.logger,
    `memts: an expiration of ${seconds} is over 30 days, so it is a Unix time, and one in the past: the item expires at once. Expirations are in seconds, not milliseconds`,
  );
}
