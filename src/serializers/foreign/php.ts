import { isUint8Array } from 'node:util/types';
import type { JsonInput, JsonOutput } from '../json.ts';
import { fromJson, toJson } from '../json-text.ts';
import {
  type Encoded,
  type Layout,
  numberText,
  serializerOf,
  textOrBytes,
  toInteger,
  unreadable,
  unwritable,
  wellFormed,
} from '../layout.ts';
import type { Serializer } from '../serializer.ts';
import { compressIfWorth, compressor, decompress, tooLarge } from '../zlib.ts';
import { fastlz } from './fastlz.ts';
import { readShared, type SharedSerializerOptions } from './native.ts';

const Type = { String: 0, Long: 1, Double: 2, Bool: 3, Serialized: 4, Igbinary: 5, Json: 6, Msgpack: 7 } as const;
const TYPE_BITS = 0xf;

const Flag = { Compressed: 0x10, Zlib: 0x20, Fastlz: 0x40 } as const;
const COMPRESSION_BITS = 0xfff0;

/** The upper half of the flags is the caller's own, as PHP's `OPT_USER_FLAGS`. */
const BITS = 0xffff;

/** Before compressed bytes stands how many they come to, in the byte order of the machine that wrote them. */
const LENGTH_BYTES = 4;

const LARGEST_LONG = 0x7fffffffffffffffn;

/**
 * Shares a cache with PHP's `memcached` extension: strings, integers, floats, booleans, `null`, and what JSON can hold,
 * compressed with zlib or FastLZ or not. Arrays and objects are written as JSON, which PHP reads whatever its own
 * serializer is. What PHP wrote has to come from a little-endian machine.
 */
export function phpSerializer(options: SharedSerializerOptions = {}): Serializer<JsonInput, JsonOutput | null> {
  const { native, threshold, compresses, maxOutputLength } = readShared(options);
  const compress = compressor('deflate').now;
  const layout: Layout<JsonInput, JsonOutput> = {
    bits: BITS,
    compresses,
    encode(value) {
      const encoded = encode(value);
      const { bytes, flags } = encoded;
      const smaller = compressIfWorth(bytes, threshold, maxOutputLength, (plain) => deflate(plain, compress));
      return smaller === undefined ? encoded : { bytes: smaller, flags: flags | Flag.Compressed | Flag.Zlib };
    },
    decode: (bytes, flags) => decode(inflate(bytes, flags & COMPRESSION_BITS, maxOutputLength), flags, native),
  };
  return serializerOf(layout);
}

function encode(value: unknown): Encoded {
  if (typeof value === 'string') return { bytes: wellFormed(value), flags: Type.String };
  if (isUint8Array(value)) return { bytes: value, flags: Type.String };
  if (typeof value === 'boolean') return { bytes: value ? '1' : '', flags: Type.Bool };
  if (value === null) return { bytes: SERIALIZED_NULL, flags: Type.Serialized };
  if (typeof value === 'bigint') {
    if (value > LARGEST_LONG || value < -LARGEST_LONG - 1n) throw unwritable('expected an integer of 64 bits', value);
    return { bytes: String(value), flags: Type.Long };
  }
  if (typeof value === 'number') {
    const isLong = Number.isSafeInteger(value) && !Object.is(value, -0);
    return isLong ? { bytes: String(value), flags: Type.Long } : { bytes: doubleText(value), flags: Type.Double };
  }
  if (typeof value === 'object') return { bytes: toJson(value), flags: Type.Json };
  throw unwritable('expected a string, Buffer, number, bigint, boolean, null or what JSON can hold', value);
}

function decode(bytes: Buffer, flags: number, native: (bytes: Buffer, format: string) => Buffer): JsonOutput {
  switch (flags & TYPE_BITS) {
    case Type.String:
      return textOrBytes(bytes);
    case Type.Long:
      return toInteger(numberText(bytes));
    case Type.Double:
      return toDouble(bytes.toString('latin1'));
    case Type.Bool:
      return toBoolean(bytes.toString('latin1'));
    case Type.Json:
      return fromJson(bytes) as JsonOutput;
    case Type.Serialized:
      return bytes.equals(SERIALIZED_NULL) ? null : native(bytes, "in the format of PHP's serialize()");
    case Type.Igbinary:
      return native(bytes, 'in the format of igbinary');
    case Type.Msgpack:
      return native(bytes, 'in the format of msgpack');
    default:
      throw unreadable('its flags tell a type that php-memcached does not have');
  }
}

/** PHP's `null` has no type of its own. */
const SERIALIZED_NULL = Buffer.from('N;');

const DOUBLE = /^(?:-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|-?Infinity|NaN)$/;

function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function toDouble(text: string): number {
  if (!DOUBLE.test(text)) throw unreadable('its flags say double, its bytes do not');
  return Number(text);
}

function toBoolean(text: string): boolean {
  if (text === '1') return true;
  if (text === '' || text === '0') return false;
  throw unreadable('its flags say boolean, its bytes do not');
}

function deflate(plain: Uint8Array, compress: (bytes: Uint8Array) => Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(plain.length);
  return Buffer.concat([length, compress(plain)]);
}

function inflate(bytes: Buffer, compression: number, maxOutputLength: number): Buffer {
  if (compression === 0) return bytes;
  // Before version 2 the extension had zlib alone, with neither a type nor a length.
  if (compression === Flag.Compressed) return decompress('deflate', bytes, maxOutputLength);
  if (bytes.length < LENGTH_BYTES) throw unreadable('its flags say compressed, its bytes do not');
  const length = bytes.readUInt32LE(0);
  if (length > maxOutputLength) throw tooLarge(maxOutputLength);
  const body = bytes.subarray(LENGTH_BYTES);
  if (compression === (Flag.Compressed | Flag.Fastlz)) return fastlz(body, length);
  if (compression !== (Flag.Compressed | Flag.Zlib)) throw unreadable('it is compressed with neither zlib nor FastLZ');
  const plain = decompress('deflate', body, maxOutputLength);
  if (plain.length !== length) throw unreadable('it does not come to the length that it tells');
  return plain;
}
