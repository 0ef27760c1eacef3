import { type AnyClient, engineOf } from '../client/any-client.ts';
import type { Engine } from '../client/engine.ts';
import { part } from './names.ts';
import { checkDownOptions, toSeconds } from './options.ts';
import { type DownOptions, Substitute } from './when-down.ts';
import { FixedWindows, lengthened } from './windows.ts';

/** Options of {@link ThrottlerStorage}. */
export interface ThrottlerStorageOptions extends DownOptions {
  /** Put before every key. @default 'throttler' */
  prefix?: string | undefined;
}

/** What the guard gets for a request; times are in seconds. */
export interface ThrottlerRecord {
  totalHits: number;
  timeToExpire: number;
  isBlocked: boolean;
  timeToBlockExpire: number;
}

/**
 * A storage for @nestjs/throttler 6: `ThrottlerModule.forRoot({ throttlers, storage: new ThrottlerStorage(client) })`.
 * Without `whenDown` an error is the app's, which answers with 500.
 */
export class ThrottlerStorage {
  readonly #engine: Engine;
  readonly #prefix: string;
  readonly #substitute: Substitute;

  /** The client stays the caller's to close. Throws `ERR_INVALID_ARGUMENT`. */
  constructor(client: AnyClient, options: ThrottlerStorageOptions = {}) {
    this.#engine = engineOf(client);
    this.#prefix = options.prefix ?? 'throttler';
    part(this.#prefix);
    checkDownOptions(options);
    this.#substitute = new Substitute(options);
  }

  /** `ttl` and `blockDuration` are in milliseconds, and rounded up to whole seconds. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerRecord> {
    const per = toSeconds('ttl', ttl);
    const blockFor = blockDuration > 0 ? toSeconds('blockDuration', blockDuration) : 0;
    const windows = new FixedWindows(this.#engine, `${this.#prefix}/${throttlerName}`, per);
    const name = windows.names.of(key);
    const hits = await this.#engine.calls.hold(async () => {
      const counted = await this.#substitute.hit(windows, name, 1, per);
      // One request goes over the limit; those after it find its block.
      return blockFor > 0 && counted.count === limit + 1 ? lengthened(windows, name, counted, blockFor) : counted;
    });
    const { count } = hits;
    const isBlocked = count > limit;
    const left = Math.min(hits.left, Math.max(per, isBlocked ? blockFor : 0));
    return { totalHits: count, timeToExpire: left, isBlocked, timeToBlockExpire: isBlocked ? left : 0 };
  }
}
