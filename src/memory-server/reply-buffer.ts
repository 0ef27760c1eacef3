import type { Output } from '../protocol/protocol.ts';

const INITIAL_BYTES = 16 * 1024;

/** A buffer larger than this is not kept for later replies. */
const LARGEST_SPARE = 256 * 1024;

/** Gathers replies until they are written to the socket in one go. */
export class ReplyBuffer implements Output {
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  position = 0;
  #spare: Buffer | undefined;

  reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }

  attach(chunk: Uint8Array): void {
    this.reserve(chunk.length);
    this.buffer.set(chunk, this.position);
    this.position += chunk.length;
  }

  /** Hands over what was written. It may be given back to {@link recycle} once it is on the wire. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.position);
    this.buffer = this.#spare ?? Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.#spare = undefined;
    this.position = 0;
    return taken;
  }

  /** Takes out, as a copy, what was written from `start` on. */
  cut(start: number): Buffer {
    const copy = Buffer.from(this.buffer.subarray(start, this.position));
    this.position = start;
    return copy;
  }

  recycle(taken: Buffer): void {
    if (this.#spare !== undefined || taken.buffer.byteLength > LARGEST_SPARE) return;
    this.#spare = Buffer.from(taken.buffer);
  }
}
