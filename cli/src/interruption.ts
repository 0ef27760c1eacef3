import { setMaxListeners } from 'node:events';
import { regret } from './output.ts';

/** The signals that ask a program to end, and what a shell says that it ended with. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type Ending = keyof typeof SIGNALS;

/** A signal may come twice at once, from the terminal, and passed on by npx: within so many milliseconds. */
const SAME_SIGNAL = 200;

/** How long an interrupted command may take to end before it tells that it has heard; by then a second signal counts. */
const SHOWN_AFTER = 250;

let ended = 0;

/** What a program has been asked to end with, whatever else has gone wrong since; 0 where it was not. */
export function askedToEndWith(): number {
  return ended;
}

/**
 * Listens for the signals that end the program, while something is done that is to be left tidily. Where that takes too
 * long, as with a server that does not answer, a second one ends it at once.
 */
export class Interruption implements Disposable {
  /** What to end with; 0 while nothing asked for it. */
  exitCode = 0;
  readonly #controller = new AbortController();
  #since = 0;
  #patience: NodeJS.Timeout | undefined;
  readonly #listener = (signal: Ending): void => {
    if (this.requested && performance.now() - this.#since > SAME_SIGNAL) process.exit(SIGNALS[signal]);
    this.stop(SIGNALS[signal]);
  };

  constructor() {
    // Any number of commands under way may wait for it.
    setMaxListeners(0, this.signal);
    for (const signal of Object.keys(SIGNALS) as Ending[]) process.on(signal, this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get requested(): boolean {
    return this.#controller.signal.aborted;
  }

  stop(exitCode: number): void {
    if (this.requested) return;
    this.exitCode = exitCode;
    ended = exitCode;
    this.#since = performance.now();
    this.#controller.abort();
    // What ends at once, or because its time is over, needs no words.
    if (exitCode === 0) return;
    this.#patience = setTimeout(() => regret('interrupted; once more ends it at once'), SHOWN_AFTER).unref();
  }

  /** Waits, but not longer than until the end is asked for. */
  async wait(milliseconds: number): Promise<void> {
    if (this.requested) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.signal.addEventListener('abort', done);
    });
  }

  /** Waits for something, but not longer than until the end is asked for; it goes on by itself then. */
  async unless(work: Promise<unknown>): Promise<void> {
    if (this.requested) return;
    await new Promise<void>((resolve, reject) => {
      const done = (): void => resolve();
      this.signal.addEventListener('abort', done);
      work.then(done, reject).finally(() => this.signal.removeEventListener('abort', done));
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#patience);
    for (const signal of Object.keys(SIGNALS) as Ending[]) process.off(signal, this.#listener);
  }
}
