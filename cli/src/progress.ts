import { isTerminal, keepBelow, type LiveLine } from './output.ts';
import { humanSeconds } from './units.ts';

const TO_LINE_START = '\r';
const TO_END_OF_LINE = '\u001b[K';

/** How often the line is drawn, in milliseconds. */
const INTERVAL = 200;

const LONGEST_BAR = 40;
/** A shorter one tells nothing. */
const SHORTEST_BAR = 8;

/** A line on stderr that tells how far something has come, in a terminal; elsewhere nothing. */
export class Progress implements Disposable, LiveLine {
  readonly #what: string;
  /** Without a total it only counts. */
  readonly #total: number | undefined;
  readonly #unit: 'count' | 'percent';
  readonly #first: number;
  readonly #start = performance.now();
  #done: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #stop = (): void => this[Symbol.dispose]();

  constructor(what: string, total?: number, done = 0, unit: 'count' | 'percent' = 'count') {
    this.#what = what;
    this.#total = total;
    this.#unit = unit;
    this.#first = done;
    this.#done = done;
    if (!isTerminal(process.stderr)) return;
    this.#timer = setInterval(() => this.draw(), INTERVAL).unref();
    // The line is given back however the program ends.
    process.on('exit', this.#stop);
    keepBelow(this);
    this.draw();
  }

  update(done: number): void {
    this.#done = done;
  }

  draw(): void {
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`${TO_LINE_START}${this.line(width)}${TO_END_OF_LINE}`);
  }

  clear(): void {
    process.stderr.write(`${TO_LINE_START}${TO_END_OF_LINE}`);
  }

  /** What is shown, in so many characters: the bar is the first to go. */
  line(width: number): string {
    const elapsed = (performance.now() - this.#start) / 1000;
    const total = this.#total;
    if (total === undefined) return `${this.#what} | ${this.#done} | ${humanSeconds(elapsed)}`.slice(0, width);
    const share = total === 0 ? 1 : Math.min(1, this.#done / total);
    const numbers = this.#unit === 'count' ? [`${this.#done}/${total}`] : [];
    const parts = [
      `${Math.floor(share * 100)}%`,
      ...numbers,
      humanSeconds(elapsed),
      `ETA ${this.#left(total, elapsed)}`,
    ];
    const text = parts.join(' | ');
    const room = Math.min(LONGEST_BAR, width - this.#what.length - text.length - 2);
    if (room < SHORTEST_BAR) return `${this.#what} ${text}`.slice(0, width);
    const filled = Math.round(share * room);
    return `${this.#what} ${'█'.repeat(filled)}${'░'.repeat(room - filled)} ${text}`;
  }

  #left(total: number, elapsed: number): string {
    const rate = (this.#done - this.#first) / elapsed;
    return rate > 0 ? humanSeconds(Math.ceil((total - this.#done) / rate)) : '–';
  }

  [Symbol.dispose](): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.off('exit', this.#stop);
    keepBelow(undefined);
    this.clear();
  }
}
