import { AsyncResource } from 'node:async_hooks';
import { throwLater } from '../../cluster/log.ts';

/** What every callback takes first. */
export type ErrorOrNull = Error | null;

// biome-ignore lint/suspicious/noExplicitAny: the arguments after the error are typed by each command's own signature.
export type AnyCallback = (error: any, ...results: any[]) => void;

/**
 * Calls the caller's function. What it throws becomes an uncaught exception, as in MemJS,
 * but not in the middle of the decoding of a chunk.
 */
export function invoke(callback: AnyCallback, error: unknown, first: unknown, second?: unknown): void {
  try {
    if (second === undefined) callback(error, first);
    else callback(error, first, second);
  } catch (thrown) {
    throwLater(thrown);
  }
}

/**
 * The caller's function in the async context that it was handed over in: responses come in that of whoever opened the
 * socket. Promises keep it by themselves.
 */
export function inContext(callback: AnyCallback): AnyCallback {
  const context = new AsyncResource('MEMTS_CALLBACK');
  return (...given) => context.runInAsyncScope(callback, undefined, ...given);
}
