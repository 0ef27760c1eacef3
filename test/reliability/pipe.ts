import type { Socket } from 'node:net';
import type { Conditions, End } from './trouble.ts';

interface Waiting {
  chunk: Buffer;
  due: number;
}

/** So many pieces of a chunk go alone, the rest together: all of them would take seconds. */
const PIECES = 48;
/** What waits in the proxy before it stops reading, in bytes. */
const ENOUGH = 4 * 1024 * 1024;

/** One direction of a line. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #conditions: Conditions;
  readonly #direction: 'toClient' | 'toServer';
  readonly #onCut: (how: End) => void;
  readonly #waiting: Waiting[] = [];
  #held = 0;
  #ended = false;
  #over = false;
  #swallowing = false;
  #timer: NodeJS.Timeout | undefined;
  #splitting = false;
  /** When the line has carried all that went on it so far. */
  #freeAt = 0;
  #cutAfter = Number.POSITIVE_INFINITY;
  #cutHow: End = 'close';

  constructor(
    from: Socket,
    to: Socket,
    conditions: Conditions,
    direction: 'toClient' | 'toServer',
    onCut: (how: End) => void,
  ) {
    this.#from = from;
    this.#to = to;
    this.#conditions = conditions;
    this.#direction = direction;
    this.#onCut = onCut;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => {
      this.#ended = true;
      this.pump();
    });
  }

  cutAfter(bytes: number, how: End): void {
    this.#cutAfter = bytes;
    this.#cutHow = how;
    if (bytes === 0) this.#onCut(how);
  }

  forgetCut(): void {
    this.#cutAfter = Number.POSITIVE_INFINITY;
  }

  /** What waits for its time need not wait any longer. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#freeAt = 0;
    for (const waiting of this.#waiting) waiting.due = 0;
  }

  swallow(): void {
    this.#swallowing = true;
    this.#waiting.length = 0;
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  /** Passes on what may go by now. */
  pump(): void {
    if (this.#over || this.#splitting || this.#timer !== undefined || this.#blocked()) return;
    const now = performance.now();
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.due > now + 0.5) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.pump();
        }, next.due - now);
        return;
      }
      this.#waiting.shift();
      this.#held -= next.chunk.length;
      if (this.#held < ENOUGH) this.#from.resume();
      if (this.#conditions.trouble.pieces > 0) {
        void this.#split(next.chunk);
        return;
      }
      this.#write(next.chunk);
      if (this.#over) return;
    }
    if (this.#ended && !this.#swallowing) this.#to.end();
  }

  #take(chunk: Buffer): void {
    if (this.#over || this.#swallowing) return;
    const { delay, jitter, bandwidth, pieces } = this.#conditions.trouble;
    const plain = delay === 0 && jitter === 0 && pieces === 0 && bandwidth === Number.POSITIVE_INFINITY;
    if (plain && this.#waiting.length === 0 && !this.#splitting && !this.#blocked()) {
      this.#write(chunk);
      return;
    }
    const now = performance.now();
    let due = now + delay + (jitter > 0 ? this.#conditions.random.below(jitter) : 0);
    if (bandwidth !== Number.POSITIVE_INFINITY) {
      this.#freeAt = Math.max(this.#freeAt, now) + (chunk.length / bandwidth) * 1000;
      due = Math.max(due, this.#freeAt);
    }
    // In order: none overtakes the one before it.
    const last = this.#waiting.at(-1);
    if (last !== undefined) due = Math.max(due, last.due);
    this.#waiting.push({ chunk, due });
    this.#held += chunk.length;
    if (this.#held > ENOUGH) this.#from.pause();
    this.pump();
  }

  #blocked(): boolean {
    const { blackHole } = this.#conditions.trouble;
    return blackHole === 'both' || blackHole === this.#direction;
  }

  async #split(chunk: Buffer): Promise<void> {
    this.#splitting = true;
    const size = this.#conditions.trouble.pieces;
    let at = 0;
    for (let piece = 0; piece < PIECES && at < chunk.length && !this.#over; piece++, at += size) {
      this.#write(chunk.subarray(at, at + size));
      // Pieces that are not read in time are joined again by the system.
      await new Promise(setImmediate);
    }
    if (at < chunk.length && !this.#over) this.#write(chunk.subarray(at));
    this.#splitting = false;
    this.pump();
  }

  #write(chunk: Buffer): void {
    if (this.#swallowing) return;
    if (chunk.length < this.#cutAfter) {
      this.#cutAfter -= chunk.length;
      this.#to.write(chunk);
      return;
    }
    const how = this.#cutHow;
    const part = chunk.subarray(0, this.#cutAfter);
    this.forgetCut();
    // Nothing goes on that comes after the cut.
    this.#swallowing = true;
    if (part.length === 0) this.#onCut(how);
    // A reset would overtake what has not been sent yet.
    else this.#to.write(part, () => this.#onCut(how));
  }
}
