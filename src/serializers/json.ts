import { isUint8Array } from 'node:util/types';
import { MemcacheError } from '../errors.ts';
import type { JsonObject } from './json-form.ts';
import { fromJson, type JsonReplacer, type JsonReviver, type JsonValue, toJson } from './json-text.ts';
import {
  type Encoded,
  INTEGER,
  type Layout,
  numberText,
  oneOf,
  serializerOf,
  textOrBytes,
  toBigint,
  unreadable,
  untypedText,
  untypedTextOrBytes,
  unwritable,
} from './layout.ts';
import { compressionOf, isMarked, MEMTS_BITS, markFor, Type, typeOf } from './marks.ts';
import type { Serializer } from './serializer.ts';

/** What `jsonSerializer` stores: interfaces and classes of yours included, functions and Promises not. */
export type JsonInput = string | number | bigint | boolean | null | JsonObject;

/** What `jsonSerializer` gives back. */
export type JsonOutput = JsonValue | bigint | Buffer;

/** Options of `jsonSerializer`. */
export interface JsonSerializerOptions {
  /** The second argument of `JSON.stringify`, for objects, arrays, booleans and `null`. */
  replacer?: JsonReplacer | undefined;
  /** The second argument of `JSON.parse`. */
  reviver?: JsonReviver | undefined;
  /**
   * What becomes of a value that another client wrote: `'string'` always decodes UTF-8, `'buffer'` never does, `'auto'`
   * does where the bytes are UTF-8; a function makes something of the bytes and the flags itself.
   * @default 'auto'
   */
  unmarked?: 'auto' | 'string' | 'buffer' | ((value: Buffer, flags: number) => unknown) | undefined;
}

const NUMBER = /^(?:-?(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|Infinity)|NaN)$/;

/**
 * Strings, Buffers, numbers, bigints, booleans, `null` and what JSON can hold come back as what went in. The upper half
 * of the flags tells them apart: `docs/serializers.md` has them bit by bit. Numbers and bigints are stored as decimal
 * text, so that `increment` and `decrement` work on those from 0 to 2^64 − 1.
 *
 * Storing throws `ERR_INVALID_ARGUMENT` for what can't be kept. Reading throws `ERR_UNSUPPORTED` for bytes that are not
 * what their flags say, and `ERR_COUNTER_RANGE` for a number that has been counted past what a JavaScript number holds.
 */
export function jsonSerializer<TIn = JsonInput, TOut = JsonOutput>(
  options: JsonSerializerOptions = {},
): Serializer<TIn, TOut | null> {
  const { replacer, reviver } = options;
  const unmarked = unmarkedReader(options.unmarked);
  const layout: Layout<TIn, unknown> = {
    bits: MEMTS_BITS,
    encode: (value) => encode(value, replacer),
    decode: (bytes, flags) => (isMarked(flags) ? decode(bytes, flags, reviver) : unmarked(bytes, flags)),
  };
  return serializerOf(layout) as Serializer<TIn, TOut | null>;
}

function encode(value: unknown, replacer: JsonReplacer | undefined): Encoded {
  switch (typeof value) {
    case 'string':
      // UTF-8 has no bytes for half a surrogate pair, JSON has an escape for it.
      if (!value.isWellFormed()) return { bytes: JSON.stringify(value), flags: markFor(Type.Json) };
      return { bytes: value, flags: markFor(Type.String) };
    case 'number':
      return { bytes: Object.is(value, -0) ? '-0' : String(value), flags: markFor(Type.Number) };
    case 'bigint':
      return { bytes: String(value), flags: markFor(Type.Bigint) };
    case 'object':
    case 'boolean':
      if (isUint8Array(value)) return { bytes: value, flags: markFor(Type.Bytes) };
      return { bytes: toJson(value, replacer), flags: markFor(Type.Json) };
    default:
      throw unwritable('expected a string, Buffer, number, bigint, boolean, null or what JSON can hold', value);
  }
}

/** A value of the types that `jsonSerializer` writes. */
export function decode(bytes: Buffer, flags: number, reviver?: JsonReviver): unknown {
  if (compressionOf(flags) !== 0) throw unreadable('it is compressed, which takes compressed(serializer)');
  switch (typeOf(flags)) {
    case Type.Bytes:
      return bytes;
    case Type.String:
      return textOrBytes(bytes);
    case Type.Number:
      return toNumber(numberText(bytes));
    case Type.Bigint:
      return fromDigits(numberText(bytes));
    case Type.Json:
      return fromJson(bytes, reviver);
    default:
      throw unreadable('its flags tell a type that this version does not know');
  }
}

function toNumber(text: string): number {
  if (!NUMBER.test(text)) throw unreadable('its flags say number, its bytes do not');
  const number = Number(text);
  if (Number.isSafeInteger(number) || !INTEGER.test(text) || String(number) === text) return number;
  throw new MemcacheError(
    'ERR_COUNTER_RANGE',
    'The stored number has been counted past 2^53 − 1, which only a bigint holds: store it as one',
  );
}

function fromDigits(text: string): bigint {
  if (!INTEGER.test(text)) throw unreadable('its flags say bigint, its bytes do not');
  return toBigint(text);
}

function unmarkedReader(given: JsonSerializerOptions['unmarked']): (bytes: Buffer, flags: number) => unknown {
  if (typeof given === 'function') return (bytes, flags) => callUnmarked(given, bytes, flags);
  const choice = oneOf('unmarked', given, ['auto', 'string', 'buffer']);
  if (choice === 'string') return untypedText;
  return choice === 'buffer' ? (bytes) => bytes : untypedTextOrBytes;
}

function callUnmarked(read: (value: Buffer, flags: number) => unknown, bytes: Buffer, flags: number): unknown {
  try {
    return read(bytes, flags);
  } catch (cause) {
    if (cause instanceof MemcacheError) throw cause;
    throw unreadable('the function for values of other clients failed', cause);
  }
}
