import type { Engine } from '../client/engine.ts';
import { wallNow } from '../clock.ts';
import { MAX_RELATIVE } from '../protocol/limits.ts';
import { Counters } from './counters.ts';
import { type Hits, WindowHits } from './hits.ts';
import { Names } from './names.ts';
import { SlidingHits } from './sliding-hits.ts';

export type Algorithm = 'fixed' | 'sliding';

/** Counts what is taken of each name in windows of so many seconds. */
export interface Windows {
  readonly names: Names;
  /** Counts, in one round trip. */
  hit(name: string, cost: number): Promise<Hits>;
  /** What has been counted; none where nothing was. */
  look(name: string): Promise<Hits | undefined>;
  /** Takes back what was counted in the window of now. */
  giveBack(name: string, cost: number): Promise<void>;
  forget(name: string): Promise<void>;
}

/** For windows of `per` seconds, which have been checked. */
export function windows(engine: Engine, algorithm: Algorithm, prefix: string, per: number): Windows {
  return algorithm === 'sliding' ? new SlidingWindows(engine, prefix, per) : new FixedWindows(engine, prefix, per);
}

/** A window begins with the first hit and ends when its counter expires, `per` to `per + 1` seconds later. */
export class FixedWindows implements Windows {
  readonly names: Names;
  readonly #counters: Counters;
  readonly #per: number;

  constructor(engine: Engine, prefix: string, per: number) {
    this.names = new Names(engine, prefix, String(per));
    this.#counters = new Counters(engine);
    this.#per = per;
  }

  async hit(name: string, cost: number): Promise<WindowHits> {
    const server = await this.#counters.serverOf(name);
    const { count, left = this.#longest } = await this.#counters.hit(server, name, cost, expiration(this.#per));
    if (left >= 0) return new WindowHits(count, left);
    // One without an end, which no window has, would never begin again.
    await this.#counters.extend(server, name, expiration(this.#per));
    return new WindowHits(count, this.#longest);
  }

  async look(name: string): Promise<WindowHits | undefined> {
    const { count, left = this.#longest } = await this.#counters.look(await this.#counters.serverOf(name), name);
    return count === 0 ? undefined : new WindowHits(count, left < 0 ? this.#longest : left);
  }

  /** Has the window end so many seconds from now. */
  async extend(name: string, seconds: number): Promise<void> {
    await this.#counters.extend(await this.#counters.serverOf(name), name, expiration(seconds));
  }

  async giveBack(name: string, cost: number): Promise<void> {
    await this.#counters.giveBack(await this.#counters.serverOf(name), name, cost);
  }

  async forget(name: string): Promise<void> {
    await this.#counters.forget(await this.#counters.serverOf(name), name);
  }

  /** What is left at most, where the protocol does not tell it. */
  get #longest(): number {
    return this.#per + 1;
  }
}

/**
 * Windows that begin at multiples of `per` in Unix time. The takes of the one before count by the share of it that is
 * still within `per` seconds, as if they had been spread evenly over it.
 */
class SlidingWindows implements Windows {
  readonly names: Names;
  readonly #counters: Counters;
  /** In milliseconds. */
  readonly #length: number;

  constructor(engine: Engine, prefix: string, per: number) {
    this.names = new Names(engine, prefix, `${per}s`);
    this.#counters = new Counters(engine);
    this.#length = per * 1000;
  }

  async hit(name: string, cost: number): Promise<SlidingHits> {
    const { current, previous, passed } = this.#at(name);
    const server = await this.#counters.serverOf(name);
    const [{ count }, before] = await Promise.all([
      this.#counters.hit(server, current, cost, expiration((2 * this.#length) / 1000)),
      this.#counters.look(server, previous),
    ]);
    return new SlidingHits(before.count, count, passed, this.#length);
  }

  async look(name: string): Promise<SlidingHits | undefined> {
    const { current, previous, passed } = this.#at(name);
    const server = await this.#counters.serverOf(name);
    const [now, before] = await Promise.all([
      this.#counters.look(server, current),
      this.#counters.look(server, previous),
    ]);
    return now.count + before.count === 0 ? undefined : new SlidingHits(before.count, now.count, passed, this.#length);
  }

  async giveBack(name: string, cost: number): Promise<void> {
    await this.#counters.giveBack(await this.#counters.serverOf(name), this.#at(name).current, cost);
  }

  async forget(name: string): Promise<void> {
    const { current, previous } = this.#at(name);
    const server = await this.#counters.serverOf(name);
    await Promise.all([this.#counters.forget(server, current), this.#counters.forget(server, previous)]);
  }

  /** The counters of now, both on the server of the name, and how much of the window has passed, in ms. */
  #at(name: string): { current: string; previous: string; passed: number } {
    const now = Math.floor(wallNow());
    const window = Math.floor(now / this.#length);
    return { current: `${name};${window}`, previous: `${name};${window - 1}`, passed: now - window * this.#length };
  }
}

/**
 * Hits whose window ends so many seconds from now instead. Where the server does not say that it does, it ends when it would
 * have: the hits have been counted all the same.
 */
export async function lengthened(windows: FixedWindows, name: string, hits: Hits, seconds: number): Promise<Hits> {
  try {
    await windows.extend(name, seconds);
    return new WindowHits(hits.count, seconds);
  } catch {
    return hits;
  }
}

/** A second more, since the server's clock may be about to tick; past 30 days as a Unix time. */
function expiration(seconds: number): number {
  return seconds < MAX_RELATIVE ? seconds + 1 : Math.ceil(wallNow() / 1000) + seconds + 1;
}
