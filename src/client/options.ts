import { isSpan, SPAN } from '../clock.ts';
import type { Discovery } from '../cluster/discovery/discovery.ts';
import { DISTRIBUTIONS, type Distribution, isDistribution } from '../cluster/distribution/distribution.ts';
import type { Gutter } from '../cluster/fleet.ts';
import type { LogTarget } from '../cluster/log.ts';
import type { RepairOptions } from '../cluster/repair/repairs.ts';
import { FAIL_FAST, type ServerOptions } from '../cluster/server.ts';
import { checkOptionsObject, invalid, invalidType, isInteger, type MemcacheError } from '../errors.ts';
import { LAST_SECOND, MAX_RELATIVE } from '../protocol/limits.ts';
import { PROTOCOL_NAMES } from '../protocol/protocol.ts';
import type { Serializer } from '../serializers/serializer.ts';

/** Options of a client: all that `Client.create` takes. All times are in seconds. */
export interface ClientOptions<TIn = string | Uint8Array, TOut = Buffer | null> extends ServerOptions {
  /** Attempts at a command in all: 2 is one retry. @default 2 */
  retries?: number | undefined;
  /** The pause before a retry, in seconds. @default 0.2 */
  retry_delay?: number | undefined;
  /** The same as `retry_delay`. @default 0.2 */
  retryDelay?: number | undefined;
  /**
   * Send commands again that may take effect twice by it (add, append, prepend, counters, anything with `cas`), as
   * MemJS does. @default false
   */
  retryNonIdempotent?: boolean | undefined;
  /**
   * The default expiration in seconds: 0 is never; from 1,000,000,000 on it is a Unix time. What is over 30 days (2,592,000)
   * and under that is sent as the Unix time that it comes to, at most 2,147,483,647, and logged once, in case it was
   * milliseconds. So in every place that takes seconds. @default 0
   */
  expires?: number | undefined;
  /** Put before every key on the wire; whole keys decide which server is asked. @default '' */
  keyPrefix?: string | undefined;
  /** Send a readable head and a SHA-256 digest for a key over 250 bytes, instead of an error. @default false */
  hashLongKeys?: boolean | undefined;
  /**
   * Where log lines go: `warn`, `error` and `info` of a logger that has all three and is no `console.Console` (pino,
   * winston, bunyan), otherwise its `log`; `false` is silence. Each change of a server's state is a line; failed commands
   * are one line a server and second at most, and then their number. What a logger throws is swallowed, and it is used no
   * more. @default console
   */
  logger?: LogTarget | undefined;
  /** How keys are spread over the servers. @default 'modulo' */
  distribution?: Distribution | undefined;
  /** Where the list of servers comes from, and goes on coming from. @default none */
  discovery?: Discovery | undefined;
  /**
   * Whether to go on when a server has failed: `true` to the next server, with an object to a spare pool, where nothing
   * lives longer than its `expires`. Either may serve old values when the server is back, after a delete too; only `false`
   * and short expirations on all values keep them out. @default false
   */
  failover?: boolean | Gutter | undefined;
  /** How long a failed server is ejected, in seconds. @default 60 */
  failoverTime?: number | undefined;
  /**
   * Keys of which a server may have an old value, because a write of theirs did not end with its response (refused, timed out,
   * cut, aborted, or taken by a server that stands in), are deleted there when it answers again, before this client sends
   * it anything else for them. `true` is `{ keys: 10_000, for: 300 }`. See `docs/consistency.md`. @default off
   */
  repair?: RepairOptions | boolean | undefined;
  /** Turns values into bytes and back. @default passes strings and Buffers on as they are */
  serializer?: Serializer<TIn, TOut> | undefined;
  /** The protocol to speak. @default 'auto'; of a `Server` made by hand 'binary' */
  protocol?: ServerOptions['protocol'];
  /** Whether listeners to the channel `memts:command` get the keys. @default false */
  traceKeys?: boolean | undefined;
}

/** A client's options with all defaults in. */
export interface ResolvedOptions {
  retries: number;
  retry_delay: number;
  retryNonIdempotent: boolean;
  expires: number;
  keyPrefix: string;
  hashLongKeys: boolean;
  logger: LogTarget;
  distribution: Distribution;
  failover: boolean | Gutter;
  failoverTime: number;
  repair?: RepairOptions | boolean | undefined;
  discovery?: Discovery | undefined;
  traceKeys?: boolean | undefined;
}

const DEFAULTS: Omit<ResolvedOptions, 'logger'> = {
  retries: 2,
  retry_delay: 0.2,
  retryNonIdempotent: false,
  expires: 0,
  keyPrefix: '',
  hashLongKeys: false,
  distribution: 'modulo',
  failover: false,
  failoverTime: 60,
};

type Check = (value: unknown) => boolean;

/** Whether an option is valid, and what is expected of it. */
type Rule = readonly [check: Check, expected: string];

const isBoolean: Check = (value) => typeof value === 'boolean';
const isPositive: Check = (value) => typeof value === 'number' && value > 0;
const isText: Check = (value) => typeof value === 'string';
const hasMethods =
  (...names: string[]): Check =>
  (value) =>
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === 'function');

