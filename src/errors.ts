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
}

/**
 * Any failure of the client, of a connection or reported by a server. The message never holds a key, a value
 * or a password.
 */
export class MemcacheError extends Error {
  readonly code: ErrorCode;
  /** The server concerned, as `host:port` or the path of a unix socket; left out where there is none. */
  declare readonly server?: string;

  constructor(code: ErrorCode, message: string, options: MemcacheErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.server !== undefined) this.server = options.server;
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
