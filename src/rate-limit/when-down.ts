import { monotonicNow } from '../clock.ts';
import { type Hits, WindowHits } from './hits.ts';
import type { Windows } from './windows.ts';

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

/** Asks the server, and decides where it does not. */
export class Substitute {
  readonly #whenDown: WhenDown | undefined;
  readonly #onDown: DownOptions['onDown'];
  /** What each key has come to by what is known here, in the order in which their windows began. */
  readonly #counters = new Map<string, { count: number; end: number }>();

  constructor({ whenDown, onDown }: DownOptions) {
    this.#whenDown = whenDown;
    this.#onDown = onDown;
  }

  /** Counts in windows of `per` seconds, or gives what stands for that; throws the error where nothing was said of it. */
  async hit(windows: Pick<Windows, 'hit'>, name: string, cost: number, per: number): Promise<Hits> {
    try {
      const hits = await windows.hit(name, cost);
      if (this.#whenDown === 'local') this.#note(name, hits.count, Math.min(hits.left, per + 1));
      return hits;
    } catch (error) {
      if (this.#whenDown === undefined) throw error;
      this.#onDown?.(error as Error);
      if (this.#whenDown === 'allow') return new WindowHits(cost, per);
      if (this.#whenDown === 'deny') return new WindowHits(Number.MAX_SAFE_INTEGER, PAUSE);
      return this.#count(name, cost, per);
    }
  }

  /** Takes back what was counted. Where the server does not, it counts until the window ends. */
  async giveBack(windows: Pick<Windows, 'giveBack'>, name: string, cost: number): Promise<void> {
    const known = this.#counters.get(name);
    if (known !== undefined) known.count = Math.max(0, known.count - cost);
    try {
      await windows.giveBack(name, cost);
    } catch (error) {
      this.#onDown?.(error as Error);
    }
  }

  /** Goes on from what the server has said last, as long as that window lasts. */
  #count(name: string, cost: number, per: number): Hits {
    const now = monotonicNow();
    const found = this.#counters.get(name);
    if (found === undefined || found.end <= now) {
      this.#note(name, cost, per);
      return new WindowHits(cost, per);
    }
    found.count += cost;
    return new WindowHits(found.count, Math.ceil((found.end - now) / 1000));
  }

  #note(name: string, count: number, seconds: number): void {
    const now = monotonicNow();
    const end = now + seconds * 1000;
    const found = this.#counters.get(name);
    if (found !== undefined && found.end > now) {
      found.count = count;
      found.end = end;
      return;
    }
    this.#counters.delete(name);
    for (const oldest of this.#counters.keys()) {
      if (this.#counters.size < MOST_KEYS) break;
      this.#counters.delete(oldest);
    }
    this.#counters.set(name, { count, end });
  }
}
