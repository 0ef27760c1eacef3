import { Cookie, type CookieOptions, type SessionData, Store } from 'express-session';
import { nextTick, programNow } from '../clock.ts';
import type { AnyClient, ServerList } from '../index.ts';
import { type AdapterClient, asText, type Held, holdClient, type OwnClientOptions } from './shared/client.ts';
import { toExpiration } from './shared/lifetime.ts';
import { AdapterLog } from './shared/log.ts';
import { Sealer } from './shared/sealer.ts';
import { isUnreadable } from './shared/unreadable.ts';

/** Options of {@link MemtsStore}; further ones are those of `Client.create`, for the client that it makes. */
export interface MemtsStoreOptions extends OwnClientOptions {
  /** The caller's client, which `close` leaves open. @default one made of `servers` */
  client?: AnyClient | undefined;
  /** Servers as `Client.create` takes them. @default the environment's */
  servers?: ServerList | undefined;
  /** Put before every session's id. @default 'sess:' */
  prefix?: string | undefined;
  /**
   * How long a session lives whose cookie has no end of its own, in seconds, or a function of the session that says so.
   * @default 86400
   */
  ttl?: number | ((session: SessionData) => number) | undefined;
  /**
   * Encrypts what is stored, with AES-256-GCM and a key derived from this, and bound to the session's id. Of several the
   * first one encrypts and all decrypt, so that a new one can be put before the old. What none of them can read is no
   * session. Not the `secret` of express-session, which signs cookies.
   * @default nothing is encrypted; where it is there, but no string or empty, the constructor throws `ERR_INVALID_ARGUMENT`
   */
  secret?: string | readonly string[];
}

type Callback<T extends unknown[] = []> = (error?: unknown, ...results: T) => void;

const ONE_DAY = 86_400;

/**
 * Sessions of express-session in memcached: `session({ store: new MemtsStore({ servers: 'localhost:11211' }), … })`.
 * There is no `all`, `length` and `clear`, since memcached can't list what it has.
 */
export class MemtsStore extends Store {
  readonly #held: Held;
  readonly #log: AdapterLog;
  readonly #prefix: string;
  readonly #sealer: Sealer | undefined;
  readonly #ttl: NonNullable<MemtsStoreOptions['ttl']>;

  constructor(options: MemtsStoreOptions = {}) {
    super();
    const { client, servers, prefix = 'sess:', ttl = ONE_DAY, secret, ...clientOptions } = options;
    // One that is undefined was meant: a variable of the environment that is not set must not switch encryption off.
    this.#sealer = 'secret' in options ? new Sealer(secret) : undefined;
    this.#held = holdClient(client ?? servers, clientOptions);
    this.#log = new AdapterLog(this.client);
    this.#prefix = prefix;
    this.#ttl = ttl;
  }

  /** The client that is used. */
  get client(): AdapterClient {
    return this.#held.client;
  }

  /** What can't be read, or is no session, is none: the user gets a new one, and the log a line. */
  get(sid: string, callback: Callback<[SessionData | null]>): void {
    answer(this.#read(sid), (error, found) => callback(error, found ?? null));
  }

  set(sid: string, data: SessionData, callback?: Callback): void {
    const write = async (): Promise<unknown> => {
      const left = this.#lifetime(data);
      // Express ends a session by a cookie whose time is over.
      if (left <= 0) return this.client.delete(this.#prefix + sid);
      const key = this.#prefix + sid;
      const text = JSON.stringify(data);
      return this.client.set(key, this.#sealer?.seal(key, text) ?? text, { expires: toExpiration(left) });
    };
    answer(write(), (error) => callback?.(error));
  }

  /** Moves the end of a session. One that is not there any more stays away: it may just have been logged out. */
  override touch(sid: string, data: SessionData, callback?: Callback): void {
    const move = async (): Promise<unknown> =>
      this.client.touch(this.#prefix + sid, toExpiration(Math.max(0, this.#lifetime(data))));
    answer(move(), (error) => callback?.(error));
  }

  destroy(sid: string, callback?: Callback): void {
    answer(this.client.delete(this.#prefix + sid), (error) => callback?.(error));
  }

  /** Waits for every response and closes the client, unless it is the caller's. */
  async close(): Promise<void> {
    if (this.#held.owned) await this.client.quit();
  }

  async #read(sid: string): Promise<SessionData | null> {
    let found: SessionData | undefined;
    try {
      const key = this.#prefix + sid;
      const { value } = await this.client.get(key);
      if (value === null || value === undefined) return null;
      found = toSession(this.#sealer === undefined ? value : this.#sealer.open(key, asText(value) ?? ''));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    if (found !== undefined) return found;
    this.#log.warn('memts/session: what is stored for a session can not be read, so there is none');
    return null;
  }

  /** What is left of a session, in milliseconds. */
  #lifetime(data: SessionData): number {
    // What is stored by hand may have no cookie at all.
    const expires = data.cookie?.expires;
    if (expires) return new Date(expires).getTime() - programNow();
    return 1000 * (typeof this.#ttl === 'function' ? this.#ttl(data) : this.#ttl);
  }
}

/**
 * A session with a cookie that express-session can go on with, from its text or as the client's serializer made it of
 * that; `undefined` for anything else.
 */
function toSession(value: unknown): SessionData | undefined {
  try {
    const text = asText(value);
    const found: unknown = text === undefined ? value : JSON.parse(text);
    return isSession(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The types of express-session leave out that it takes options, and can be written out. */
type CookieClass = new (options: object) => Cookie & { serialize(name: string, value: string): string };
const WritableCookie = Cookie as unknown as CookieClass;

function isSession(found: unknown): found is SessionData {
  if (typeof found !== 'object' || found === null) return false;
  const given: unknown = Reflect.get(found, 'cookie');
  if (typeof given !== 'object' || given === null) return false;
  const { expires, originalMaxAge } = given as CookieOptions & { originalMaxAge?: number | null };
  // What express-session does with it, and throws for later: it makes a cookie, moves its end and writes it out.
  const cookie = new WritableCookie(given);
  if (typeof expires === 'string') cookie.expires = new Date(expires);
  cookie.serialize('name', 'value');
  cookie.maxAge = originalMaxAge as number;
  cookie.serialize('name', 'value');
  return true;
}

/** Calls back outside of the promise, so that what the callback throws is thrown as if there were none. */
function answer<T>(outcome: Promise<T>, callback: (error: unknown, result?: T) => void): void {
  outcome.then(
    (result) => nextTick(callback, null, result),
    (error) => nextTick(callback, error),
  );
}

export default MemtsStore;
