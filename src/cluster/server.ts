import { EventEmitter } from 'node:events';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { MAX_TIMER, monotonicNow, programNow, setImmediate, wallNow } from '../clock.ts';
import { DEFAULT_TIMEOUT } from '../connection/connection-options.ts';
import { TlsSession } from '../connection/connector.ts';
import type { Target } from '../connection/dialer.ts';
import { FrameRequest } from '../connection/frame-request.ts';
import {
  type ErrorListener,
  FrameListeners,
  type FrameTransport,
  type ResponseListener,
  type TransportMessage,
} from '../connection/frame-transport.ts';
import type { Credentials } from '../connection/login.ts';
import { Pool } from '../connection/pool.ts';
import type { PoolOwner } from '../connection/pool-load.ts';
import type { ServerStatus } from '../connection/status.ts';
import { type DownReason, isWatched, publishDown, publishUp } from '../connection/telemetry.ts';
import { invalid, isInteger, type MemcacheError } from '../errors.ts';
import { checkFrame } from '../protocol/binary/frame.ts';
import type { Protocol, ProtocolName } from '../protocol/protocol.ts';
import type { Holder, Request, WireKey } from '../protocol/request.ts';
import { DEFAULT_PORT, readHost } from './address.ts';
import { UnsentCalls } from './unsent.ts';

export type { TlsOptions };

/** A server as a client takes it: memts's, or any object with MemJS's contract. */
export type ServerLike = Server | FrameTransport;

/** Options of one server. */
export interface ServerOptions {
  /** The user name, where the server's address and the constructor name none. */
  username?: string | undefined;
  /** The password that goes with it. */
  password?: string | undefined;
  /** Bounds one attempt at a command once there is a connection, in seconds. @default 0.5 */
  timeout?: number | undefined;
  /** Bounds the wait for a connection, authentication included, in seconds. @default 2 × timeout */
  conntimeout?: number | undefined;
  /** The protocol to speak; `auto` finds out which one the server knows. @default 'binary' */
  protocol?: 'auto' | ProtocolName | undefined;
  /** Sockets to the server. Each key belongs to one of them, which its first command opens. @default 1 */
  connections?: number | undefined;
  /** Commands that may wait at the server; a further one is refused with `ERR_BUSY`. @default Infinity */
  maxPending?: number | undefined;
  /**
   * When the server counts as hung: at least so many attempts at commands have timed out, no byte has come from it for twice
   * its `timeout` since the first of them was sent, and a connection opened after that is silent too. Its commands then fail
   * at once with `ERR_TIMEOUT` (or go elsewhere, with `failover`), until a probe is answered. An integer from 1 on, or
   * `false`: never. @default 5
   */
  failFast?: number | false | undefined;
  /** Whether, and with what options, the connection is over TLS; certificates are verified. @default false */
  tls?: boolean | TlsOptions | undefined;
  /** Whether TCP keep-alive is on. @default false */
  keepAlive?: boolean | undefined;
  /** How long a socket is idle before the first keep-alive probe, in seconds. @default 30 */
  keepAliveDelay?: number | undefined;
}

/** What an address adds to a server beyond MemJS's constructor. */
export interface ServerPlace {
  /** A unix socket, instead of host and port. */
  path?: string | undefined;
  /** Whether the address itself asks for TLS. */
  tls?: boolean | TlsOptions | undefined;
  /** The server's share of the keys, where the distribution knows weights. @default 1 */
  weight?: number | undefined;
  /** The longest expiration of what is stored here, in seconds. @default none */
  maxTtl?: number | undefined;
}

/** A server's options with all defaults in. */
export type ResolvedServerOptions = ServerOptions & {
  [Name in Exclude<keyof ServerOptions, 'username' | 'password' | 'tls'>]-?: NonNullable<ServerOptions[Name]>;
};

const UNSEEN = { enumerable: false };
const HIDDEN = { password: UNSEEN, tls: UNSEEN, failover: UNSEEN };

