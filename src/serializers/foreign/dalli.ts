import { isUint8Array } from 'node:util/types';
import type { JsonInput, JsonOutput } from '../json.ts';
import { fromJson, toJson } from '../json-text.ts';
import {
  INTEGER,
  type Layout,
  numberText,
  oneOf,
  serializerOf,
  toInteger,
  untypedTextOrBytes,
  unwritable,
  wellFormed,
} from '../layout.ts';
import type { Serializer } from '../serializer.ts';
import { compressIfWorth, compressor, decompress } from '../zlib.ts';
import { dump, load, NOT_PLAIN } from './marshal.ts';
import { readShared, type SharedSerializerOptions } from './native.ts';

/** Options of `dalliSerializer`; they are named as dalli's. */
export interface DalliSerializerOptions extends SharedSerializerOptions {
  /** What dalli's `serializer:` is: `Marshal`, its default, or `JSON`. @default 'marshal' */
  serializer?: 'marshal' | 'json' | undefined;
  /** Store strings, Buffers and integers as dalli does with `raw: true`, so that they can be counted. @default false */
  raw?: boolean | undefined;
  /** What is written compressed; both are read. @default 'zlib' */
  compressor?: 'zlib' | 'gzip' | undefined;
}

const Flag = { Serialized: 1, Compressed: 2 } as const;
const BITS = 0x3;

const GZIP_MAGIC = 0x1f8b;

/**
 * Shares a cache with Ruby's `dalli`: strings, integers, floats, `true`, `false` and `nil` under Marshal; what JSON can
 * hold under JSON; strings and Buffers raw. Compressed or not.
 */
export function dalliSerializer(options: DalliSerializerOptions = {}): Serializer<JsonInput, JsonOutput | null> {
  const { native, threshold, compresses, maxOutputLength } = readShared(options);
  const format = oneOf('serializer', options.serializer, ['marshal', 'json']);
  const algorithm = oneOf('compressor', options.compressor, ['zlib', 'gzip']) === 'gzip' ? 'gzip' : 'deflate';
  const compress = compressor(algorithm).now;
  const write = format === 'json' ? toRubyJson : dump;
  const layout: Layout<JsonInput, JsonOutput> = {
    bits: BITS,
    compresses,
    encode(value) {
      const bytes = options.raw === true ? toRaw(value) : write(value);
      const flags = options.raw === true ? 0 : Flag.Serialized;
      const smaller = compressIfWorth(bytes, threshold, maxOutputLength, compress);
      return smaller === undefined ? { bytes, flags } : { bytes: smaller, flags: flags | Flag.Compressed };
    },
    decode(bytes, flags) {
      const plain = (flags & Flag.Compressed) === 0 ? bytes : inflate(bytes, maxOutputLength);
      if ((flags & Flag.Serialized) === 0) return untypedTextOrBytes(plain);
      if (format === 'json') return fromRubyJson(plain);
      const value = load(plain);
      return value === NOT_PLAIN ? native(plain, "an object in Ruby's Marshal format") : value;
    },
  };
  return serializerOf(layout);
}

/** Dalli has one flag for both of its compressors. */
function inflate(bytes: Buffer, maxOutputLength: number): Buffer {
  const isGzip = bytes.length >= 2 && bytes.readUInt16BE(0) === GZIP_MAGIC;
  return decompress(isGzip ? 'gzip' : 'deflate', bytes, maxOutputLength);
}

function toRaw(value: unknown): string | Uint8Array {
  if (typeof value === 'string') return wellFormed(value);
  if (isUint8Array(value)) return value;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  throw unwritable('expected a string, Buffer, Uint8Array or integer, past 2^53 − 1 as a bigint', value);
}

/** Ruby's integers in JSON have any number of digits. */
function toRubyJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw unwritable('expected a finite number', value);
  if (isUint8Array(value)) throw unwritable('expected what JSON can hold, which bytes are not', value);
  return Object.is(value, -0) ? '-0.0' : toJson(value);
}

function fromRubyJson(bytes: Buffer): JsonOutput {
  const text = numberText(bytes.subarray(0, MAX_NUMBER));
  if (bytes.length <= MAX_NUMBER && INTEGER.test(text)) return toInteger(text);
  return fromJson(bytes) as JsonOutput;
}

/** A longer integer at the top of a JSON text is left to `JSON.parse`. */
const MAX_NUMBER = 1024;
