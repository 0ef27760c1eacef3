/**
 * The codes of a {@link MemcacheError}.
 *
 * After `ERR_TIMEOUT`, `ERR_CONNECT`, `ERR_CLOSED` and `ERR_PROTOCOL` it is not known whether the server
 * carried the command out, unless nothing of it had been written.
 */
export type ErrorCode =
  | 'ERR_TIMEOUT'
  | 'ERR_CONNECT'
  | 'ERR_CLOSED'
  | 'ERR_AUTH'
  | 'ERR_PROTOCOL'
  | 'ERR_INVALID_KEY'
  | 'ERR_INVALID_ARGUMENT'
  | 'ERR_VALUE_TOO_LARGE'
  | 'ERR_NOT_NUMERIC'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_NO_SERVERS'
  | 'ERR_BUSY'
  | 'ERR_COUNTER_RANGE'
  | 'ERR_UNSUPPORTED'
  | 'ERR_SERVER';

/** Codes after which the connection that reported them is of no further use. */
const ENDS_CONNECTION: ReadonlySet<ErrorCode> = new Set(['ERR_CONNECT', 'ERR_CLOSED', 'ERR_AUTH', 'ERR_PROTOCOL']);

/** Shared by every copy of the package that is loaded, so that `instanceof` holds across them. */
const BRAND = Symbol.for('memts.MemcacheError');

/** What {@link MemcacheError} takes beside its code and message. */
export interface MemcacheErrorOptions {
  /** The server concerned, as `host:port` or the path of a unix socket. */
  server?: string | undefined;
  cause?: unknown;
  /** What the server said, in its own words. */
  reply?: string | undefined;
}

/**
 * Any failure of the client, of a connection or reported by a server. The message never holds a key, a value
 * or a password; what the server said, which may, is in {@link MemcacheError.reply} alone.
 */
export class MemcacheError extends Error {
  readonly code: ErrorCode;
  /** The server concerned, as `host:port` or the path of a unix socket; left out where there is none. */
  declare readonly server?: string;
  /**
   * The server's own words, where it answered with an error: the line of the text protocols, as
   * `SERVER_ERROR backend 10.0.0.7 refused`, the body of a binary response. A server may repeat a key in it, so it is in no
   * message and no log line, and not enumerable: what prints an error does not print it.
   */
  declare readonly reply?: string;

  constructor(code: ErrorCode, message: string, options: MemcacheErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.server !== undefined) this.server = options.server;
    if (options.reply !== undefined) Object.defineProperty(this, 'reply', { value: options.reply, configurable: true });
  }

  /** Whether the connection that the command was on can go on after this error. */
  get connectionSurvives(): boolean {
    return !ENDS_CONNECTION.has(this.code);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

Object.defineProperty(MemcacheError.prototype, 'name', { value: 'MemcacheError', configurable: true, writable: true });
Object.defineProperty(MemcacheError.prototype, BRAND, { value: true });

/** There is no server that may be asked. */
export function noServers(cause?: unknown, reason = ''): MemcacheError {
  return new MemcacheError('ERR_NO_SERVERS', `No servers available${reason}`, { cause });
}

/** What ends with the client. */
export function closedError(server?: string): MemcacheError {
  return new MemcacheError('ERR_CLOSED', 'The client was closed', { server });
}

/** An invalid argument, and what is wrong with it, which shows nothing of a key, a value or a password. */
export function invalidArgument(argument: string, reason: string, cause?: unknown): MemcacheError {
  return new MemcacheError('ERR_INVALID_ARGUMENT', `Invalid ${argument}: ${reason}`, { cause });
}

/** An invalid argument. What came is only shown where it is a number or the like. */
export function invalid(argument: string, expected: string, found: unknown): MemcacheError {
  return invalidArgument(argument, `expected ${expected}, but got ${shown(found)}`);
}

/** The same for what may be data: only its type is shown. */
export function invalidType(argument: string, expected: string, found: unknown): MemcacheError {
  return invalidArgument(argument, `expected ${expected}, but got ${kind(found)}`);
}

/** Throws for what is no object; `null` is none. */
export function checkObject(argument: string, value: unknown, expected = 'an object'): asserts value is object {
  if (typeof value !== 'object' || value === null) throw invalidType(argument, expected, value);
}

/** Objects that have a meaning of their own: with a `Date` in the place of the options a value would be kept for ever. */
const OTHERWISE_MEANT =
  /^\[object (\w*Array|Date|Number|String|Boolean|BigInt|Map|Set|Promise|RegExp|Error|AbortSignal)\]$/;

/** Throws for what can't be options: what is no object, and what is one of another kind. */
export function checkOptionsObject(value: unknown): asserts value is object {
  checkObject('options', value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return;
  const tag = Object.prototype.toString.call(value);
  if (OTHERWISE_MEANT.test(tag)) {
    throw invalidArgument('options', `expected options, but got ${tag}`);
  }
}

/** Whether a value is an integer within bounds. */
export function isInteger(value: unknown, least: number, most = Number.POSITIVE_INFINITY): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** Throws for what is no function. */
export function checkFunction(argument: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(argument, 'a function', value);
}

function shown(value: unknown): string {
  return ['number', 'boolean', 'bigint'].includes(typeof value) ? String(value) : kind(value);
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
