import type { Reading } from './sampler.ts';

const LENGTH = 240;

/** What the charts show, the latest last; a gap is NaN. */
export class History {
  readonly gets: number[] = [];
  readonly hitRatio: number[] = [];
  readonly sets: number[] = [];
  readonly evictions: number[] = [];
  readonly used: number[] = [];

  add(reading: Reading): void {
    for (const name of ['gets', 'hitRatio', 'sets', 'evictions', 'used'] as const) {
      this[name].push(reading[name] ?? Number.NaN);
      if (this[name].length > LENGTH) this[name].shift();
    }
  }
}

/** That of each server, and of all together. */
export class Histories {
  readonly #histories = new Map<string, History>();
  readonly all = new History();

  add(readings: readonly Reading[], sum: Reading): void {
    for (const reading of readings) this.of(reading.server).add(reading);
    this.all.add(sum);
  }

  of(server: string): History {
    const history = this.#histories.get(server) ?? new History();
    this.#histories.set(server, history);
    return history;
  }
}
