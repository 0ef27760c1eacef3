import { byteCount, oneOf, unreadable } from '../layout.ts';
import { checkMaxOutputLength } from '../zlib.ts';

/** What becomes of a value in a format that only the other language reads: an error, or its bytes, decompressed. */
export type NativeValues = 'error' | 'buffer';

/** Options of all serializers that share a cache with another language. */
export interface SharedSerializerOptions {
  /**
   * Values in a format that only the other language reads (pickle, Marshal's objects, PHP's `serialize`, …):
   * `ERR_UNSUPPORTED`, or the bytes as a Buffer. @default 'error'
   */
  native?: NativeValues | undefined;
  /** Compress what has this many bytes or more, if it gets smaller. @default never */
  threshold?: number | undefined;
  /** The largest value that comes out of decompression, in bytes. @default 67,108,864 (64 MiB) */
  maxOutputLength?: number | undefined;
}

/** The shared options with their defaults in; throws `ERR_INVALID_ARGUMENT`. */
export function readShared({ native, threshold, maxOutputLength }: SharedSerializerOptions) {
  const bytes = byteCount('threshold', threshold, Number.POSITIVE_INFINITY);
  return {
    native: nativeReader(native),
    threshold: bytes,
    compresses: bytes !== Number.POSITIVE_INFINITY,
    maxOutputLength: checkMaxOutputLength(maxOutputLength),
  };
}

/** The function for values that only the other language reads. */
function nativeReader(native: NativeValues | undefined): (bytes: Buffer, format: string) => Buffer {
  const choice = oneOf<NativeValues>('native', native, ['error', 'buffer']);
  return (bytes, format) => {
    if (choice === 'buffer') return bytes;
    throw unreadable(`it is ${format}; { native: 'buffer' } gives its bytes`);
  };
}
