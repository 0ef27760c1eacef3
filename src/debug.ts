import { debuglog } from 'node:util';
import { MemcacheError } from './errors.ts';
import { printable } from './printable.ts';

const log = debuglog('memts');

/** Whether the program was started with `NODE_DEBUG=memts`. */
export const DEBUGGING = log.enabled === true;

/** Writes a line to stderr, with `NODE_DEBUG=memts`. */
export function debug(message: string): void {
  log('%s', printable(message));
}

/** Enough for our own frames and those of the caller. */
const MANY_FRAMES = 50;

/** The stack of whoever calls, as text. */
export function callerFrames(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = MANY_FRAMES;
  const { stack = '' } = new Error('of the caller');
  Error.stackTraceLimit = stackTraceLimit;
  return stack.slice(stack.indexOf('\n'));
}

const originals = new WeakMap<object, MemcacheError>();

/** The same error with the caller's frames in its stack: a copy, since several commands may fail with one error. */
export function withFrames(error: unknown, frames: string): unknown {
  if (!(error instanceof MemcacheError)) return error;
  const original = originalOf(error) as MemcacheError;
  const copy = new MemcacheError(original.code, original.message);
  Object.defineProperties(copy, Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(copy, 'stack', { value: original.stack + frames, configurable: true, writable: true });
  originals.set(copy, original);
  return copy;
}

/** What an error was before it got its caller's frames. */
export function originalOf(error: unknown): unknown {
  return originals.get(error as object) ?? error;
}

/** Puts the frames of whoever calls into what a promise rejects with. */
export function framed<T>(promise: Promise<T>): Promise<T> {
  const frames = callerFrames();
  return promise.catch((error) => {
    throw withFrames(error, frames);
  });
}
