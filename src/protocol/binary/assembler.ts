import { HEADER_BYTES } from './constants.ts';

/** Memory for a body up to this size is taken at once; for a larger one it grows with what really arrives. */
const TRUSTED_BYTES = 16 * 1024 * 1024;

/** Puts together a frame that is spread over several chunks, each byte copied once (twice where it has to grow). */
export class FrameAssembler {
  /** Whether part of a frame waits for the rest. */
  active = false;
  private memory: Buffer = Buffer.alloc(0);
  private filled = 0;
  /** The length of the frame; of its header alone until that is there. */
  private wanted = HEADER_BYTES;

  get header(): Buffer {
    return this.memory;
  }

  get headerComplete(): boolean {
    return this.filled >= HEADER_BYTES;
  }

  get frameComplete(): boolean {
    return this.headerComplete && this.filled === this.wanted;
  }

  /** Takes the first part of a frame. */
  begin(chunk: Buffer, start: number, end: number): void {
    this.active = true;
    this.memory = Buffer.allocUnsafe(HEADER_BYTES);
    this.filled = 0;
    this.wanted = HEADER_BYTES;
    this.fill(chunk, start, end);
  }

  /** Takes what belongs to the frame and returns where the rest of the chunk begins. */
  fill(chunk: Buffer, start: number, end: number): number {
    let at = start;
    if (this.filled < HEADER_BYTES) {
      at = this.copy(chunk, at, Math.min(end, at + HEADER_BYTES - this.filled));
      if (this.filled < HEADER_BYTES) return at;
      this.wanted = HEADER_BYTES + this.memory.readUInt32BE(8);
      this.grow(Math.min(this.wanted, TRUSTED_BYTES));
    }
    const bodyEnd = Math.min(end, at + this.wanted - this.filled);
    while (this.filled + bodyEnd - at > this.memory.length) {
      this.grow(Math.min(this.wanted, this.memory.length * 2));
    }
    return this.copy(chunk, at, bodyEnd);
  }

  /** The whole frame, in memory of its own. */
  take(): Buffer {
    const frame = this.memory;
    this.active = false;
    this.memory = Buffer.alloc(0);
    return frame;
  }

  private copy(chunk: Buffer, start: number, end: number): number {
    if (end > start) {
      chunk.copy(this.memory, this.filled, start, end);
      this.filled += end - start;
    }
    return end;
  }

  private grow(bytes: number): void {
    if (bytes <= this.memory.length) return;
    const larger = Buffer.allocUnsafe(bytes);
    this.memory.copy(larger, 0, 0, this.filled);
    this.memory = larger;
  }
}
