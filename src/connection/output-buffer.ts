import type { Duplex } from 'node:stream';
import type { Output } from '../protocol/protocol.ts';
import type { Request } from '../protocol/request.ts';

const BLOCK_BYTES = 64 * 1024;

/** Blocks that nobody uses now, for all connections: new ones cost more than what is written into them. */
const spare: Buffer<ArrayBuffer>[] = [];

/** So many are kept, 1 MB. */
const MOST_SPARE = 16;

/** So many of one connection's are kept until the socket lets go of them. */
const MOST_FULL = 8;

/** About as much goes to the socket at a time: what it has can't be taken back. */
const ENOUGH_BYTES = 256 * 1024;

/** What a connection has in the place of a block while it writes nothing. */
const NO_BLOCK: Buffer<ArrayBuffer> = Buffer.alloc(0);

/**
 * Gathers what the commands of a turn write, for one write to the socket. It has a block only until the socket has passed
 * on all that was written, which is mostly at once; a large value is passed on as it is, between two pieces of a block.
 */
export class OutputBuffer implements Output {
  buffer = NO_BLOCK;
  position = 0;
  /** Where what has not been sealed yet begins. */
  #start = 0;
  #sealed: Uint8Array[] = [];
  #sealedBytes = 0;
  /** Which of the sealed pieces are values as they are. */
  #attachedAt: number[] = [];
  /** Whose values these are, and of whom the socket may still hold some. */
  #lenders: Request[] = [];
  readonly #lent = new Set<Request>();
  /** Full blocks, which the socket may still hold on to. */
  #full: Buffer<ArrayBuffer>[] = [];

  get empty(): boolean {
    return this.position === this.#start && this.#sealed.length === 0;
  }

  /** Whether there is enough for one write. */
  get enough(): boolean {
    return this.#sealedBytes >= ENOUGH_BYTES;
  }

  /** How many values it has that were not copied. */
  get attached(): number {
    return this.#attachedAt.length;
  }

  /** Whether it has a block. */
  get holds(): boolean {
    return this.buffer !== NO_BLOCK;
  }

  /** Gives the blocks back; only to be called when the socket holds on to nothing. */
  rewind(): void {
    if (this.#lent.size > 0) this.#lent.clear();
    if (!this.holds || !this.empty) return;
    spareBlock(this.buffer);
    this.buffer = NO_BLOCK;
    this.position = 0;
    this.#start = 0;
    for (let block = this.#full.pop(); block !== undefined; block = this.#full.pop()) spareBlock(block);
  }

  reserve(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.#beginBlock(bytes);
  }

  attach(chunk: Uint8Array): void {
    this.#seal();
    this.#attachedAt.push(this.#sealed.length);
    this.#sealed.push(chunk);
    this.#sealedBytes += chunk.length;
  }

  /** Notes whose the values are that were attached last; long text has been converted, into memory of our own. */
  borrow(request: Request): void {
    if (typeof request.value !== 'string') this.#lenders.push(request);
  }

  /**
   * Lets the owner of a request's values use them again, by copying what is still here; false when the socket may hold on
   * to them.
   */
  giveBack(request: Request): boolean {
    if (this.#lent.has(request)) return false;
    if (this.#lenders.length === 0) return true;
    for (const index of this.#attachedAt) this.#sealed[index] = Buffer.from(this.#sealed[index] as Uint8Array);
    this.#attachedAt = [];
    this.#lenders = [];
    return true;
  }

  /** Hands everything to the socket in one write; false when the socket wants no more until it drains. */
  flush(socket: Duplex): boolean {
    if (this.#sealed.length === 0) {
      const written = this.buffer.subarray(this.#start, this.position);
      this.#start = this.position;
      return socket.write(written);
    }
    this.#seal();
    const chunks = this.#sealed;
    this.#sealed = [];
    this.#sealedBytes = 0;
    if (this.#attachedAt.length > 0) this.#lend();
    socket.cork();
    let more = true;
    for (const chunk of chunks) more = socket.write(chunk);
    socket.uncork();
    return more;
  }

  #lend(): void {
    for (const request of this.#lenders) this.#lent.add(request);
    this.#lenders = [];
    this.#attachedAt = [];
  }

  #beginBlock(bytes: number): void {
    this.#seal();
    if (this.buffer.length === BLOCK_BYTES && this.#full.length < MOST_FULL) this.#full.push(this.buffer);
    const used = bytes <= BLOCK_BYTES ? spare.pop() : undefined;
    this.buffer = used ?? Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES));
    this.position = 0;
    this.#start = 0;
  }

  #seal(): void {
    if (this.position === this.#start) return;
    this.#sealed.push(this.buffer.subarray(this.#start, this.position));
    this.#sealedBytes += this.position - this.#start;
    this.#start = this.position;
  }
}

function spareBlock(block: Buffer<ArrayBuffer>): void {
  if (block.length === BLOCK_BYTES && spare.length < MOST_SPARE) spare.push(block);
}
