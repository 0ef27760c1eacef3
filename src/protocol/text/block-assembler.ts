/** Memory for a value up to this size is taken at once; for a larger one it grows with what really arrives. */
const TRUSTED_BYTES = 16 * 1024 * 1024;

/** Puts together a data block that is spread over several chunks, each byte copied once (twice where it has to grow). */
export class BlockAssembler {
  /** Whether part of a block waits for the rest. */
  active = false;
  private memory: Buffer = Buffer.alloc(0);
  private filled = 0;
  private wanted = 0;

  /** Expects a block of `bytes`, with `room` bytes of the caller's own in front. */
  begin(bytes: number, room: number): void {
    this.active = true;
    this.wanted = room + bytes;
    this.filled = room;
    this.memory = Buffer.allocUnsafe(Math.min(this.wanted, TRUSTED_BYTES));
  }

  get complete(): boolean {
    return this.filled === this.wanted;
  }

  /** Takes what belongs to the block and returns where the rest of the chunk begins. */
  fill(chunk: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.wanted - this.filled);
    while (this.filled + stop - start > this.memory.length) this.grow();
    chunk.copy(this.memory, this.filled, start, stop);
    this.filled += stop - start;
    return stop;
  }

  /** The room in front and the block, in memory of their own. */
  take(): Buffer {
    const block = this.memory;
    this.active = false;
    this.memory = Buffer.alloc(0);
    return block;
  }

  private grow(): void {
    const larger = Buffer.allocUnsafe(Math.min(this.wanted, this.memory.length * 2));
    this.memory.copy(larger, 0, 0, this.filled);
    this.memory = larger;
  }
}
