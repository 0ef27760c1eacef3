import type { Duplex } from 'node:stream';
import type { Output } from '../protocol/protocol.ts';

const BLOCK_BYTES = 64 * 1024;

/**
 * Gathers what the commands of a turn write, for one write to the socket. The block is used again as soon as the
 * socket has passed on all of it; a large value is passed on as it is, between two pieces of the block.
 */
export class OutputBuffer implements Output {
  buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  position = 0;
  /** Where what has not been sealed yet begins. */
  private start = 0;
  private sealed: Uint8Array[] = [];

  get empty(): boolean {
    return this.position === this.start && this.sealed.length === 0;
  }

  /** Starts over in the same block; only to be called when the socket holds on to none of it. */
  rewind(): void {
    if (!this.empty) return;
    this.position = 0;
    this.start = 0;
  }

  reserve(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    this.seal();
    this.buffer = Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES));
    this.position = 0;
    this.start = 0;
  }

  attach(chunk: Uint8Array): void {
    this.seal();
    this.sealed.push(chunk);
  }

  /** Hands everything to the socket in one write; false when the socket wants to be left alone until it drains. */
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

  private seal(): void {
    if (this.position === this.start) return;
    this.sealed.push(this.buffer.subarray(this.start, this.position));
    this.start = this.position;
  }
}
