import { clearTimeout, setImmediate, setTimeout } from '../clock.ts';

/** Ends the opening of a connection that takes too long, or too long without a sign of the server. */
export class OpenTimer {
  readonly #whole: NodeJS.Timeout;
  readonly #silence: NodeJS.Timeout | undefined;
  /** How many signs there have been. */
  #signs = 0;
  #stopped = false;

  /** In milliseconds; without `silence` only the whole counts. */
  constructor(whole: number, silence: number | undefined, expired: () => void) {
    // The sign may have come while the process was busy: input is read before immediates run.
    this.#whole = setTimeout(() => setImmediate(() => this.#stopped || expired()), whole);
    if (silence === undefined) return;
    this.#silence = setTimeout(() => {
      const signs = this.#signs;
      setImmediate(() => this.#stopped || signs !== this.#signs || expired());
    }, silence);
  }

  /** Notes a sign of the server: the next one has the whole time again. */
  sign(): void {
    this.#signs++;
    if (!this.#stopped) this.#silence?.refresh();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#whole);
    clearTimeout(this.#silence);
  }
}
