import type { ServerStatus } from '../connection/status.ts';
import type { ByServer } from './commands/broadcast.ts';
import type { ErrorOrNull } from './commands/callback.ts';
import type { CommandOptions } from './commands/command.ts';
import { type FlushOptions, flush } from './commands/flush.ts';
import { type Statistics, statistics } from './commands/stats.ts';
import { version } from './commands/version.ts';
import { optionsFirst, trailing } from './memjs/arguments.ts';
import { MemjsBase } from './memjs/base.ts';

type FlushCallback = (lastError: ErrorOrNull, results: Record<string, true | Error>) => void;
type StatsCallback = (error: ErrorOrNull, server: string, stats: Statistics | null) => void;
type VersionCallback = (error: ErrorOrNull, server: string, version: string | null) => void;

/** What a client does with all of its servers, whatever the key. */
export abstract class ServerCommands<TIn, TOut> extends MemjsBase<TIn, TOut> {
  /**
   * Empties every server (`flush_all` in "Other commands" of `protocol.txt`). For each, under `host:port`, the result is
   * `true` or the error, `ERR_UNSUPPORTED` where the server takes no flush (`-F`); the callback gets the last error besides.
   */
  flush(options?: FlushOptions): Promise<Record<string, true | Error>>;
  flush(callback: FlushCallback): void;
  flush(options: FlushOptions, callback: FlushCallback): void;
  flush(first?: unknown, second?: unknown): unknown {
    const { options, callback } = trailing<FlushOptions>(first, second);
    return flush(this.engine, options, callback);
  }

  /**
   * The general statistics of every server ("Statistics" in `protocol.txt`), all as text. The promise resolves with those
   * that answered, and with `errors`, which is not enumerable, of the others by `host:port`; it rejects when none did,
   * with an `AggregateError` of several. The callback is called once for each server.
   */
  stats(options?: CommandOptions): Promise<ByServer<Statistics>>;
  stats(callback: StatsCallback): void;
  stats(first?: unknown, second?: unknown): unknown {
    const { options, callback } = trailing<CommandOptions>(first, second);
    return statistics(this.engine, '', options, callback);
  }

  /**
   * One group of statistics of every server, such as `settings` or `items`; otherwise like `stats`. `ERR_SERVER` for a group
   * that the server does not know.
   */
  statsWithKey(key: string, options?: CommandOptions): Promise<ByServer<Statistics>>;
  statsWithKey(key: string, callback: StatsCallback): void;
  statsWithKey(key: string, second?: unknown, third?: unknown): unknown {
    const { options, callback } = trailing<CommandOptions>(second, third);
    return statistics(this.engine, key, options, callback);
  }

  /** Sets the counting statistics of every server back to 0; otherwise like `stats`. */
  resetStats(options?: CommandOptions): Promise<ByServer<Statistics>>;
  resetStats(callback: StatsCallback): void;
  resetStats(first?: unknown, second?: unknown): unknown {
    const { options, callback } = trailing<CommandOptions>(first, second);
    return statistics(this.engine, 'reset', options, callback);
  }

  /** The version of every server, by `host:port`; otherwise like `stats`. */
  version(options?: CommandOptions | null): Promise<ByServer<string>>;
  version(callback: VersionCallback): void;
  version(options: CommandOptions | null, callback: VersionCallback): void;
  version(first?: unknown, second?: unknown): unknown {
    const { options, callback } = optionsFirst<CommandOptions>(first, second);
    return version(this.engine, options, callback);
  }

  /**
   * What is known of each server, by `host:port` (or the path of a unix socket), the spare ones of `failover` included:
   * whether it is up, what it speaks, what waits there, what last went wrong. Sends nothing, and never throws; with
   * `discovery`, empty before there is a list.
   */
  status(): Record<string, ServerStatus> {
    return this.engine.fleet.status();
  }

  /**
   * Opens a connection to every server now. Never needed, since commands connect by themselves. Rejects with an
   * `AggregateError` of what went wrong with the servers that failed.
   */
  connect(): Promise<void> {
    return this.engine.whenKnown(() => this.engine.fleet.connect());
  }

  /**
   * Waits for every response, those of `getOrSet`, `update` and the commands for many keys included, then disconnects
   * from each server and closes. Computations under way may finish, which takes `lockFor` at most, or 30 s for `update`;
   * waits for other processes end at once with `ERR_CLOSED`. Nothing of the client's own opens a connection afterwards,
   * so the process can end. Never rejects. A command after it opens a new connection.
   */
  quit(): Promise<void> {
    return this.engine.quit();
  }

  /** The same as `quit`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }

  /**
   * Closes every connection at once. Waiting commands, and what is made of several, fail with `ERR_CLOSED` and are not
   * retried; what a computation for `getOrSet` returns later is not stored. A command after it opens a new connection.
   */
  close(): void {
    this.engine.close();
  }
}
