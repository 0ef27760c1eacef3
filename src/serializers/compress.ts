import { isUint8Array } from 'node:util/types';
import { byteCount, holdFlags, noFragments, readFlags, taken, unreadable, withFlags } from './layout.ts';
import { Compression, compressionOf, isMarked, MEMTS_BITS, withCompression, withoutCompression } from './marks.ts';
import { type Serialized, type Serializer, setBackground } from './serializer.ts';
import { type CompressionAlgorithm, checkMaxOutputLength, compressor, decompress, worthCompressing } from './zlib.ts';

/** Options of `compressed`. */
export interface CompressOptions {
  /** The least number of bytes that are compressed. @default 4096 */
  threshold?: number | undefined;
  /**
   * The least number of bytes that a client compresses in Node's thread pool, so that the event loop goes on meanwhile;
   * commands for the same key wait. `Infinity`: none. @default 65,536
   */
  backgroundThreshold?: number | undefined;
  /** What is written; all are read. `'zstd'` takes Node.js 22.15 or later. @default 'gzip' */
  algorithm?: CompressionAlgorithm | undefined;
  /** The algorithm's own scale. @default gzip and deflate 6, brotli 4, zstd 3 */
  level?: number | undefined;
  /**
   * The largest value that comes out again, in bytes: a larger one is not compressed on the way in, and on the way out
   * is `ERR_VALUE_TOO_LARGE` before it is in memory. @default 67,108,864 (64 MiB)
   */
  maxOutputLength?: number | undefined;
}

const DEFAULT_THRESHOLD = 4096;
const DEFAULT_BACKGROUND_THRESHOLD = 65_536;

const ALGORITHMS: Readonly<Record<number, CompressionAlgorithm>> = {
  [Compression.gzip]: 'gzip',
  [Compression.deflate]: 'deflate',
  [Compression.brotli]: 'brotli',
  [Compression.zstd]: 'zstd',
};

/**
 * Compresses what another serializer makes, when that makes it smaller. Bits 20 to 23 of the flags say how, under the
 * mark in bits 24 to 31, so that neither `jsonSerializer`'s types nor the caller's own lower half are touched.
 *
 * `append` and `prepend` are `ERR_UNSUPPORTED`: the client can't know whether the item is compressed. Throws
 * `ERR_INVALID_ARGUMENT` for invalid options and `ERR_UNSUPPORTED` for an algorithm that Node.js does not
 * have.
 */
export function compressed<TIn, TOut>(
  serializer: Serializer<TIn, TOut>,
  options: CompressOptions = {},
): Serializer<TIn, TOut> {
  const { algorithm = 'gzip', level } = options;
  const threshold = byteCount('threshold', options.threshold, DEFAULT_THRESHOLD);
  const maxOutputLength = checkMaxOutputLength(options.maxOutputLength);
  const { now, later } = compressor(algorithm, level);
  const backgroundThreshold =
    options.backgroundThreshold === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : byteCount('backgroundThreshold', options.backgroundThreshold, DEFAULT_BACKGROUND_THRESHOLD);

  /** What the inner serializer makes, and what of it is worth compressing. */
  function prepare(opcode: number, value: TIn, extras: Buffer): Prepared {
    if (!holdFlags(extras)) throw noFragments();
    const inner = serializer.serialize(opcode, value, extras);
    if (isTaken(readFlags(inner.extras))) throw taken(MEMTS_BITS);
    // What is neither is for the client to refuse.
    const isValue = typeof inner.value === 'string' || isUint8Array(inner.value);
    return { inner, bytes: isValue ? worthCompressing(inner.value, threshold, maxOutputLength) : undefined };
  }

  function choose({ inner, bytes }: Prepared, smaller: Buffer): Serialized<string | Uint8Array> {
    if (bytes === undefined || smaller.length >= bytes.length) return inner;
    const flags = withCompression(readFlags(inner.extras), Compression[algorithm]);
    return { value: smaller, extras: withFlags(inner.extras, flags) };
  }

  function serialize(opcode: number, value: TIn, extras: Buffer): Serialized<string | Uint8Array> {
    const prepared = prepare(opcode, value, extras);
    return prepared.bytes === undefined ? prepared.inner : choose(prepared, now(prepared.bytes));
  }

  setBackground(serialize as Serializer<unknown, TOut>['serialize'], (opcode, value, extras) => {
    const prepared = prepare(opcode, value as TIn, extras);
    const { inner, bytes } = prepared;
    if (bytes === undefined) return inner;
    if (bytes.length < backgroundThreshold) return choose(prepared, now(bytes));
    return later(bytes).then((smaller) => choose(prepared, smaller));
  });
  return {
    serialize,
    deserialize(opcode, value, extras) {
      const flags = readFlags(extras);
      if (value === null || !isMarked(flags) || compressionOf(flags) === 0) {
        return serializer.deserialize(opcode, value, extras);
      }
      const used = ALGORITHMS[compressionOf(flags)];
      if (used === undefined) throw unreadable('its flags tell a compression that this version does not know');
      const innerExtras = withFlags(extras, withoutCompression(flags));
      const inner = serializer.deserialize(opcode, decompress(used, value, maxOutputLength), innerExtras);
      return inner.extras === innerExtras ? { value: inner.value, extras } : inner;
    },
  };
}

interface Prepared {
  inner: Serialized<string | Uint8Array>;
  bytes: Uint8Array | undefined;
}

/**
 * Whether the inner serializer, or the caller, uses bits that would not come back, or would be taken for the
 * serializer's own.
 */
function isTaken(flags: number): boolean {
  return isMarked(flags) ? compressionOf(flags) !== 0 : (flags & MEMTS_BITS) !== 0;
}
