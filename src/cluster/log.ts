/** Where log lines go. */
export interface LogTarget {
  log(...message: unknown[]): void;
}

/**
 * Runs what the caller has handed us. What it throws is the caller's affair: it becomes an uncaught exception, but not in
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
  process.nextTick(() => {
    throw thrown;
  });
}

/** Writes a log line. */
export function log(target: LogTarget, message: string): void {
  guarded(() => target.log(message));
}
