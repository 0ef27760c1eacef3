import { sharedMemory } from '../shared-memory.ts';
import type { InputMemory } from './input-memory.ts';
import type { Reply } from './reply.ts';
import { copyOut, flagBytes } from './value-pool.ts';

/** How much of a chunk is copied in one go: what lies around the value that is asked for is mostly values as well. */
const WINDOW_BYTES = 2048;

/** The memory that windows are put into, one behind the other; what a kept value pins. */
const SLAB_BYTES = 8192;

/** Longer values are copied one at a time. */
const LARGEST_IN_WINDOW = 1024;

const FLAG_BYTES = 4;

// `Buffer` has it at run time, and no types for it.
type MakeBuffer = new (memory: ArrayBufferLike, at: number, length: number) => Buffer;

/** A view as a Buffer, by the constructor behind `Buffer`, which takes a third of the time of `Buffer.from`. */
const PlainBuffer = (Buffer as typeof Buffer & { [Symbol.species]: MakeBuffer })[Symbol.species];

/** Where nothing has been copied yet. */
const NO_BYTES = new Uint8Array(0);

let slab = NO_BYTES.buffer;
let used = 0;

function newSlab(): ArrayBuffer {
  return sharedMemory(SLAB_BYTES).buffer;
}

/**
 * Copies of the values in a chunk of input, with their client flags. Small values come close together, so the chunk is
 * copied in pieces that hold many of them, and value and flags are two views of such a piece: that is a third of what
 * memory and a copy for each of them takes.
 */
export class ValueWindow {
  /** The part of the chunk that has been copied, and how much further on it lies in `memory`. */
  #from = 0;
  #to = 0;
  #shift = 0;
  #memory = NO_BYTES.buffer;
  #bytes = NO_BYTES;
  #chunkEnd = 0;
  readonly #input: InputMemory;

  constructor(input: InputMemory) {
    this.#input = input;
  }

  /** Begins with another chunk. */
  begin(chunk: Buffer, end: number): void {
    this.#from = 0;
    this.#to = 0;
    this.#chunkEnd = end;
    this.#input.begin(chunk, end);
  }

  /** Holds on to no memory until the next value. */
  forget(): void {
    this.#memory = NO_BYTES.buffer;
    this.#bytes = NO_BYTES;
    this.#to = 0;
  }

  /**
   * Puts a value and its client flags into the reply. The flags take the place of the four bytes in front of the value,
   * which are theirs in the binary protocol and part of the value's line in the others.
   */
  fill(reply: Reply, flags: number, chunk: Buffer, start: number, end: number): void {
    if (end - start > LARGEST_IN_WINDOW || start < FLAG_BYTES) {
      reply.extras = flagBytes(flags);
      reply.value = this.#large(chunk, start, end);
      return;
    }
    const from = start - FLAG_BYTES;
    if (from < this.#from || end > this.#to) this.#copyWindow(chunk, from, end);
    const at = from + this.#shift;
    const memory = this.#memory;
    const bytes = this.#bytes;
    bytes[at] = flags >>> 24;
    bytes[at + 1] = flags >>> 16;
    bytes[at + 2] = flags >>> 8;
    bytes[at + 3] = flags;
    reply.extras = new PlainBuffer(memory, at, FLAG_BYTES);
    reply.value = new PlainBuffer(memory, at + FLAG_BYTES, end - start);
  }

  /** A view of the connection's own memory where that is worth it, else a copy. */
  #large(chunk: Buffer, start: number, end: number): Buffer {
    const input = this.#input;
    input.note(end - start);
    if (end - start < input.viewsFrom) return copyOut(chunk, start, end);
    input.keep();
    return new PlainBuffer(chunk.buffer, chunk.byteOffset + start, end - start);
  }

  #copyWindow(chunk: Buffer, start: number, end: number): void {
    // Its length is 0 once `transfer` has taken it away, which no mark prevents.
    if (used + end - start > slab.byteLength) {
      slab = newSlab();
      used = 0;
    }
    if (this.#memory !== slab) {
      this.#memory = slab;
      this.#bytes = new Uint8Array(slab);
    }
    const length = Math.min(Math.max(WINDOW_BYTES, end - start), this.#chunkEnd - start, SLAB_BYTES - used);
    this.#bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset + start, length), used);
    this.#from = start;
    this.#to = start + length;
    this.#shift = used - start;
    used += length;
    this.#input.smallBytes += length;
  }
}