const DEFAULTS = {
  protocol: 'binary' as const,
  connections: 1,
  maxPending: Number.POSITIVE_INFINITY,
  failFast: 5,
  timeout: DEFAULT_TIMEOUT,
  keepAlive: false,
  keepAliveDelay: 30,
};

/** What `failFast` has to be, and how errors say it. */
export const FAIL_FAST = [
  (value: unknown): boolean => value === false || isInteger(value, 1),
  'false or an integer from 1 on',
] as const;

/**
 * One memcached server: it opens connections as commands need them and holds the commands that wait for one.
 *
 * MemJS's server contract is here too: whole binary frames through `write`, their responses through `onResponse` and
 * `onError`. A client uses that only for a server whose `write` has been replaced.
 */
export class Server extends EventEmitter implements PoolOwner, FrameTransport {
  /** None only for a `new Server()` without arguments, as in MemJS; then it is `localhost`. */
  host: string;
  port: number;
  readonly username: string | undefined;
  declare readonly password: string | undefined;
  readonly options: ResolvedServerOptions;
  /** Whether there is a connection that commands can use at once. */
  connected = false;
  /** The protocol that the last connection speaks. */
  protocol: ProtocolName | undefined = undefined;
  /** The server's share of the keys. */
  readonly weight: number;
  /** The longest expiration of what is stored here, in seconds; none where it is the caller's own. */
  readonly maxTtl: number | undefined;

  /** How often it has been ejected. @internal */
  ejections = 0;
  /** What has to be sent before commands for its keys. @internal */
  readonly unsent = new UnsentCalls();
  readonly #place: ServerPlace;
  readonly #listeners = new FrameListeners();
  readonly #pool: Pool;
  readonly #tlsSession = new TlsSession();
  /** When the first failure after the last response was, on the clock of `performance.now()`. */
  #failingSince = Number.NEGATIVE_INFINITY;
  #tellsAge: boolean | undefined;
  #wasDown = false;
  #downReason: DownReason | undefined;
  /** Since when commands have passed it by or failed, in milliseconds of Unix time. */
  #downSince = 0;
  #dismissed = false;
  #wakeupAt: number | undefined = undefined;
  /** The same moment on a clock that nobody sets. */
  #wakeupDue = 0;

  constructor(
    host?: string,
    port?: number,
    username?: string,
    password?: string,
    options: ServerOptions = {},
    place: ServerPlace = {},
  ) {
    super();
    // Each client that has the server listens to it.
    this.setMaxListeners(0);
    this.host = (host && place.path === undefined ? readHost(host, 'host') : host) as string;
    this.port = port as number;
    const timeout = options?.timeout ?? DEFAULTS.timeout;
    this.options = {
      ...options,
      // Not enumerable in a client's options, so the spread leaves them out.
      password: options?.password,
      tls: options?.tls,
      protocol: options?.protocol ?? DEFAULTS.protocol,
      connections: options?.connections ?? DEFAULTS.connections,
      maxPending: options?.maxPending ?? DEFAULTS.maxPending,
      failFast: options?.failFast ?? DEFAULTS.failFast,
      timeout,
      conntimeout: options?.conntimeout ?? Math.min(2 * timeout, MAX_TIMER),
      keepAlive: options?.keepAlive ?? DEFAULTS.keepAlive,
      keepAliveDelay: options?.keepAliveDelay ?? DEFAULTS.keepAliveDelay,
    };
    const { failFast } = this.options;
    const [isFailFast, expected] = FAIL_FAST;
    if (!isFailFast(failFast)) throw invalid('option failFast', expected, failFast);
    const { env } = process;
    this.username = username || this.options.username || env.MEMCACHIER_USERNAME || env.MEMCACHE_USERNAME;
    const secret = password || this.options.password || env.MEMCACHIER_PASSWORD || env.MEMCACHE_PASSWORD;
    // Readable, but in no inspection and no JSON: private keys, and a client's spare pool with its credentials, too.
    Object.defineProperty(this, 'password', { value: secret, configurable: true });
    Object.defineProperties(this.options, HIDDEN);
    this.#place = place;
    this.weight = place.weight ?? 1;
    this.maxTtl = place.maxTtl;
    this.#pool = new Pool(() => this.#target(), this.options, this);
  }

