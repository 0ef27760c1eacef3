import timers from 'node:timers';

/**
 * Timers, ticks and clocks, as they are when this file is loaded: a test that puts fake ones in their place later on
 * stops neither a command nor its deadline. No other file takes them from anywhere else, which lint and a test see to.
 */

export const setTimeout = original(timers.setTimeout, 'setTimeout');
export const clearTimeout = original(timers.clearTimeout, 'clearTimeout');
export const setInterval = original(timers.setInterval, 'setInterval');
export const clearInterval = original(timers.clearInterval, 'clearInterval');
export const setImmediate = original(timers.setImmediate, 'setImmediate');
export const clearImmediate = original(timers.clearImmediate, 'clearImmediate');
export const nextTick = original(process.nextTick, 'nextTick');
export const queueMicrotask = original(globalThis.queueMicrotask, 'queueMicrotask');

const performance = original(globalThis.performance, 'performance');

/** Milliseconds on a clock that nobody sets: the one for durations and deadlines. */
export const monotonicNow: () => number = (inherited(performance) ?? performance).now.bind(performance);

/** Milliseconds of Unix time by the clock that nobody sets since the process began: what Next.js takes its moments from. */
export function timestampNow(): number {
  return performance.timeOrigin + monotonicNow();
}

/** Milliseconds of Unix time: the one for what the server compares with its own clock. */
export const wallNow: () => number = original(Date, 'Date').now;

/**
 * Milliseconds of Unix time as the program around has it, fake or not: only for moments that the program itself has
 * taken from that clock.
 */
export function programNow(): number {
  return Date.now();
}

/** The class behind an object: what fake timers put over a method of it is the object's own. */
function inherited(object: typeof performance): typeof performance | undefined {
  const behind = Object.getPrototypeOf(object) as typeof performance | null;
  return typeof behind?.now === 'function' ? behind : undefined;
}

/**
 * What stands in `found`'s place where no fake timers do. Those of sinon, jest and vitest keep it with their clock, so
 * that a library which is loaded under them can have it; others hide it.
 */
function original<T>(found: T, name: string): T {
  const { clock } = found as { clock?: Readonly<Record<string, unknown>> };
  return (clock?.[`_${name}`] as T | undefined) ?? found;
}

/** Timers end here, in seconds. */
export const MAX_TIMER = 2_147_483;

/** Whether a value is a number of seconds above 0 that a timer can wait. */
export function isSpan(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= MAX_TIMER;
}

/** What such a value is called in errors. */
export const SPAN = 'a number of seconds above 0';

/** A pause of exponential backoff, before the attempt that follows so many failures, in milliseconds. */
export function exponential(failures: number, first: number, longest: number): number {
  return Math.min(longest, first * 2 ** failures);
}

/** A pause with jitter, from half of it on: what waits for the same does not come back all at once. */
export function jittered(pause: number): number {
  return pause * (0.5 + Math.random() / 2);
}
