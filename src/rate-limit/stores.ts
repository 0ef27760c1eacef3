import { type AnyClient, engineOf } from '../client/any-client.ts';
import type { Engine } from '../client/engine.ts';
import { programNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import type { Hits } from './hits.ts';
import { checkChoice, checkDownOptions, toSeconds } from './options.ts';
import { type DownOptions, Substitute } from './when-down.ts';
import { type Algorithm, type Windows, windows } from './windows.ts';

/** Options of {@link ExpressRateLimitStore} and {@link HonoRateLimitStore}. */
export interface RateLimitStoreOptions extends DownOptions {
  /** As for `rateLimiter`. @default 'fixed' */
  algorithm?: Algorithm | undefined;
  /** Put before every key. Two limits of one app need two of them. @default 'rl' */
  prefix?: string | undefined;
}

/** What a host gets for a key. */
export interface StoredHits {
  totalHits: number;
  resetTime: Date;
}

/** A store as express-rate-limit and hono-rate-limiter have it, which give each store one window. */
class HitStore {
  /** For the host's own checks: each of its middlewares has keys of its own. */
  prefix: string;
  /** Counts for every process. */
  readonly localKeys = false;
  readonly #engine: Engine;
  readonly #algorithm: Algorithm;
  readonly #substitute: Substitute;
  /** A window's length, in seconds. */
  #per = 0;
  #windows: Windows | undefined;

  /** The client stays the caller's to close. Throws `ERR_INVALID_ARGUMENT`. */
  constructor(client: AnyClient, options: RateLimitStoreOptions = {}) {
    const { algorithm = 'fixed', prefix = 'rl' } = options;
    this.#engine = engineOf(client);
    checkChoice('option algorithm', algorithm, ['fixed', 'sliding']);
    checkDownOptions(options);
    this.#algorithm = algorithm;
    this.prefix = prefix;
    this.#substitute = new Substitute(options);
  }

  /** Called by the host with its options; `windowMs` is rounded up to whole seconds. Throws `ERR_INVALID_ARGUMENT`. */
  init({ windowMs }: { windowMs: number }): void {
    this.#per = toSeconds('option windowMs', windowMs);
    this.#windows = windows(this.#engine, this.#algorithm, this.prefix, this.#per);
  }

  async increment(key: string): Promise<StoredHits> {
    const counters = this.#counters();
    const name = counters.names.of(key);
    const hits = await this.#engine.calls.hold(() => this.#substitute.hit(counters, name, 1, this.#per));
    return this.#toStored(hits);
  }

  /**
   * Takes back one hit; none where the window is over. Does not reject because a server is away: hosts ask for it when the
   * response has been sent, and have nobody to tell.
   */
  async decrement(key: string): Promise<void> {
    const counters = this.#counters();
    const name = counters.names.of(key);
    await this.#engine.calls.hold(() => this.#substitute.giveBack(counters, name, 1));
  }

  async resetKey(key: string): Promise<void> {
    const counters = this.#counters();
    const name = counters.names.of(key);
    await this.#engine.calls.hold(() => counters.forget(name));
  }

  async get(key: string): Promise<StoredHits | undefined> {
    const counters = this.#counters();
    const name = counters.names.of(key);
    const hits = await this.#engine.calls.hold(() => counters.look(name));
    return hits === undefined ? undefined : this.#toStored(hits);
  }

  #counters(): Windows {
    if (this.#windows !== undefined) return this.#windows;
    throw new MemcacheError('ERR_INVALID_ARGUMENT', 'The store has no window: init was not called, or has failed');
  }

  /** Hosts and their users expect no end that is further away than a window is long. */
  #toStored({ count, left }: Hits): StoredHits {
    const most = this.#algorithm === 'fixed' ? this.#per : 2 * this.#per;
    return { totalHits: Math.ceil(count), resetTime: new Date(programNow() + Math.min(left, most) * 1000) };
  }
}

/**
 * A store for express-rate-limit 7 and 8: `rateLimit({ store: new ExpressRateLimitStore(client), windowMs, limit })`. Without
 * `whenDown` an error is the host's, whose `passOnStoreError` decides.
 */
export class ExpressRateLimitStore extends HitStore {}

/**
 * A store for hono-rate-limiter: `rateLimiter({ store: new HonoRateLimitStore(client), windowMs, limit, keyGenerator })`.
 * Without `whenDown` an error is the app's, whose `onError` answers.
 */
export class HonoRateLimitStore extends HitStore {}
