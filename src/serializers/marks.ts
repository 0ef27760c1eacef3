/**
 * The upper half of the flags, as `jsonSerializer`, `structuredSerializer` and `compressed` use it. Other clients keep their types in the lower
 * half, so that none takes these for its own. The lower half is the caller's.
 *
 *     31    24 23  20 19  16 15             0
 *    +--------+------+------+----------------+
 *    | mark   | comp | type | caller's own   |
 *    +--------+------+------+----------------+
 */

/** The bits that are memts's. */
export const MEMTS_BITS = 0xffff0000;

const MARK_BITS = 0xff000000;
/** `m`, in the uppermost byte: the rest of the upper half means what is said here. */
const MARK = 0x6d000000;

/** Whether flags have our mark. */
export function isMarked(flags: number): boolean {
  return (flags & MARK_BITS) === MARK;
}

/** The type of a value: never 0 for one that `jsonSerializer` or `structuredSerializer` wrote. */
export const Type = { None: 0, Bytes: 1, String: 2, Number: 3, Bigint: 4, Json: 5, Structured: 6 } as const;
export type Type = (typeof Type)[keyof typeof Type];

/** The type that marked flags tell; one of {@link Type}, or one of the future. */
export function typeOf(flags: number): number {
  return (flags >>> 16) & 0xf;
}

/** The mark and a type. */
export function markFor(type: Type): number {
  return MARK | (type << 16);
}

/** How a value is compressed; 0 where it is not. */
export const Compression = { gzip: 1, deflate: 2, brotli: 3, zstd: 4 } as const;

/** The compression that marked flags tell; one of {@link Compression}, 0, or one of the future. */
export function compressionOf(flags: number): number {
  return (flags >>> 20) & 0xf;
}

/** Flags with the mark and a compression. */
export function withCompression(flags: number, compression: number): number {
  return flags | MARK | (compression << 20);
}

/** Flags as they were before {@link withCompression}: the mark goes too, where no type needs it. */
export function withoutCompression(flags: number): number {
  return typeOf(flags) === Type.None ? flags & ~MEMTS_BITS : flags & ~(0xf << 20);
}
