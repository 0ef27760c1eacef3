/** How often the process looks at the clock, in milliseconds; what comes later than twice that is a pause. */
const BEAT = 5;
/** Pauses of this length are kept one by one, in milliseconds. */
const LONG = 100;

// Taken now, since tests replace them.
const { setInterval, clearInterval } = globalThis;
export const now = performance.now.bind(performance);

/** Measures for how long this process did not get to what was due, in milliseconds. */
export class Pauses {
  #total = 0;
  readonly #long: { end: number; idle: number }[] = [];
  #last = now();
  #cpu = process.cpuUsage();
  readonly #timer = setInterval(() => this.#beat(), BEAT).unref();

  /** All of it until now, what the process itself computed included. */
  total(): number {
    this.#beat();
    return this.#total;
  }

  /** The longest that ended since then (by `performance.now()`), without what the process computed in it. */
  longestSince(time: number): number {
    this.#beat();
    return Math.max(0, ...this.#long.filter(({ end }) => end >= time).map(({ idle }) => idle));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const time = now();
    const late = time - this.#last - BEAT;
    this.#last = time;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    if (late <= BEAT) return;
    this.#total += late;
    const idle = late - (user + system) / 1000;
    if (idle >= LONG) this.#long.push({ end: time, idle });
  }
}
