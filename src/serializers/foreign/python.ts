import { isUint8Array } from 'node:util/types';
import {
  type Encoded,
  type Layout,
  numberText,
  serializerOf,
  textOrBytes,
  toInteger,
  unwritable,
  wellFormed,
} from '../layout.ts';
import type { Serializer } from '../serializer.ts';
import { compressIfWorth, compressor, decompress } from '../zlib.ts';
import { readShared, type SharedSerializerOptions } from './native.ts';

/** What Python's clients keep outside of a pickle. A number has to be an integer. */
export type PythonInput = string | number | bigint | Uint8Array;

/** What comes back: integers past 2^53 − 1 as bigints, Python's `bytes` as a Buffer. */
export type PythonOutput = string | number | bigint | Buffer;

/** The bits of the flags, which python-memcached began with and pylibmc and pymemcache took over. */
const Flag = { Pickle: 1, Integer: 2, Long: 4, Zlib: 8, Text: 16 } as const;
const BITS = 0x1f;

/**
 * Shares a cache with Python's `pylibmc`: `str`, `bytes` and `int` of any size, compressed or not. Its booleans come
 * back as 1 and 0.
 */
export function pylibmcSerializer(options: SharedSerializerOptions = {}): Serializer<PythonInput, PythonOutput | null> {
  return pythonSerializer(Flag.Long, options);
}

/**
 * Shares a cache with Python's `pymemcache` under its `pickle_serde` or `compressed_serde`: `str`, `bytes` and `int` of
 * any size, compressed or not.
 */
export function pymemcacheSerializer(
  options: SharedSerializerOptions = {},
): Serializer<PythonInput, PythonOutput | null> {
  return pythonSerializer(Flag.Integer, options);
}

function pythonSerializer(
  integer: number,
  options: SharedSerializerOptions,
): Serializer<PythonInput, PythonOutput | null> {
  const { native, threshold, compresses, maxOutputLength } = readShared(options);
  const compress = compressor('deflate').now;
  const layout: Layout<PythonInput, PythonOutput> = {
    bits: BITS,
    compresses,
    encode(value) {
      const encoded = encode(value, integer);
      const smaller = compressIfWorth(encoded.bytes, threshold, maxOutputLength, compress);
      return smaller === undefined ? encoded : { bytes: smaller, flags: encoded.flags | Flag.Zlib };
    },
    decode(bytes, flags) {
      const plain = (flags & Flag.Zlib) === 0 ? bytes : decompress('deflate', bytes, maxOutputLength);
      if ((flags & Flag.Text) !== 0) return textOrBytes(plain);
      if ((flags & (Flag.Integer | Flag.Long)) !== 0) return toInteger(numberText(plain));
      return (flags & Flag.Pickle) === 0 ? plain : native(plain, 'a pickle');
    },
  };
  return serializerOf(layout);
}

function encode(value: unknown, integer: number): Encoded {
  if (typeof value === 'string') return { bytes: wellFormed(value), flags: Flag.Text };
  if (isUint8Array(value)) return { bytes: value, flags: 0 };
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    return { bytes: String(value), flags: integer };
  }
  throw unwritable('expected a string, Buffer, Uint8Array or integer, past 2^53 − 1 as a bigint', value);
}
