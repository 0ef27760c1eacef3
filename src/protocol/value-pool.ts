/**
 * Small values are copied into slabs of this size, so that a value that is kept pins no more than one slab instead of
 * a whole chunk of input.
 */
const SLAB_BYTES = 8 * 1024;

/** Larger pieces get memory of their own. */
const LARGEST_POOLED = SLAB_BYTES / 4;

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** Where a piece was put: `memory` from `at` on. Read it at once, the next copy overwrites it. */
export const placed = { memory: slab, at: 0 };

/** Takes memory that may be kept, and says in {@link placed} where; its contents are left to the caller. */
export function allot(length: number): void {
  if (length > LARGEST_POOLED) {
    placed.memory = Buffer.allocUnsafeSlow(length);
    placed.at = 0;
  } else {
    if (used + length > SLAB_BYTES) {
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      used = 0;
    }
    placed.memory = slab;
    placed.at = used;
    used += length;
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
