import type { TlsOptions } from 'node:tls';
import { checkFunction, checkObject, checkOptionsObject, invalid, invalidType, isInteger } from '../errors.ts';
import type { ServerProtocol } from './session.ts';
import type { Users } from './users.ts';

export interface MemoryServerOptions {
  /**
   * The address to listen on. Anything but a loopback address lets others in; this is no server for production.
   * @default '127.0.0.1'
   */
  host?: string | undefined;
  /**
   * The port; 0 for any free one, which {@link MemoryServer.port} tells.
   * @default 0
   */
  port?: number | undefined;
  /** The path of a unix socket, instead of host and port. */
  path?: string | undefined;
  /**
   * Bytes that all items together may take; past that the least recently used ones are evicted.
   * @default 67_108_864 (64 MB)
   */
  memoryLimit?: number | undefined;
  /**
   * Bytes that one item may take, key and overhead included (memcached's `-I`).
   * @default 1_048_576 (1 MB)
   */
  maxItemSize?: number | undefined;
  /** Who may log in, as a list or as an object of passwords by user name. Without it nobody has to. */
  users?: Users | undefined;
  /** TLS, with the options of `tls.createServer` (`key` and `cert` at least). */
  tls?: TlsOptions | undefined;
  /**
   * Which protocols are spoken: found out by a connection's first byte, or only one kind, as with memcached's `-B`.
   * memcached with SASL (`-S`) is `'binary'`, with ASCII authentication (`-Y`) `'ascii'`.
   * @default 'auto'
   */
  protocol?: ServerProtocol | undefined;
  /**
   * The time in milliseconds since 1970, for tests that let time pass without waiting.
   * @default the system's clock, which fake timers do not move
   */
  clock?: (() => number) | undefined;
  /**
   * Where faults with a `share` or a `jitter` take their numbers from 0 to 1 from, for tests that repeat themselves.
   * @default Math.random
   */
  random?: (() => number) | undefined;
}

const PROTOCOLS: readonly unknown[] = ['auto', 'binary', 'ascii'];

/** Throws `ERR_INVALID_ARGUMENT` for invalid options; the system checks host, port and path. */
export function checkServerOptions(options: MemoryServerOptions): void {
  checkOptionsObject(options);
  const { protocol, users, tls } = options;
  for (const name of ['memoryLimit', 'maxItemSize'] as const) checkSize(name, options[name]);
  for (const name of ['clock', 'random'] as const) {
    if (options[name] !== undefined) checkFunction(`option ${name}`, options[name]);
  }
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    throw invalidType('option protocol', "'auto', 'binary' or 'ascii'", protocol);
  }
  if (users !== undefined) checkUsers(users);
  if (tls !== undefined) checkObject('option tls', tls, 'options of tls.createServer');
}

function checkSize(name: string, bytes: number | undefined): void {
  if (bytes === undefined || isInteger(bytes, 1024)) return;
  throw invalid(`option ${name}`, 'a number of bytes, at least 1024', bytes);
}

function checkUsers(users: unknown): void {
  const passwords: unknown[] = Array.isArray(users)
    ? users.flatMap((user: unknown) => [Reflect.get(Object(user), 'username'), Reflect.get(Object(user), 'password')])
    : Object.values(Object(users));
  if (typeof users === 'object' && users !== null && passwords.every((text) => typeof text === 'string')) return;
  throw invalidType('option users', 'passwords by user name, or a list of { username, password }', users);
}