function isLogger(value: unknown): boolean {
  try {
    return value === false || hasMethods('log')(value) || hasMethods('info', 'warn', 'error')(value);
  } catch {
    // What a logger throws is swallowed, here as where it is used.
    return true;
  }
}

function isGutter(value: unknown): boolean {
  const { gutter, expires } = value as Partial<Gutter>;
  return Boolean(gutter) && isInteger(expires, 1, MAX_RELATIVE);
}

function isRepair(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { keys, for: seconds } = value as RepairOptions;
  const isCount = keys === undefined || isInteger(keys, 1);
  return isCount && (seconds === undefined || isSpan(seconds));
}

const PAUSE: Rule = [(value) => value === 0 || isSpan(value), 'a number of seconds from 0 on'];
const LIMIT: Rule = [isSpan, SPAN];
const EXPIRATION: Rule = [isExpiration, 'an integer of seconds from 0 to 2,147,483,647'];
const SWITCH: Rule = [isBoolean, 'true or false'];
const TEXT: Rule = [isText, 'a string'];

function isDiscovery(value: unknown): boolean {
  if (!hasMethods('discover')(value)) return false;
  const { interval, timeout } = value as Discovery;
  return isSpan(interval) && isPositive(timeout ?? 1);
}

/** What each option has to be. Others are ignored: adapters pass on theirs. */
const RULES: Readonly<Record<string, Rule>> = {
  retries: [(value) => isInteger(value, 0), 'an integer from 0 on'],
  retry_delay: PAUSE,
  retryDelay: PAUSE,
  retryNonIdempotent: SWITCH,
  expires: EXPIRATION,
  keyPrefix: TEXT,
  hashLongKeys: SWITCH,
  logger: [isLogger, 'an object with a method log, or with info, warn and error, or false'],
  distribution: [isDistribution, DISTRIBUTIONS],
  discovery: [isDiscovery, 'an object with a method discover and times in seconds, such as dns() makes'],
  failover: [
    (value) => isBoolean(value) || isGutter(value),
    'true, false or { gutter: servers, expires: seconds above 0 }',
  ],
  failoverTime: PAUSE,
  repair: [
    (value) => isBoolean(value) || isRepair(value),
    'true, false or { keys: an integer above 0, for: seconds above 0 }',
  ],
  serializer: [hasMethods('serialize', 'deserialize'), 'an object with serialize and deserialize'],
  timeout: LIMIT,
  conntimeout: LIMIT,
  connections: [(value) => isInteger(value, 1), 'an integer above 0'],
  maxPending: [isPositive, 'a number above 0'],
  failFast: FAIL_FAST,
  keepAlive: SWITCH,
  keepAliveDelay: PAUSE,
  tls: [(value) => isBoolean(value) || typeof value === 'object', 'true, false or TLS options'],
  username: TEXT,
  password: TEXT,
  protocol: [(value) => ['auto', ...PROTOCOL_NAMES].includes(value as string), "'auto', 'binary', 'meta' or 'classic'"],
  traceKeys: SWITCH,
};

/** An expiration that every protocol can say: a whole number of seconds in 31 bits. */
export function isExpiration(value: unknown): boolean {
  return isInteger(value, 0, LAST_SECOND);
}

/** What to throw for an expiration that no protocol can say. */
export function invalidExpiration(argument: string, found: unknown): MemcacheError {
  return invalid(argument, EXPIRATION[1], found);
}

/** Throws `ERR_INVALID_ARGUMENT` for an invalid option. */
export function checkOptions(options: unknown): void {
  checkOptionsObject(options);
  for (const [name, [check, expected]] of Object.entries(RULES)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined || value === null || check(value)) continue;
    throw (name === 'password' ? invalidType : invalid)(`option ${name}`, expected, value);
  }
}

/** A copy of the caller's options, with those of memts that it inherits, as the getters of a class of settings. */
export function copyOptions<T extends object>(options: T): T {
  const copy = { ...options };
  for (const name of Object.keys(RULES)) {
    if (name in options && !(name in copy)) Reflect.set(copy, name, Reflect.get(options, name));
  }
  return copy;
}

/** Options with credentials in them: `failover` has the addresses of a spare pool. */
const SECRET = ['password', 'tls', 'failover'] as const;

/** A copy of the caller's options with the defaults put in, as MemJS has them in `client.options`. */
export function resolveOptions<TIn, TOut>(
  options: ClientOptions<TIn, TOut>,
): ResolvedOptions & ClientOptions<TIn, TOut> {
  const given = Object.fromEntries(
    Object.entries(copyOptions(options)).filter(([, value]) => value !== undefined && value !== null),
  );
  const retry_delay = options.retry_delay ?? options.retryDelay ?? DEFAULTS.retry_delay;
  const resolved = { ...DEFAULTS, logger: console, ...given, retry_delay };
  // What may hold a password or a private key is in no inspection and no JSON.
  for (const name of SECRET) {
    if (name in resolved && typeof Reflect.get(resolved, name) !== 'boolean') {
      Object.defineProperty(resolved, name, { enumerable: false });
    }
  }
  return resolved;
}
