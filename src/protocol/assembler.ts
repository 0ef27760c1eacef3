import type { InputMemory } from './input-memory.ts';
import { allot } from './value-pool.ts';

/** Memory for up to this size is taken at once; for more it grows with what really arrives. */
const TRUSTED_BYTES = 16 * 1024 * 1024;

/** From this size on it pays to have the rest read to where it belongs, rather than to copy it there. */
const READ_IN_PLACE = 16 * 1024;

const NOTHING = Buffer.alloc(0);

/** Puts together what is spread over several chunks, each byte copied once at most (twice where it has to grow). */
export class Assembler {
  /** Whether part of it waits for the rest. */
  active = false;
  #memory: Buffer = NOTHING;
  #filled = 0;
  #wanted = 0;
  /** The part of the memory that has been lent for the next bytes to be read into. */
  #lent: Buffer | undefined;
  readonly #input: InputMemory;

  constructor(input: InputMemory) {
    this.#input = input;
  }

  /** Expects so many bytes, all of which may be kept later. */
  begin(bytes: number): void {
    this.active = true;
    this.#input.note(bytes);
    this.#wanted = bytes;
    this.#filled = 0;
    this.#memory = allot(Math.min(bytes, TRUSTED_BYTES));
  }

  get complete(): boolean {
    return this.#filled === this.#wanted;
  }

  /** Memory that the next bytes may be read into, where that is worth it. Then {@link fill} gets them from there. */
  room(): Buffer | undefined {
    if (!this.active || this.#wanted - this.#filled < READ_IN_PLACE) return undefined;
    if (this.#filled === this.#memory.length) this.#grow();
    this.#lent = this.#memory.subarray(this.#filled);
    this.#input.readInPlace(this.#wanted);
    return this.#lent;
  }

  /** Takes what belongs to it and returns where the rest of the chunk begins. */
  fill(chunk: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#wanted - this.#filled);
    if (chunk !== this.#lent) {
      while (this.#filled + stop - start > this.#memory.length) this.#grow();
      chunk.copy(this.#memory, this.#filled, start, stop);
    }
    this.#lent = undefined;
    this.#filled += stop - start;
    return stop;
  }

  /** The whole, in memory that may be kept. */
  take(): Buffer {
    const whole = this.#memory;
    this.active = false;
    this.#memory = NOTHING;
    return whole;
  }

  #grow(): void {
    const larger = allot(Math.min(this.#wanted, this.#memory.length * 2));
    this.#memory.copy(larger, 0, 0, this.#filled);
    this.#memory = larger;
  }
}
