import nodeConsole from 'node:console';
import { clearTimeout, nextTick, setTimeout } from '../clock.ts';
import { printable } from '../printable.ts';

/** Where log lines go: with MemJS's one method, or with levels. */
export type LogTarget = Logger | LeveledLogger | false;

/** A logger as MemJS takes it. */
export interface Logger {
  // biome-ignore lint/suspicious/noExplicitAny: @types/memjs has it so, and loggers written for it must fit.
  log(...args: any[]): void;
}

/** A logger with levels, such as pino, winston and bunyan make. */
export interface LeveledLogger {
  // biome-ignore lint/suspicious/noExplicitAny: each of these loggers has overloads of its own, which must fit.
  info(...args: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  warn(...args: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  error(...args: any[]): unknown;
}

export type Level = keyof LeveledLogger;

/** After a line about a failed command at a server, further ones are only counted, for so many milliseconds. */
const FAILURE_INTERVAL = 1000;

/** Loggers that threw are used no more, by no client. */
const broken = new WeakSet<object>();

/** Writes the log lines of a client. */
export class Log {
  // Read again for each line, since MemJS's users may change it at any time.
  readonly #options: { readonly logger: LogTarget };
  readonly #logged = new Set<string>();
  /** What a logger leads to that uses the client itself is not handed to it again. */
  #writing = false;
  /** The servers with a failure in the last second, and how many more there were since. */
  readonly #leftOut = new Map<string, { count: number; timer: NodeJS.Timeout }>();

  constructor(options: { readonly logger: LogTarget }) {
    this.#options = options;
  }

  /** Writes a line, and never more than one. */
  write(level: Level, text: string): void {
    const { logger } = this.#options;
    if (!logger || broken.has(logger) || this.#writing) return;
    const message = printable(text);
    this.#writing = true;
    try {
      const result: unknown = hasLevels(logger) ? logger[level](message) : logger.log(message);
      // It may be a promise of another realm, as Node.js's own are in jest, or of a library.
      Promise.resolve(result).catch(() => breaks(logger));
    } catch {
      breaks(logger);
    } finally {
      this.#writing = false;
    }
  }

  /** Writes the first line about something, and no other. */
  once(about: string, level: Level, message: string): void {
    if (this.#logged.has(about)) return;
    this.#logged.add(about);
    this.write(level, message);
  }

  /** Writes a line about a command that failed: one a second for each server, and then how many were left out. */
  failure(server: string, message: string): void {
    const leftOut = this.#leftOut.get(server);
    if (leftOut !== undefined) leftOut.count++;
    else this.#writeFailure(server, message);
  }

  /** Tells how many failures were left out so far. */
  flush(): void {
    for (const [server, { timer, count }] of [...this.#leftOut]) {
      clearTimeout(timer);
      this.#leftOut.delete(server);
      if (count > 0) this.write('warn', moreFailures(server, count));
    }
  }

  #writeFailure(server: string, message: string): void {
    const timer = setTimeout(() => {
      this.#leftOut.delete(server);
      if (leftOut.count > 0) this.#writeFailure(server, moreFailures(server, leftOut.count));
    }, FAILURE_INTERVAL).unref();
    const leftOut = { count: 0, timer };
    this.#leftOut.set(server, leftOut);
    this.write('warn', message);
  }
}

/** What stands in a client's options by now may be anything. */
function breaks(logger: unknown): void {
  if (Object(logger) === logger) broken.add(logger as object);
}

function moreFailures(server: string, count: number): string {
  const commands = count === 1 ? '1 more command' : `${count.toLocaleString('en')} more commands`;
  return `memts: Server <${server}>: ${commands} failed, not logged one by one`;
}

/** Node.js's own consoles have levels too, but MemJS's lines have always gone to their `log`. */
function hasLevels(logger: Logger | LeveledLogger): logger is LeveledLogger {
  if (isConsole(logger)) return false;
  const { info, warn, error } = logger as Partial<LeveledLogger>;
  return typeof info === 'function' && typeof warn === 'function' && typeof error === 'function';
}

function isConsole(logger: object): boolean {
  // Test runners replace the global console by one without the class; not every runtime has it.
  const { Console } = nodeConsole;
  return logger === console || (typeof Console === 'function' && logger instanceof Console);
}

/**
 * Runs what the caller has handed us. What it throws becomes an uncaught exception, but not in
 * the middle of our own work.
 */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    throwLater(thrown);
  }
}

/** Makes an uncaught exception of what the caller's own function has thrown. */
export function throwLater(thrown: unknown): void {
  nextTick(() => {
    throw thrown;
  });
}
