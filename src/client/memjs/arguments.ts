import type { Log } from '../../cluster/log.ts';
import { factsOf, type Op } from '../../protocol/op.ts';
import type { AnyCallback } from '../commands/callback.ts';
import { NO_OPTIONS } from '../commands/command.ts';
import type { IncrementDecrementOptions } from '../commands/count.ts';
import type { InsertOptions } from '../commands/store.ts';

/** What came after the value: options and callback, whatever order they came in. */
export interface Arguments<TOptions> {
  options: TOptions;
  callback: AnyCallback | undefined;
}

/** MemJS takes `null` for a callback that nobody waits for. */
const NOBODY: AnyCallback = () => {};

const NO_ARGUMENTS: Readonly<Arguments<object>> = { options: NO_OPTIONS, callback: undefined };

/** A callback as it was handed over; `null` is one that does nothing, and no promise is made then. */
export function toCallback(callback: unknown): AnyCallback | undefined {
  if (callback === null) return NOBODY;
  return typeof callback === 'function' ? (callback as AnyCallback) : undefined;
}

/** `(options, callback)`, `(callback)` or nothing, for the commands that have no options in MemJS. */
export function trailing<TOptions extends object>(options: unknown, callback: unknown): Arguments<TOptions> {
  if (options === undefined && callback === undefined) return NO_ARGUMENTS as Arguments<TOptions>;
  if (options === null && callback === undefined) return { options: NO_OPTIONS as TOptions, callback: NOBODY };
  return optionsFirst(options, callback);
}

/** `(options, callback)`, `(callback)` or nothing, for those that do: there `null` may stand for the options. */
export function optionsFirst<TOptions extends object>(options: unknown, callback: unknown): Arguments<TOptions> {
  if (options === undefined && callback === undefined) return NO_ARGUMENTS as Arguments<TOptions>;
  if (typeof options === 'function') return { options: NO_OPTIONS as TOptions, callback: options as AnyCallback };
  return { options: toOptions(options), callback: toCallback(callback) };
}

/**
 * What stands in the place of the options. `null`, `undefined`, `false` and `''` are none, as in MemJS; what is no object
 * either is refused by whoever reads it.
 */
export function toOptions<TOptions extends object>(options: unknown): TOptions {
  const none = options === undefined || options === null || options === false || options === '';
  return (none ? NO_OPTIONS : options) as TOptions;
}

/** The same for what stores: a number is the expiration, as in the packages `memcached` and `memcache`. */
export function toInsertOptions<TOptions extends { expires?: number | undefined }>(options: unknown): TOptions {
  return typeof options === 'number' ? ({ expires: options } as TOptions) : toOptions(options);
}

function deprecated(op: Op, log: Log): void {
  log.write('warn', `MemJS ${factsOf(op).label}: using deprecated call - arguments have changed`);
}

/** `(options, callback)` or MemJS's old `(callback, expires)`. */
export function insertArguments(op: Op, options: unknown, callback: unknown, log: Log): Arguments<InsertOptions> {
  if (typeof options === 'number') return { options: { expires: options }, callback: toCallback(callback) };
  if (typeof options !== 'function' && typeof callback !== 'number') return optionsFirst(options, callback);
  deprecated(op, log);
  return {
    options: toInsertOptions(behindCallback(callback)),
    callback: toCallback(typeof options === 'function' ? options : null),
  };
}

/** What comes after a callback, where nothing but a further one may be left out of account. */
function behindCallback(argument: unknown): unknown {
  return typeof argument === 'function' ? undefined : argument;
}

/** `(options, callback)` or MemJS's old `(callback, expires, initial)`. */
export function counterArguments(
  op: Op,
  options: unknown,
  callback: unknown,
  initial: unknown,
  log: Log,
): Arguments<IncrementDecrementOptions> {
  if (typeof options !== 'function') return optionsFirst(options, callback);
  deprecated(op, log);
  const given = toInsertOptions<IncrementDecrementOptions>(behindCallback(callback));
  // Options as they are now have theirs inside.
  const isOld = given === NO_OPTIONS || typeof callback === 'number';
  if (!isOld || initial === undefined || initial === null) return { options: given, callback: options as AnyCallback };
  return { options: { ...given, initial: initial as number }, callback: options as AnyCallback };
}

/** An expiration that may be left out, and what comes after it: a callback in its place is called all the same. */
export function expirationFirst(expires: unknown, second: unknown, third: unknown): [unknown, unknown, unknown] {
  return typeof expires === 'function' ? [undefined, expires, second] : [expires, second, third];
}
