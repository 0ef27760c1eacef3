import { sharedMemory } from '../shared-memory.ts';
import { desynchronised } from './desynchronised.ts';

/**
 * One block of memory for the input of all connections while their values are small. A socket fills it and hands it on
 * in one synchronous step, and what is kept of it is copied.
 */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** What is read behind a value that was read in place: little more than the head of the next, whose bulk then is as well. */
const SHORT = SHARED.subarray(0, 4 * 1024);

/** A view of a block is handed out for a value of at least this share of it: what a kept value pins at most. */
const MOST_PINNED = 32;

/** A block has room for about so many values. */
const VALUES_PER_BLOCK = 16;

const SMALLEST_BLOCK = 64 * 1024;
const LARGEST_BLOCK = 512 * 1024;

/** From this size on values are read in place one by one, without a block around them. */
const READ_ALONE = 256 * 1024;

/** The size of values is looked at again after so many bytes of them. */
const SAMPLE_BYTES = 64 * 1024;

/** All connections have no more than this in blocks of their own; further ones copy their values. */
const MOST_BYTES = 16 * 1024 * 1024;

let ownedBytes = 0;

/** What is left of blocks that no connection reads into, by the size of the block; memory that is short may have it. */
const rests = new Map<number, WeakRef<Buffer>>();

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Where the input of one connection is read to. While its values are large and commands wait, that is a block of its
 * own, and values are views of it; each read goes on behind what the one before left there.
 */
export class InputMemory {
  /** The length from which on a value in the chunk that is decoded may be handed out as a view. */
  viewsFrom = Number.POSITIVE_INFINITY;
  /** Bytes of small values that came of late. */
  smallBytes = 0;
  /** What is left of the block, and the size of the whole. */
  #block: Buffer = NOTHING;
  #blockBytes = 0;
  /** How far the block has been read into, and whether views of that were handed out. */
  #read = 0;
  #kept = false;
  /** Bytes of values that came of late, and the sum of the squares of their lengths: a large one counts by what it weighs. */
  #bytes = 0;
  #squares = 0;
  /** The size of block that they call for; 0 for none. */
  #wanted = 0;
  /** Whether the last one was read in place, by itself. */
  #short = false;

  /** Takes note of what is to be decoded. */
  begin(chunk: Buffer, end: number): void {
    if (chunk.length < end) throw desynchronised('the memory of a value that was handed out has been taken away');
    const own = this.#blockBytes > 0 && chunk.buffer === this.#block.buffer;
    this.viewsFrom = own ? this.#blockBytes / MOST_PINNED : Number.POSITIVE_INFINITY;
    // What was read in place meanwhile leaves the block as it is.
    if (own) this.#read = end;
  }

  /** Takes note of the length of a value. */
  note(bytes: number): void {
    this.#bytes += bytes;
    this.#squares += bytes * bytes;
  }

  /** Takes note that a value of so many bytes was read to where it belongs. */
  readInPlace(bytes: number): void {
    this.#short = bytes >= READ_ALONE;
  }

  /** Takes note that a view of the chunk was handed out. */
  keep(): void {
    this.#kept = true;
  }

  /** Memory for what comes next; `waiting` is whether anything is to come. */
  next(waiting: boolean): Buffer {
    if (this.#bytes + this.smallBytes >= SAMPLE_BYTES) this.#judge();
    if (this.#short) {
      this.#short = false;
      this.#release();
      return SHORT;
    }
    if (!waiting || this.#wanted === 0) {
      if (this.#blockBytes > 0) this.#release();
      return SHARED;
    }
    if (this.#kept) this.#block = this.#block.subarray(this.#read);
    this.#kept = false;
    this.#read = 0;
    // Its length is 0 once `transfer` has taken it away, which no mark prevents.
    const enough = this.#block.length >= Math.min(SMALLEST_BLOCK, this.#blockBytes / 4) && this.#block.length > 0;
    if (!enough || this.#blockBytes !== this.#wanted) this.#take(this.#wanted);
    return this.#blockBytes > 0 ? this.#block : SHARED;
  }

  /** Forgets the block, of a connection that is over. */
  end(): void {
    ownedBytes -= this.#blockBytes;
    this.#blockBytes = 0;
    this.#block = NOTHING;
  }

  /** Finds out which block the values of late call for. */
  #judge(): void {
    const typical = this.#squares / (this.#bytes + this.smallBytes);
    this.smallBytes = 0;
    this.#bytes = 0;
    this.#squares = 0;
    const size = 2 ** Math.floor(Math.log2(Math.max(1, typical * VALUES_PER_BLOCK)));
    this.#wanted = size < SMALLEST_BLOCK || typical >= READ_ALONE ? 0 : Math.min(size, LARGEST_BLOCK);
  }

  #take(size: number): void {
    this.end();
    if (ownedBytes + size > MOST_BYTES) return;
    ownedBytes += size;
    this.#blockBytes = size;
    const rest = rests.get(size)?.deref();
    rests.delete(size);
    this.#block = rest !== undefined && rest.length > 0 ? rest : sharedMemory(size);
  }

  /** Leaves the rest of the block to whoever needs one next. */
  #release(): void {
    if (this.#blockBytes === 0) return;
    const rest = this.#kept ? this.#block.subarray(this.#read) : this.#block;
    if (rest.length * 4 >= this.#blockBytes) rests.set(this.#blockBytes, new WeakRef(rest));
    this.#kept = false;
    this.end();
  }
}
