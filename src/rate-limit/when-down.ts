import { monotonicNow } from '../clock.ts';
import { type Hits, WindowHits } from './hits.ts';

/** What decides while the server does not: every take passes, none does, or each process counts for itself. */
export type WhenDown = 'allow' | 'deny' | 'local';

/** Options of everything that has to decide without its server. */
export interface DownOptions {
  /** What decides where the server of a key can't be asked, or its response is lost. */
  whenDown?: WhenDown | undefined;
  /** Called with the error where `whenDown` has decided. What it throws reaches whoever took. */
  onDown?: ((error: Error) => void) | undefined;
}

/** So many keys are counted in the process; past that, those are forgotten whose window began first. */
const MOST_KEYS = 10_000;

/** After so many seconds it is worth while to ask the server again. */
const PAUSE = 1;

/** Decides while the server does not. */
export class Substitute {
  readonly #whenDown: WhenDown | undefined;
  readonly #onDown: DownOptions['onDown'];
  /** By name, in the order in which their windows began. */
  readonly #counters = new Map<string, { count: number; end: number }>();

  constructor({ whenDown, onDown }: DownOptions) {
    this.#whenDown = whenDown;
    this.#onDown = onDown;
  }

  /** What stands for the hits of a window of `per` seconds; throws the error where nothing was said of that. */
  hits(error: unknown, name: string, cost: number, per: number): Hits {
    if (this.#whenDown === undefined) throw error;
    this.#onDown?.(error as Error);
    if (this.#whenDown === 'allow') return new WindowHits(cost, per);
    if (this.#whenDown === 'deny') return new WindowHits(Number.MAX_SAFE_INTEGER, PAUSE);
    return this.#count(name, cost, per);
  }

  #count(name: string, cost: number, per: number): Hits {
    const now = monotonicNow();
    const found = this.#counters.get(name);
    if (found !== undefined && found.end > now) {
      found.count += cost;
      return new WindowHits(found.count, Math.ceil((found.end - now) / 1000));
    }
    this.#counters.delete(name);
    for (const oldest of this.#counters.keys()) {
      if (this.#counters.size < MOST_KEYS) break;
      this.#counters.delete(oldest);
    }
    this.#counters.set(name, { count: cost, end: now + per * 1000 });
    return new WindowHits(cost, per);
  }
}
