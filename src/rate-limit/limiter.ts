import { type AnyClient, engineOf } from '../client/any-client.ts';
import type { Engine } from '../client/engine.ts';
import { misnamed } from '../client/hints.ts';
import { programNow } from '../clock.ts';
import { checkChoice, checkDownOptions, checkInteger, LONGEST_PER } from './options.ts';
import { type DownOptions, Substitute } from './when-down.ts';
import { type Algorithm, type Windows, windows } from './windows.ts';

/** Options of {@link rateLimiter}. */
export interface RateLimiterOptions extends DownOptions {
  /** What may be taken of a key in a window, an integer from 1. */
  points: number;
  /** How long a window is, in seconds: an integer from 1 to 2,591,999. */
  per: number;
  /**
   * `fixed`: a window begins with a key's first take, and never allows more than `points`. `sliding`: the last `per`
   * seconds, in which the takes of the window before count as if they had been spread evenly. @default 'fixed'
   */
  algorithm?: Algorithm | undefined;
  /** @default 'local' */
  whenDown?: DownOptions['whenDown'];
  /** Put before every key. Limiters with the same prefix, `per` and algorithm count together. @default 'rl' */
  prefix?: string | undefined;
}

/** What a take comes to. */
export interface Take {
  allowed: boolean;
  /** What is left to be taken in this window. */
  remaining: number;
  /** When nothing of what was taken counts any more, in milliseconds of Unix time; at the latest. */
  resetAt: number;
  /** In how many seconds the same take would be allowed, if nobody else took any, at the latest; 0 where it was allowed. */
  retryAfter: number;
}

/** Counts takes for all processes, on the server of each key. */
export class RateLimiter {
  readonly #engine: Engine;
  readonly #points: number;
  readonly #per: number;
  readonly #windows: Windows;
  readonly #substitute: Substitute;

  /** Throws `ERR_INVALID_ARGUMENT`. */
  constructor(client: AnyClient, options: RateLimiterOptions) {
    const engine: Engine = engineOf(client);
    const { points, per, algorithm = 'fixed', whenDown = 'local', onDown, prefix = 'rl' } = options ?? {};
    // Without a prefix of their own, limits count together.
    if ('keyPrefix' in Object(options)) misnamed('keyPrefix of a rate limit', 'prefix', engine.log);
    this.#engine = engine;
    this.#points = checkInteger('option points', points, Number.MAX_SAFE_INTEGER - 1);
    this.#per = checkInteger('option per', per, LONGEST_PER);
    checkChoice('option algorithm', algorithm, ['fixed', 'sliding']);
    checkDownOptions({ whenDown, onDown });
    this.#windows = windows(engine, algorithm, prefix, per);
    this.#substitute = new Substitute({ whenDown, onDown });
  }

  /**
   * Takes `cost` points, an integer from 1, of any key: text of any length. A denied take counts like any other. Never sent
   * twice: where the response is lost, `whenDown` decides. Rejects with `ERR_INVALID_ARGUMENT` and `ERR_INVALID_KEY` alone.
   */
  async take(key: string, cost = 1): Promise<Take> {
    checkInteger('cost', cost, Number.MAX_SAFE_INTEGER);
    // More would be denied all the same, and might turn the counter over.
    const counted = Math.min(cost, this.#points + 1);
    const name = this.#windows.names.of(key);
    const hits = await this.#engine.calls.hold(() => this.#substitute.hit(this.#windows, name, counted, this.#per));
    const allowed = hits.count <= this.#points;
    return {
      allowed,
      remaining: Math.max(0, Math.floor(this.#points - hits.count)),
      resetAt: programNow() + hits.left * 1000,
      retryAfter: allowed ? 0 : hits.wait(this.#points, cost),
    };
  }

  /** Forgets what was taken of a key. Rejects when its server can't be asked. */
  async reset(key: string): Promise<void> {
    const name = this.#windows.names.of(key);
    await this.#engine.calls.hold(() => this.#windows.forget(name));
  }
}

/**
 * A limit of so many points in so many seconds for each key, which all processes that use the same servers share. The
 * client stays the caller's to close. Throws `ERR_INVALID_ARGUMENT`.
 */
export function rateLimiter(client: AnyClient, options: RateLimiterOptions): RateLimiter {
  return new RateLimiter(client, options);
}
