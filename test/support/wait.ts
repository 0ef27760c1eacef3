import { setTimeout as sleep } from 'node:timers/promises';

/** Waits that many milliseconds. */
export { sleep };

export interface EventuallyOptions {
  /** How long to keep trying, in milliseconds. @default 5000 */
  timeout?: number;
  /** The pause between two tries, in milliseconds. @default 10 */
  interval?: number;
}

/**
 * Calls `fn` until it neither throws nor returns `false`, and gives back what it returned. When the time is up, the
 * last error is thrown.
 */
export async function eventually<T>(fn: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeout = 5000, interval = 10 } = options;
  const deadline = performance.now() + timeout;
  for (;;) {
    let failure: unknown;
    try {
      const result = await fn();
      if (result !== false) return result;
      failure = new Error(`still false after ${timeout} ms`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) throw failure;
    await sleep(interval);
  }
}
