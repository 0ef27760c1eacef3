import type { ClientOptions } from '../../index.ts';
import { MAX_KEY_BYTES, MAX_RELATIVE } from '../../protocol/limits.ts';
import type { Algorithm } from './hash-ring.ts';

/** Options of `memcached`, and some of {@link ClientOptions}. Times are in milliseconds. */
export interface MemcachedOptions
  extends Pick<ClientOptions, 'protocol' | 'tls' | 'username' | 'password' | 'connections'> {
  /** Characters of a key that are sent as they are. @default 250 */
  maxKeySize?: number | undefined;
  /** Has no meaning: an expiration over it is a Unix time for the server. @default 2592000 */
  maxExpiration?: number | undefined;
  /** Bytes of a value that is sent. @default 1048576 */
  maxValue?: number | undefined;
  /** Commands under way, over which a further one fails at once; -1 is any number. @default -1 */
  maxQueueSize?: number | undefined;
  /** The digest of the ring of servers. @default 'md5' */
  algorithm?: Algorithm | undefined;
  /** The ring of servers: `'ketama'` or `'hash_ring'`. @default 'ketama' */
  compatibility?: string | undefined;
  /** Has no meaning: commands share `connections` sockets to a server, without waiting for each other. @default 10 */
  poolSize?: number | undefined;
  /** Whether a command that got no connection or lost it is tried once more: 0 is not. @default 5 */
  retries?: number | undefined;
  /** Has no meaning: the client's own pauses are used. @default 3 */
  factor?: number | undefined;
  /** The same. @default 1000 */
  minTimeout?: number | undefined;
  /** The same. @default 60000 */
  maxTimeout?: number | undefined;
  /** The same. @default false */
  randomize?: boolean | undefined;
  /** How often it is tried whether a dead server is back. @default 18000000 */
  reconnect?: number | undefined;
  /** Bounds the wait for a connection, and the wait for the response. @default 5000 */
  timeout?: number | undefined;
  /** Failures until a server counts as dead. @default 5 */
  failures?: number | undefined;
  /** After how long without a further failure they count from the start again. @default 300000 */
  failuresTimeout?: number | undefined;
  /** How long a server is ejected after a failure. @default 30000 */
  retry?: number | undefined;
  /** After how long without a command connections are closed; 0 is never. @default 5000 */
  idle?: number | undefined;
  /** Whether a dead server is removed, instead of being tried again. @default false */
  remove?: boolean | undefined;
  /** Servers that take the places of those that are removed. @default none */
  failOverServers?: string | string[] | undefined;
  /** On how many further servers keys are deleted and counted. @default false */
  redundancy?: number | boolean | undefined;
  /** Whether a longer key is sent as its MD5 digest, instead of being refused. @default true */
  keyCompression?: boolean | undefined;
  /** Put before every key. @default '' */
  namespace?: string | undefined;
  /** Has no meaning: `NODE_DEBUG=memts` shows what happens to connections. @default false */
  debug?: boolean | undefined;
}

export const DEFAULTS = {
  maxKeySize: MAX_KEY_BYTES,
  maxExpiration: MAX_RELATIVE,
  maxValue: 1_048_576,
  maxQueueSize: -1,
  algorithm: 'md5',
  compatibility: 'ketama',
  poolSize: 10,
  retries: 5,
  factor: 3,
  minTimeout: 1000,
  maxTimeout: 60_000,
  randomize: false,
  reconnect: 18_000_000,
  timeout: 5000,
  failures: 5,
  failuresTimeout: 300_000,
  retry: 30_000,
  idle: 5000,
  remove: false,
  redundancy: false,
  keyCompression: true,
  namespace: '',
  debug: false,
} satisfies MemcachedOptions;

type Defaulted = Omit<
  MemcachedOptions,
  'failOverServers' | 'protocol' | 'tls' | 'username' | 'password' | 'connections'
>;

/** The options with all defaults in. */
export type Settings = MemcachedOptions & { [K in keyof Defaulted]-?: NonNullable<Defaulted[K]> };

/** The defaults, the options of every instance and those of one: the last that is given counts. */
export function toSettings(...given: (MemcachedOptions | null | undefined)[]): Settings {
  const settings: Settings = { ...DEFAULTS };
  for (const options of given) {
    const known = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
    Object.assign(settings, Object.fromEntries(known));
  }
  return settings;
}
