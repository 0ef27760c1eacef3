import { Presets, SingleBar } from 'cli-progress';
import { isTerminal } from './output.ts';

/** A bar on stderr, in a terminal; elsewhere nothing. */
export class Progress implements Disposable {
  readonly #bar: SingleBar | undefined;
  readonly #stop = (): void => this.#bar?.stop();

  /** Without a total it only counts. */
  constructor(what: string, total?: number, done = 0, unit = 'value/total') {
    if (!isTerminal(process.stderr)) return;
    const numbers = unit === 'value/total' ? ' | {value}/{total}' : '';
    const format =
      total === undefined
        ? `${what} | {value} | {duration_formatted}`
        : `${what} {bar} {percentage}%${numbers} | {duration_formatted} | ETA {eta_formatted}`;
    this.#bar = new SingleBar(
      // Signals are the commands' own business: they have something to put down first.
      { format, stream: process.stderr, hideCursor: null, gracefulExit: false, clearOnComplete: true, fps: 5 },
      Presets.shades_classic,
    );
    this.#bar.start(total ?? 0, done);
    // The line is given back however the program ends.
    process.on('exit', this.#stop);
  }

  update(done: number): void {
    this.#bar?.update(done);
  }

  [Symbol.dispose](): void {
    this.#stop();
    process.off('exit', this.#stop);
  }
}
