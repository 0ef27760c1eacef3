import type { Log } from '../cluster/log.ts';

/** What other clients call our options. */
interface Misnamed {
  ttl?: unknown;
  expire?: unknown;
  lifetime?: unknown;
  user?: unknown;
  timeout?: unknown;
}

/** What of a client's options is misnamed beside those. */
interface ClientMisnamed {
  pass?: unknown;
  maxAge?: unknown;
  conntimeout?: unknown;
  retry_delay?: unknown;
}

const EXPIRES = 'expires (in seconds)';

/** A longer timeout, in seconds, was probably meant in milliseconds. */
const MAX_LIKELY_TIMEOUT = 300;
/** So was a longer pause. */
const MAX_LIKELY_DELAY = 60;

/**
 * Logs options that are nearly memts's, once for each name. All other unknown ones are ignored, since
 * adapters pass on theirs.
 */
export function hintAtOptions(options: object, log: Log): void {
  const { ttl, expire, lifetime, user, timeout }: Misnamed = options;
  if (ttl !== undefined) misnamed('ttl', EXPIRES, log);
  if (expire !== undefined) misnamed('expire', EXPIRES, log);
  if (lifetime !== undefined) misnamed('lifetime', EXPIRES, log);
  if (user !== undefined) misnamed('user', 'username', log);
  hintAtTime('timeout', timeout, MAX_LIKELY_TIMEOUT, log);
}

/** The same for the options of a client or of one of its servers, which are looked at once. */
export function hintAtClientOptions(options: object, log: Log): void {
  hintAtOptions(options, log);
  const { pass, maxAge, conntimeout, retry_delay }: ClientMisnamed = options;
  if (pass !== undefined) misnamed('pass', 'password', log);
  if (maxAge !== undefined) misnamed('maxAge', EXPIRES, log);
  hintAtTime('conntimeout', conntimeout, MAX_LIKELY_TIMEOUT, log);
  hintAtTime('retry_delay', retry_delay, MAX_LIKELY_DELAY, log);
}

/** The same for servers that are objects. */
export function hintAtServers(servers: unknown, log: Log): void {
  if (!Array.isArray(servers)) return;
  for (const server of servers as unknown[]) hintAtClientOptions(Object(server), log);
}

function hintAtTime(name: string, seconds: unknown, most: number, log: Log): void {
  if (typeof seconds !== 'number' || seconds <= most) return;
  log.once(name, 'warn', `memts: a ${name} of ${seconds} s is long; it is in seconds, not milliseconds`);
}

/** Logs, once for each name, that there is no such option. */
export function misnamed(name: string, meant: string, log: Log): void {
  log.once(
    `option ${name}`,
    'warn',
    `memts: there is no option ${name}, so it is ignored; ${meant} was probably meant`,
  );
}
