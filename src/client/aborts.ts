/** What ends when its signal is aborted. */
export interface Abortable {
  /** Called once at most. */
  aborted(reason: unknown): void;
}

/** Who waits for which signal. */
const listeners = new WeakMap<AbortSignal, AbortListener>();

/**
 * The one listener that a signal has from us, for however many wait: each of its own would be looked for among all the
 * others when it leaves, and from eleven on Node.js warns of a leak.
 */
class AbortListener {
  readonly waiting = new Set<Abortable>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    listeners.set(signal, this);
  }

  leave(one: Abortable): void {
    this.waiting.delete(one);
    if (this.waiting.size > 0) return;
    this.#signal.removeEventListener('abort', this.#onAbort);
    listeners.delete(this.#signal);
  }

  readonly #onAbort = (): void => {
    listeners.delete(this.#signal);
    // Those that leave meanwhile are passed over.
    for (const one of this.waiting) one.aborted(this.#signal.reason);
  };
}

/** Calls `one` when `signal` is aborted. A signal that was aborted before calls nobody. */
export function awaitAbort(signal: AbortSignal, one: Abortable): void {
  (listeners.get(signal) ?? new AbortListener(signal)).waiting.add(one);
}

/** Takes that back. */
export function forgetAbort(signal: AbortSignal, one: Abortable): void {
  listeners.get(signal)?.leave(one);
}

/** The promise's outcome, or the reason of the signal, if there is one and that comes first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const one = { aborted: reject };
    if (signal.aborted) reject(signal.reason);
    else awaitAbort(signal, one);
    promise.then(resolve, reject).finally(() => forgetAbort(signal, one));
  });
}
