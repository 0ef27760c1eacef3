import { sharedMemory } from '../shared-memory.ts';

/** Up to this length the runtime's own pool is the cheapest memory; a piece of it pins no more than 8 KB. */
const LARGEST_POOLED = 1024;

/**
 * Up to this length pieces are cut from a shared slab. Memory of its own is expensive to make, a chunk of input
 * expensive to pin.
 */
const LARGEST_CUT = 8 * 1024;
const SLAB_BYTES = 32 * 1024;

/** Empty until the first piece is needed. */
let slab = Buffer.alloc(0);
let used = 0;

/** A copy of `source` from `start` to `end` that may be kept. */
export function copyOut(source: Uint8Array, start: number, end: number): Buffer {
  const length = end - start;
  const copy = allot(length);
  // A view of its own, since `subarray` of a Buffer makes another Buffer, which takes four times as long.
  copy.set(new Uint8Array(source.buffer, source.byteOffset + start, length));
  return copy;
}

/** The four bytes of the client flags, which may be kept. */
export function flagBytes(flags: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes[0] = flags >>> 24;
  bytes[1] = flags >>> 16;
  bytes[2] = flags >>> 8;
  bytes[3] = flags;
  return bytes;
}

/** Memory that may be kept; its contents are left to the caller. */
export function allot(length: number): Buffer {
  if (length <= LARGEST_POOLED) return Buffer.allocUnsafe(length);
  if (length > LARGEST_CUT) return Buffer.allocUnsafeSlow(length);
  // Its length is 0 once `transfer` has taken it away, which no mark prevents.
  if (used + length > slab.length) {
    slab = sharedMemory(SLAB_BYTES);
    used = 0;
  }
  const at = used;
  used += length;
  return slab.subarray(at, used);
}
