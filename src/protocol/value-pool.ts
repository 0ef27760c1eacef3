/** Memory that pieces are cut from, one behind the other; a piece that is kept pins all of it. */
class Slab {
  readonly bytes: number;
  memory: Buffer;
  used = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.memory = Buffer.allocUnsafeSlow(bytes);
  }

  /** Cuts off a piece, and says in {@link placed} where. */
  cut(length: number): void {
    if (this.used + length > this.bytes) {
      this.memory = Buffer.allocUnsafeSlow(this.bytes);
      this.used = 0;
    }
    placed.memory = this.memory;
    placed.at = this.used;
    this.used += length;
  }
}

/**
 * Memory of its own is dear to make, a whole chunk of input dear to pin: so a piece comes from a slab of at least four
 * times its size, and one over the largest of these gets memory of its own.
 */
const SMALL = new Slab(8 * 1024);
const MEDIUM = new Slab(32 * 1024);
const LARGEST_SMALL = 2 * 1024;
const LARGEST_MEDIUM = 8 * 1024;

/** Where a piece was put: `memory` from `at` on. Read it at once, the next piece overwrites it. */
export const placed = { memory: SMALL.memory, at: 0 };

/** Takes memory that may be kept, and says in {@link placed} where; its contents are left to the caller. */
export function allot(length: number): void {
  if (length <= LARGEST_SMALL) {
    SMALL.cut(length);
  } else if (length <= LARGEST_MEDIUM) {
    MEDIUM.cut(length);
  } else {
    placed.memory = Buffer.allocUnsafeSlow(length);
    placed.at = 0;
  }
}

/** Copies `source` from `start` to `end` into memory that may be kept, and says in {@link placed} where. */
export function place(source: Uint8Array, start: number, end: number): void {
  allot(end - start);
  copyBytes(source, start, end, placed.memory, placed.at);
}

/** A copy of `source` from `start` to `end` that may be kept. */
export function copyOut(source: Uint8Array, start: number, end: number): Buffer {
  place(source, start, end);
  const { memory, at } = placed;
  return memory.subarray(at, at + end - start);
}

/** Up to this length a loop beats the making of a view for a block copy. */
const LOOP_LIMIT = 64;

/** Copies `source` from `start` to `end` into `target`, from `at` on. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Buffer, at: number): void {
  if (end - start > LOOP_LIMIT) {
    target.set(source.subarray(start, end), at);
    return;
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from] as number;
}
