import type { SessionData, Store as SessionStore } from 'express-session';
import { type AdapterClient, asText, type Held, holdClient, type OwnClientOptions } from '../adapters/client.ts';
import { toExpiration } from '../adapters/lifetime.ts';
import { requirePeer } from '../adapters/peer.ts';
import { nextTick, programNow } from '../clock.ts';
import { MemcacheError, type ServerList } from '../index.ts';

/** Options of {@link MemtsStore}; further ones are those of `Client.create`, for the client that it makes. */
export interface MemtsStoreOptions extends OwnClientOptions {
  /** A client of the caller's own, which `close` leaves open. @default one made of `servers` */
  client?: AdapterClient | undefined;
  /** Servers as `Client.create` takes them. @default the environment's */
  servers?: ServerList | undefined;
  /** Put before every session's id. @default 'sess:' */
  prefix?: string | undefined;
  /**
   * How long a session lives whose cookie has no end of its own, in seconds, or a function of the session that says so.
   * @default 86400
   */
  ttl?: number | ((session: SessionData) => number) | undefined;
}

type Callback<T extends unknown[] = []> = (error?: unknown, ...results: T) => void;

const ONE_DAY = 86_400;

const { Store } = requirePeer('express-session', 'memts/session') as { Store: typeof SessionStore };

/**
 * Sessions of express-session in memcached: `session({ store: new MemtsStore({ servers: 'localhost:11211' }), … })`.
 * There is no `all`, `length` and `clear`, since memcached can't list what it has.
 */
export class MemtsStore extends Store {
  readonly #held: Held;
  readonly #prefix: string;
  readonly #ttl: NonNullable<MemtsStoreOptions['ttl']>;

  constructor(options: MemtsStoreOptions = {}) {
    super();
    const { client, servers, prefix = 'sess:', ttl = ONE_DAY, ...clientOptions } = options;
    this.#held = holdClient(client ?? servers, clientOptions);
    this.#prefix = prefix;
    this.#ttl = ttl;
  }

  /** The client that is used. */
  get client(): AdapterClient {
    return this.#held.client;
  }

  get(sid: string, callback: Callback<[SessionData | null]>): void {
    const read = async (): Promise<SessionData | null> => {
      const text = asText((await this.client.get(this.#prefix + sid)).value);
      return text === undefined ? null : parse(text);
    };
    answer(read(), (error, found) => callback(error, found ?? null));
  }

  set(sid: string, data: SessionData, callback?: Callback): void {
    const write = async (): Promise<unknown> => {
      const left = this.#lifetime(data);
      // Express ends a session by a cookie whose time is over.
      if (left <= 0) return this.client.delete(this.#prefix + sid);
      return this.client.set(this.#prefix + sid, JSON.stringify(data), { expires: toExpiration(left) });
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

  /** Waits for every answer and closes the client, unless it is the caller's. */
  async close(): Promise<void> {
    if (this.#held.owned) await this.client.quit();
  }

  /** What is left of a session, in milliseconds. */
  #lifetime(data: SessionData): number {
    // What is stored by hand may have no cookie at all.
    const expires = data.cookie?.expires;
    if (expires) return new Date(expires).getTime() - programNow();
    return 1000 * (typeof this.#ttl === 'function' ? this.#ttl(data) : this.#ttl);
  }
}

/** JSON's own error would quote the session, and errors are logged. */
function parse(text: string): SessionData {
  try {
    return JSON.parse(text);
  } catch {
    throw new MemcacheError('ERR_UNSUPPORTED', 'memts/session: what is stored for this id is no JSON');
  }
}

/** Calls back outside of the promise, so that what the callback throws is thrown as if there were none. */
function answer<T>(outcome: Promise<T>, callback: (error: unknown, result?: T) => void): void {
  outcome.then(
    (result) => nextTick(callback, null, result),
    (error) => nextTick(callback, error),
  );
}

export default MemtsStore;
