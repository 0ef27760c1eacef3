import { sharedMemory } from '../shared-memory.ts';
import { desynchronised } from './desynchronised.ts';
import type { Reply } from './request.ts';
import { copyOut, flagBytes } from './value-pool.ts';

/**
 * One block of memory for the input of all connections while their values are small. A socket fills it and hands it on
 * in one synchronous step, and what is kept of it is copied.
 */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** What is read behind a value that was read in place: little more than the head of the next, whose bulk then is as well. */
const SHORT = SHARED.subarray(0, 4 * 1024);

/** A view of a block is handed out for a value of at least this share of it: what a kept value pins at most. */
const MOST_PINNED = 32;

/** A block has room for about so many values, and for more where views of it can be handed out for all of them. */
const VALUES_PER_BLOCK = 16;

/** The rest of a block is used where it is at least this share of it. */
const LEAST_REST = 1 / 4;

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
  small = 0;
  /** How much of a response came before what is decoded, and lies in front of it. */
  came = 0;
  /** What is left of the block, and the size of the whole. */
  #block: Buffer = NOTHING;
  #blockBytes = 0;
  /** How far the block has been read into, and whether views of that were handed out. */
  #read = 0;
  #kept = false;
  /** Where the response begins of which only a part has come, and how long it is; 0 where there is none. */
  #partAt = 0;
  #partNeeds = 0;
  /** Bytes of values that came of late, and the sum of the squares of their lengths: a large one counts by what it weighs. */
  #bytes = 0;
  #squares = 0;
  /** The shortest of them. */
  #least = LARGEST_BLOCK;
  /** The size of block that they call for; 0 for none. */
  #wanted = 0;
  /** Whether the last one was read in place, by itself. */
  #short = false;

  /** Takes note of what is to be decoded, and returns it with the {@link came} bytes in front. */
  begin(lent: Buffer, end: number): Buffer {
    const { came } = this;
    const own = this.#blockBytes > 0 && lent.buffer === this.#block.buffer;
    if (lent.length < end || (came > 0 && !own)) {
      throw desynchronised('the memory of a value has been taken away');
    }
    this.viewsFrom = own ? this.#blockBytes / MOST_PINNED : Number.POSITIVE_INFINITY;
    // What was read in place meanwhile leaves the block as it is.
    if (own) this.#read = came + end;
    return came > 0 ? this.#block : lent;
  }

  /**
   * Has the rest of a response of so many bytes read behind the part of it at the end of the chunk. False where the chunk
   * is only lent, or a block could be too short for the whole.
   */
  hold(partAt: number, bytes: number): boolean {
    if (this.viewsFrom === Number.POSITIVE_INFINITY) return false;
    if (bytes > this.#blockBytes * LEAST_REST && partAt + bytes > this.#block.length) return false;
    this.#partAt = partAt;
    this.#partNeeds = bytes;
    return true;
  }

  /** Takes note of the length of a value. */
  note(bytes: number): void {
    this.#bytes += bytes;
    this.#squares += bytes * bytes;
    if (bytes < this.#least) this.#least = bytes;
  }

  /** Takes note that a value of so many bytes is read to where it belongs. */
  readInPlace(bytes: number): void {
    this.came = 0;
    this.#short = bytes >= READ_ALONE;
  }

  /** Takes note that a view of the chunk was handed out. */
  keep(): void {
    this.#kept = true;
  }

  /** Memory for what comes next; `waiting` is whether anything is to come. */
  next(waiting: boolean): Buffer {
    if (this.#partNeeds > 0) return this.#behindPart();
    this.came = 0;
    if (this.#bytes + this.small >= SAMPLE_BYTES) this.#judge();
    if (this.#short || !waiting || this.#wanted === 0) {
      if (this.#blockBytes > 0) this.#release();
      const memory = this.#short ? SHORT : SHARED;
      this.#short = false;
      return memory;
    }
    this.#block = this.#unread();
    this.#kept = false;
    this.#read = 0;
    const isEnough = this.#block.length >= this.#leastRoom();
    if (!isEnough || this.#blockBytes !== this.#wanted) this.#take(this.#wanted);
    return this.#blockBytes > 0 ? this.#block : SHARED;
  }

  /** Forgets the block, of a connection that is over. */
  end(): void {
    ownedBytes -= this.#blockBytes;
    this.#blockBytes = 0;
    this.#block = NOTHING;
  }

  /** The block without what was handed out, of which nothing is left once `transfer` has taken it away. */
  #unread(): Buffer {
    return this.#kept && this.#block.length > 0 ? this.#block.subarray(this.#read) : this.#block;
  }

  /**
   * What is left of a block is not read into where it has less room. Its length is 0 once `transfer` has taken it away,
   * which no mark prevents.
   */
  #leastRoom(): number {
    return Math.min(SMALLEST_BLOCK, this.#blockBytes * LEAST_REST) || 1;
  }

  /** Memory behind the part of a response that has come, which moves to where there is more if this is too little. */
  #behindPart(): Buffer {
    const block = this.#block;
    const at = this.#partAt;
    const room = Math.max(this.#partNeeds, this.#leastRoom());
    this.came = this.#read - at;
    this.#partNeeds = 0;
    // What has come is gone, which the next chunk shows.
    if (block.length === 0) return SHARED;
    if (at + room <= block.length) {
      this.#block = block.subarray(at);
    } else {
      if (this.#kept || block.length < room) this.#take(this.#blockBytes);
      this.#block.set(block.subarray(at, this.#read));
    }
    this.#kept = false;
    return this.#block.subarray(this.came);
  }

  /** Finds out which block the values of late call for. */
  #judge(): void {
    const typical = this.#squares / (this.#bytes + this.small);
    this.small = 0;
    this.#bytes = 0;
    this.#squares = 0;
    const fitting = Math.min(this.#least, typical) * MOST_PINNED;
    this.#least = LARGEST_BLOCK;
    const size = 2 ** Math.floor(Math.log2(Math.max(1, fitting, typical * VALUES_PER_BLOCK)));
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
    const rest = this.#unread();
    if (rest.length >= this.#blockBytes * LEAST_REST) rests.set(this.#blockBytes, new WeakRef(rest));
    this.#kept = false;
    this.end();
  }
}

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

let slab = NO_BYTES;
let used = 0;

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

  /** Begins with another chunk, which ends there. */
  begin(end: number): void {
    this.#from = 0;
    this.#to = 0;
    this.#chunkEnd = end;
  }

  /** Holds on to no memory until the next value. */
  forget(): void {
    this.#memory = NO_BYTES.buffer;
    this.#bytes = NO_BYTES;
    this.#to = 0;
  }

  /**
   * Puts a value and its client flags into the reply, in memory that may be kept, as `chunk` may where it is `owned`. The
   * flags take the place of the four bytes in front of the value, which are theirs in the binary protocol and part of the
   * value's line in the others.
   */
  fill(reply: Reply, flags: number, chunk: Buffer, start: number, end: number, owned: boolean): void {
    if (owned || end - start > LARGEST_IN_WINDOW || start < FLAG_BYTES) {
      reply.extras = flagBytes(flags);
      reply.value = owned ? chunk.subarray(start, end) : this.#large(chunk, start, end);
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
    if (used + end - start > slab.length) {
      slab = new Uint8Array(sharedMemory(SLAB_BYTES).buffer);
      used = 0;
    }
    if (this.#bytes !== slab) {
      this.#bytes = slab;
      this.#memory = slab.buffer;
    }
    const length = Math.min(Math.max(WINDOW_BYTES, end - start), this.#chunkEnd - start, SLAB_BYTES - used);
    this.#bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset + start, length), used);
    this.#from = start;
    this.#to = start + length;
    this.#shift = used - start;
    used += length;
    this.#input.small += length;
  }
}
