import { type AnyClient, engineOf } from '../client/any-client.ts';
import type { Engine } from '../client/engine.ts';
import { nextTick } from '../clock.ts';
import { type Hits, WindowHits } from './hits.ts';
import { part } from './names.ts';
import { checkDownOptions, LONGEST_PER, toSeconds } from './options.ts';
import { type DownOptions, Substitute } from './when-down.ts';
import { FixedWindows, lengthened } from './windows.ts';

/** Options of {@link FastifyRateLimitStore}. */
export interface FastifyRateLimitStoreOptions extends DownOptions {
  /** Put before every key. Two registrations of the plugin need two of them. @default 'rl' */
  prefix?: string | undefined;
}

/** What of the plugin's options counts here; a route's have what tells it from others. */
interface PluginOptions {
  continueExceeding?: boolean;
  exponentialBackoff?: boolean;
  groupId?: string;
  routeInfo?: { method?: string | string[]; url?: string };
}

type Callback = (error: Error | null, result?: { current: number; ttl: number }) => void;

/**
 * A store for @fastify/rate-limit, which makes its stores itself:
 * `register(rateLimit, { store: FastifyRateLimitStore.for(client), max, timeWindow })`. Without `whenDown` an error is the
 * plugin's, whose `skipOnError` decides.
 */
export class FastifyRateLimitStore {
  readonly #client: AnyClient;
  readonly #options: FastifyRateLimitStoreOptions;
  readonly #engine: Engine;
  readonly #prefix: string;
  readonly #plugin: PluginOptions;
  readonly #substitute: Substitute;

  /**
   * The client stays the caller's to close. A custom class that extends this one may pass on the options that the
   * plugin makes it with. Throws `ERR_INVALID_ARGUMENT`.
   */
  constructor(
    client: AnyClient,
    options: FastifyRateLimitStoreOptions & PluginOptions = {},
    plugin: PluginOptions = options,
  ) {
    this.#engine = engineOf(client);
    checkDownOptions(options);
    this.#client = client;
    this.#options = options;
    this.#prefix = options.prefix ?? 'rl';
    part(this.#prefix);
    this.#plugin = plugin;
    this.#substitute = new Substitute(options);
  }

  /** The class that the plugin is to make its store of. Throws `ERR_INVALID_ARGUMENT`. */
  static for(
    client: AnyClient,
    options: FastifyRateLimitStoreOptions = {},
  ): new (
    plugin: object,
  ) => FastifyRateLimitStore {
    // What is wrong is to be seen here, and not when the plugin is loaded.
    new FastifyRateLimitStore(client, options);
    return class extends FastifyRateLimitStore {
      constructor(plugin: object) {
        super(client, options, plugin);
      }
    };
  }

  /** Counts a request; `timeWindow` is in milliseconds, and rounded up to whole seconds. */
  incr(key: string, callback: Callback, timeWindow: number, max: number): void {
    const hit = this.#engine.calls.hold(() => this.#hit(String(key), timeWindow, max));
    this.#answer(hit, callback);
  }

  /** What has been counted, without counting. */
  read(key: string, callback: Callback, timeWindow: number): void {
    const look = this.#engine.calls.hold(() => this.#look(String(key), timeWindow));
    this.#answer(look, callback);
  }

  /** The store of one route, whose requests are counted by themselves, or with those of its group. */
  child(route: object): FastifyRateLimitStore {
    const { groupId, routeInfo: { method = '', url = '' } = {} } = route as PluginOptions;
    // The plugin has put the group behind the key.
    const place = groupId === undefined ? `${method}${url}` : '*';
    return new FastifyRateLimitStore(this.#client, { ...this.#options, prefix: `${this.#prefix}/${place}` }, route);
  }

  async #hit(key: string, timeWindow: number, max: number): Promise<Hits> {
    const per = toSeconds('timeWindow', timeWindow);
    const windows = this.#windows(per);
    const name = windows.names.of(key);
    const hits = await this.#substitute.hit(windows, name, 1, per);
    const over = hits.count - max;
    const { continueExceeding, exponentialBackoff } = this.#plugin;
    if (over > 0 && continueExceeding) return lengthened(windows, name, hits, per);
    if (over > 0 && exponentialBackoff) {
      const seconds = Math.ceil((timeWindow * 2 ** (over - 1)) / 1000);
      return lengthened(windows, name, hits, Math.min(seconds, LONGEST_PER));
    }
    return cut(hits, per);
  }

  async #look(key: string, timeWindow: number): Promise<Hits> {
    const per = toSeconds('timeWindow', timeWindow);
    const windows = this.#windows(per);
    const hits = await windows.look(windows.names.of(key));
    return hits === undefined ? new WindowHits(0, 0) : cut(hits, this.#plugin.exponentialBackoff ? LONGEST_PER : per);
  }

  #windows(per: number): FixedWindows {
    return new FixedWindows(this.#engine, this.#prefix, per);
  }

  #answer(outcome: Promise<Hits>, callback: Callback): void {
    outcome.then(
      ({ count, left }) => nextTick(callback, null, { current: count, ttl: left * 1000 }),
      (error: Error) => nextTick(callback, error),
    );
  }
}

/** Users expect no end that is further away than a window is long. */
function cut({ count, left }: Hits, per: number): Hits {
  return new WindowHits(count, Math.min(left, per));
}