  /** The server's name in results, errors and log lines: `host:port`, or the path of a unix socket. */
  get name(): string {
    return this.#place.path ?? `${this.host ?? 'localhost'}:${this.port ?? DEFAULT_PORT}`;
  }

  /**
   * Until when the server is ejected, as `Date.now()` has it when this is set. From then on the time runs by a clock
   * that nobody sets: one that is put back an hour does not keep the server away for an hour.
   */
  get wakeupAt(): number | undefined {
    return this.#wakeupAt;
  }

  set wakeupAt(moment: number | undefined) {
    if (moment && !this.ejected && !this.down) this.#downSince = wallNow();
    this.#wakeupAt = moment;
    if (moment) this.#wakeupDue = monotonicNow() + moment - programNow();
  }

  /** Whether commands pass the server by: until its time is over and it has answered a probe. */
  get ejected(): boolean {
    return Boolean(this.#wakeupAt) && (this.#wakeupDue > monotonicNow() || this.down);
  }

  /** Whether the server is known to be out of reach, so that commands for it fail at once. */
  get down(): boolean {
    return !this.connected && this.#pool.down;
  }

  /** Whether the protocol tells how long items have left, and marks them as stale, once it is known. @internal */
  get tellsAge(): boolean | undefined {
    return this.#tellsAge;
  }

  /** Whether commands fail at once since the server takes them and says nothing. @internal */
  get hung(): boolean {
    return !this.connected && this.#pool.hung;
  }

  /** What is known of the server, without asking it. */
  status(): ServerStatus {
    const { version, lastError } = this.#pool;
    const { connections, waiting, oldest } = this.#pool.load();
    const isDown = this.down || this.ejected;
    return {
      state: isDown ? 'down' : connections > 0 ? 'up' : 'idle',
      protocol: this.protocol ?? null,
      version: version ?? null,
      connections,
      waiting,
      oldest: oldest / 1000,
      lastError: lastError ?? null,
      downSince: isDown ? this.#downSince : null,
    };
  }

  /** How long an attempt at a command may take, in milliseconds. */
  get timeout(): number {
    return this.options.timeout * 1000;
  }

  /** Sends a request as soon as there is a connection. */
  send(request: Request): void {
    if (!this.unsent.empty && request.keys === undefined) this.unsent.sendBeforeRequest(request);
    if (request.timeout === 0) request.timeout = this.options.timeout * 1000;
    this.#pool.send(request);
  }

  /** How many sockets its keys belong to. @internal */
  get slots(): number {
    return this.#pool.slots;
  }

  /** Which of the sockets a key belongs to. @internal */
  slotOf(key: WireKey): number {
    return this.#pool.slotOf(key);
  }

  /** Where a request for a key that is sent now would wait. @internal */
  holderOf(key: WireKey): Holder {
    return this.#pool.holderOf(key);
  }

  /** Closes the connections that were only open for what nobody wants to hear any more. @internal */
  stopLingering(): void {
    this.#pool.stopLingering();
  }

  /** When the server last answered anything, on the clock of `performance.now()`. */
  get answeredAt(): number {
    return this.#pool.answeredAt;
  }

  /** Opens a connection now, unless there is one; rejects with the reason when that fails. */
  connect(): Promise<void> {
    return this.#pool.connect();
  }

  /** Notes a failed attempt, and says for how long there have been such without a response, in milliseconds. */
  failingFor(): number {
    const now = monotonicNow();
    if (this.#failingSince <= this.answeredAt) this.#failingSince = now;
    return now - this.#failingSince;
  }

  /** Passes the server by: for `seconds` at least, and then until it answers again. */
  eject(seconds: number, error: MemcacheError): void {
    if (!this.ejected) this.ejections++;
    this.wakeupAt = programNow() + seconds * 1000;
    this.#pool.suspect(error);
  }

  /** Waits for every response, disconnects from the server and closes. A command after it opens a new connection. */
  quit(): Promise<void> {
    return this.#pool.quit();
  }

  /** The server is no longer one of the client's: what it has is finished, and no connection stays. */
  dismiss(): Promise<void> {
    this.#dismissed = true;
    return this.quit();
  }

  /** Closes at once: what waits fails with `ERR_CLOSED`. A command after it opens a new connection. */
  close(): void {
    this.#pool.close();
  }

  /** Sends a whole binary frame; its response goes to the listeners for its opaque. */
  write(frame: Uint8Array | string): void {
    const buffer = Buffer.from(frame);
    checkFrame(buffer);
    this.send(new FrameRequest(buffer, this.#listeners));
  }

  /** Calls `fn` with the response to the frame whose opaque is `seq`. */
  onResponse(seq: number, fn: ResponseListener): void {
    this.#listeners.onResponse(seq, fn);
  }

  /** Calls `fn` when there won't be a response to the frame whose opaque is `seq`. */
  onError(seq: number, fn: ErrorListener): void {
    this.#listeners.onError(seq, fn);
  }

  /** Passes a response to the listener for its opaque. */
  respond(message: TransportMessage): void {
    this.#listeners.respond(message);
  }

  /** Closes the connection and hands the error to every listener. */
  error(error: Error): void {
    this.close();
    this.#listeners.failAll(error);
  }

  override toString(): string {
    return `<Server ${this.name}>`;
  }

  onUp({ name, tellsAge }: Protocol): void {
    this.protocol = name;
    this.#tellsAge = tellsAge;
    this.connected = true;
    // For a command that was between two attempts when the server was dismissed.
    if (this.#dismissed) setImmediate(() => void this.quit());
    if (!this.#wasDown) return;
    this.#wasDown = false;
    if (isWatched()) publishUp(this.name, this.#downReason);
    this.emit('up');
  }

  onDown(error?: MemcacheError, reason?: DownReason): void {
    this.connected = false;
    if (error === undefined) return;
    if (!this.#wasDown) this.#downSince = wallNow();
    if (this.#dismissed) setImmediate(() => void this.quit());
    if (this.#wasDown) return;
    this.#wasDown = true;
    this.#downReason = reason;
    if (isWatched()) publishDown(this.name, reason, error);
    this.emit('down', error);
  }

  #target(): Target {
    const { protocol, timeout, conntimeout, keepAlive, keepAliveDelay } = this.options;
    const { path } = this.#place;
    const tls = tlsOptions(this.#place.tls, this.options.tls);
    const host = this.host ?? 'localhost';
    const port = this.port ?? DEFAULT_PORT;
    const limits = { keepAlive, keepAliveDelay, conntimeout: conntimeout * 1000 };
    return {
      name: this.name,
      endpoint: { host, port, path, tls, tlsSession: this.#tlsSession, ...limits },
      protocol,
      credentials: this.#credentials(),
      timeout: timeout * 1000,
      conntimeout: conntimeout * 1000,
    };
  }

  #credentials(): Credentials | undefined {
    const { username, password } = this;
    return username && password ? { username, password } : undefined;
  }
}

/** The options of a TLS connection; none for a plain one. What an address says about TLS comes before the options. */
function tlsOptions(place: ServerPlace['tls'], general: ServerOptions['tls']): TlsOptions | undefined {
  if (!(place ?? general)) return undefined;
  return { ...(typeof general === 'object' ? general : {}), ...(typeof place === 'object' ? place : {}) };
}
