import type { Log } from '../cluster/log.ts';

/** What other clients call our options. */
interface Misnamed {
  ttl?: unknown;
  expire?: unknown;
  lifetime?: unknown;
  user?: unknown;
  timeout?: unknown;
}

/** A longer timeout, in seconds, was probably meant in milliseconds. */
const MAX_LIKELY_TIMEOUT = 300;

/**
 * Logs options that are nearly memts's, once for each name. All other unknown ones are ignored, since
 * adapters pass on theirs.
 */
export function hintAtOptions(options: object, log: Log): void {
  const { ttl, expire, lifetime, user, timeout }: Misnamed = options;
  if (ttl !== undefined) misnamed('ttl', 'expires (in seconds)', log);
  if (expire !== undefined) misnamed('expire', 'expires (in seconds)', log);
  if (lifetime !== undefined) misnamed('lifetime', 'expires (in seconds)', log);
  if (user !== undefined) misnamed('user', 'username', log);
  if (typeof timeout === 'number' && timeout > MAX_LIKELY_TIMEOUT) {
    log.once('timeout', 'warn', `memts: a timeout of ${timeout} s is long; it is in seconds, not milliseconds`);
  }
}

function misnamed(name: string, meant: string, log: Log): void {
  log.once(
    `option ${name}`,
    'warn',
    `memts: there is no option ${name}, so it is ignored; ${meant} was probably meant`,
  );
}
