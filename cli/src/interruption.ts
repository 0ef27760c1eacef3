/** The signals that ask a program to end, and what a shell says that it ended with. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type Ending = keyof typeof SIGNALS;

/** Listens for the signals that end the program, while something is done that is to be left tidily. */
export class Interruption implements Disposable {
  /** What to end with; 0 while nothing asked for it. */
  exitCode = 0;
  readonly #controller = new AbortController();
  readonly #listener = (signal: Ending): void => this.stop(SIGNALS[signal]);

  constructor() {
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
    this.#controller.abort();
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

  [Symbol.dispose](): void {
    for (const signal of Object.keys(SIGNALS) as Ending[]) process.off(signal, this.#listener);
  }
}
