import { clearImmediate, clearTimeout, monotonicNow, setImmediate, setTimeout } from '../clock.ts';

/** When a server is suspected of hanging; read again each time. */
export interface SilenceLimits {
  /** How many attempts have to time out; `false`: it never is. */
  readonly failFast: number | false;
  /** Bounds an attempt at a command, in seconds. */
  readonly timeout: number;
}

/** How many times the timeout a server has to be silent. */
const TIMEOUTS = 2;

/** How often the time is added up, in parts of the timeout and in milliseconds. */
const LOOKS = 10;
const SHORTEST_LOOK = 5;

/**
 * Watches a server whose attempts time out. It is suspected of hanging when enough of them have, and no byte has come for
 * twice the timeout since the first was sent. Only time in which this process was at work counts: of a look that comes late,
 * since the process was stopped or busy, the delay is left out.
 */
export class Silence {
  /** Whether the server is suspected of hanging. */
  suspected = false;
  /** How many attempts have timed out since the last byte came. */
  attempts = 0;
  /** When the last byte came, on the clock of `performance.now()`; whoever sets it ends a silence by {@link reset}. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** How long nothing has come since the first of the attempts was sent, in milliseconds. */
  #lasted = 0;
  #lookedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  readonly #limits: SilenceLimits;
  readonly #onEnough: () => void;

  /** `onEnough` is called when a silence has lasted long enough, and with each attempt that times out after that. */
  constructor(limits: SilenceLimits, onEnough: () => void) {
    this.#limits = limits;
    this.#onEnough = onEnough;
  }

  /** Whether attempts have timed out, and the time is being added up. */
  get isGrowing(): boolean {
    return this.#timer !== undefined;
  }

  /** What has been seen, for an error. */
  get story(): string {
    if (this.attempts === 0) return 'it does not respond on a new connection';
    const attempts = this.attempts === 1 ? '1 command' : `${this.attempts.toLocaleString('en')} commands`;
    const seconds = ((monotonicNow() - this.heardAt) / 1000).toFixed(1);
    const silence = this.heardAt > 0 ? `it has sent nothing for ${seconds} s` : 'it has never sent anything';
    return `${silence}, not on a new connection either, and ${attempts} timed out`;
  }

  /** Notes an attempt that was sent at a moment and has had its time, in milliseconds. */
  timedOut(sentAt: number, time: number): void {
    const { failFast } = this.#limits;
    // What has come since then shows that the server works.
    if (failFast === false || this.suspected || sentAt < this.heardAt) return;
    if (++this.attempts === 1) this.#look();
    this.#lasted = Math.max(this.#lasted, time);
    if (!this.isGrowing && this.#lasted >= this.#enough) this.#judge(failFast);
  }

  reset(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.suspected = false;
    this.attempts = 0;
    this.#lasted = 0;
  }

  get #enough(): number {
    return TIMEOUTS * this.#limits.timeout * 1000;
  }

  #look(): void {
    this.#lookedAt = monotonicNow();
    const pause = Math.max(SHORTEST_LOOK, (this.#limits.timeout * 1000) / LOOKS);
    this.#timer = setTimeout(() => {
      // What has come meanwhile is read first.
      this.#immediate = setImmediate(() => this.#looked(2 * pause));
    }, pause).unref();
  }

  /** Adds the time since the last look, of which no more than `most` counts. */
  #looked(most: number): void {
    const { failFast } = this.#limits;
    this.#timer = undefined;
    this.#lasted += Math.min(monotonicNow() - this.#lookedAt, most);
    if (this.#lasted < this.#enough) this.#look();
    else if (failFast !== false) this.#judge(failFast);
  }

  #judge(failFast: number): void {
    this.suspected = this.attempts >= failFast;
    this.#onEnough();
  }
}
