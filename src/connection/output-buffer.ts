import type { Duplex } from 'node:stream';
import type { Output } from '../protocol/protocol.ts';

const BLOCK_BYTES = 64 * 1024;

/** Blocks that nobody uses now, for all connections: new ones cost more than what is written into them. */
const spare: Buffer<ArrayBuffer>[] = [];

/** So many are kept, 1 MB. */
const MOST_SPARE = 16;

/** So many of one connection's are kept until the socket lets go of them. */
const MOST_FULL = 8;

/**
 * Gathers what the commands of a turn write, for one write to the socket. Blocks are used again as soon as the socket
 * has passed on all that was written; a large value is passed on as it is, between two pieces of a block.
 */
export class OutputBuffer implements Output {
  buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  position = 0;
  /** Where what has not been sealed yet begins. */
  private start = 0;
  private sealed: Uint8Array[] = [];
  /** Full blocks, which the socket may still hold on to. */
  private full: Buffer<ArrayBuffer>[] = [];

  get empty(): boolean {
    return this.position === this.start && this.sealed.length === 0;
  }

  /** Starts over in the same block; only to be called when the socket holds on to nothing. */
  rewind(): void {
    if (!this.empty) return;
    this.position = 0;
    this.start = 0;
    for (let block = this.full.pop(); block !== undefined; block = this.full.pop()) {
      if (spare.length < MOST_SPARE) spare.push(block);
    }
  }

  reserve(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.beginBlock(bytes);
  }

  attach(chunk: Uint8Array): void {
    this.seal();
    this.sealed.push(chunk);
  }

  /** Hands everything to the socket in one write; false when the socket wants no more until it drains. */
  flush(socket: Duplex): boolean {
    if (this.sealed.length === 0) {
      const written = this.buffer.subarray(this.start, this.position);
      this.start = this.position;
      return socket.write(written);
    }
    this.seal();
    const chunks = this.sealed;
    this.sealed = [];
    socket.cork();
    let more = true;
    for (const chunk of chunks) more = socket.write(chunk);
    socket.uncork();
    return more;
  }

  private beginBlock(bytes: number): void {
    this.seal();
    if (this.buffer.length === BLOCK_BYTES && this.full.length < MOST_FULL) this.full.push(this.buffer);
    const used = bytes <= BLOCK_BYTES ? spare.pop() : undefined;
    this.buffer = used ?? Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES));
    this.position = 0;
    this.start = 0;
  }

  private seal(): void {
    if (this.position === this.start) return;
    this.sealed.push(this.buffer.subarray(this.start, this.position));
    this.start = this.position;
  }
}
