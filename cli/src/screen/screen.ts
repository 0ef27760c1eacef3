import { writeSync } from 'node:fs';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const TO_END_OF_LINE = '\u001b[K';
const BELOW = '\u001b[J';

/** The terminal's second screen, which gives the first one back however the program ends. */
export class Screen implements Disposable {
  readonly #keys: (key: string) => void;
  readonly #resized: () => void;
  readonly #leave = (): void => this[Symbol.dispose]();
  readonly #typed = (data: Buffer): void => {
    for (const key of keysIn(data.toString())) this.#keys(key);
  };
  #open = true;

  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#keys = onKey;
    this.#resized = onResize;
    // Also after an error that nobody caught: what Node.js says of it is then seen.
    process.on('exit', this.#leave);
    process.on('uncaughtExceptionMonitor', this.#leave);
    process.stdout.on('resize', this.#resized);
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.on('data', this.#typed);
    }
    process.stdout.write(ENTER);
  }

  get width(): number {
    return process.stdout.columns || 80;
  }

  get height(): number {
    return process.stdout.rows || 24;
  }

  /** Draws over what is there, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (this.#open) process.stdout.write(`${HOME}${lines.join(`${TO_END_OF_LINE}\r\n`)}${TO_END_OF_LINE}${BELOW}`);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    process.off('exit', this.#leave);
    process.off('uncaughtExceptionMonitor', this.#leave);
    process.stdout.off('resize', this.#resized);
    if (process.stdin.isTTY) {
      process.stdin.off('data', this.#typed);
      process.stdin.setRawMode(false);
      process.stdin.pause();
    }
    try {
      writeSync(1, LEAVE);
    } catch {
      // The terminal has gone.
    }
  }
}

const NAMES: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001b[C': 'right',
  '\u001b[D': 'left',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
  '\u001bOC': 'right',
  '\u001bOD': 'left',
  '\u0003': 'q',
  ' ': 'p',
  '\r': 'enter',
  '\u001b': 'back',
  '\u007f': 'back',
};

/** The keys of a piece of input: several may come at once. */
function keysIn(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys that are no characters begin with escape.
  const keys = text.match(/\u001b[[O][\d;]*[A-Za-z~]|[\s\S]/g) ?? [];
  return keys.map((key) => NAMES[key] ?? key.toLowerCase());
}
