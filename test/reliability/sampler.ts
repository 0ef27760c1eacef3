import type { Sample } from './job.ts';
import type { Watch } from './watch.ts';

const MINUTE = 60;

/** What is looked at. */
interface Watched {
  readonly watch: Watch;
}

/** Tells every second how the worker is. */
export class Sampler {
  readonly #runs: readonly Watched[];
  readonly #timers: () => string[];
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  #count = 0;
  #stalled = 0;

  constructor(runs: readonly Watched[], timers: () => string[], tell: (sample: Sample) => void) {
    this.#runs = runs;
    this.#timers = timers;
    this.#timer = setInterval(() => tell(this.#sample()), 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): Sample {
    const sum = (get: (run: Watched) => number): number => this.#runs.reduce((total, run) => total + get(run), 0);
    const live = ++this.#count % MINUTE === 0 ? collected() : undefined;
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    // Each run watches the same event loop.
    const total = this.#runs[0]?.watch.stalls.total ?? 0;
    const stalled = total - this.#stalled;
    this.#stalled = total;
    return {
      seconds: Math.round((performance.now() - this.#started) / 1000),
      commands: sum(({ watch }) => watch.tally.commands),
      errors: sum(({ watch }) => watch.tally.errors),
      rss,
      heapUsed,
      external,
      live,
      sockets: process.getActiveResourcesInfo().filter((type) => /TCP|TLS/.test(type)).length,
      timers: this.#timers().length,
      cpu: (user + system) / 1e6,
      stalled: Math.round(stalled),
    };
  }
}

function collected(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
