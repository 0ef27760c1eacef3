import { MemcacheError } from '../errors.ts';
import { decode } from './json.ts';
import type { JsonObject } from './json-form.ts';
import { type Encoded, type Layout, serializerOf, unreadable, untypedTextOrBytes, unwritable } from './layout.ts';
import { compressionOf, isMarked, MEMTS_BITS, markFor, Type, typeOf } from './marks.ts';
import type { Serializer } from './serializer.ts';
import { isPlainJson, mayHaveNames } from './structured-plain.ts';
import { readPlain, readTagged } from './structured-read.ts';
import { toTagged } from './structured-write.ts';

/** What `structuredSerializer` stores; what is inside of an object is checked when it is stored. */
export type StructuredInput = string | number | bigint | boolean | null | undefined | JsonObject;

/**
 * Values come back as they went in: what JSON can hold, and `Date`, `Map`, `Set`, bigint, `Buffer`, typed arrays,
 * `undefined`, `NaN`, the infinities and `-0`, at any depth up to 1,000. What is plain JSON is stored as
 * `JSON.stringify` writes it; all else as JSON with tags, which `docs/serializers.md` describes.
 *
 * Storing throws `ERR_INVALID_ARGUMENT` for what would not come back: functions, symbols, instances of classes, cycles;
 * the message has the path. Reading throws `ERR_UNSUPPORTED` for bytes that are not what their flags say, and
 * `ERR_COUNTER_RANGE` for a number that has been counted past what a JavaScript number holds.
 */
export function structuredSerializer<TIn = StructuredInput>(): Serializer<TIn, unknown> {
  return serializerOf(LAYOUT) as Serializer<TIn, unknown>;
}

const LAYOUT: Layout<unknown, unknown> = {
  bits: MEMTS_BITS,
  encode: encodeStructured,
  decode(bytes, flags) {
    if (!isMarked(flags)) return untypedTextOrBytes(bytes);
    return compressionOf(flags) === 0 && typeOf(flags) >= Type.Json
      ? decodeStructured(bytes, flags)
      : decode(bytes, flags);
  },
};

/** What becomes of a value: its bytes, and the flags of their type. */
export function encodeStructured(value: unknown): Encoded {
  try {
    if (isPlainJson(value)) return { bytes: JSON.stringify(value), flags: markFor(Type.Json) };
    if (Buffer.isBuffer(value) && isPlainBuffer(value)) return { bytes: value, flags: markFor(Type.Bytes) };
    const written = toTagged(value);
    const bytes = JSON.stringify(written.value);
    return { bytes, flags: markFor(written.tagged ? Type.Structured : Type.Json) };
  } catch (cause) {
    // Getters of the caller's, and what is longer than a string can be.
    if (cause instanceof MemcacheError) throw cause;
    throw unwritable('expected what can be written as JSON with tags', value, cause);
  }
}

/** Whether a `Buffer` is nothing but its bytes. */
function isPlainBuffer(buffer: Buffer): boolean {
  return Object.getPrototypeOf(buffer) === Buffer.prototype && !mayHaveNames(buffer);
}

/** What `encodeStructured` was given. Throws nothing but a `MemcacheError`. */
export function decodeStructured(bytes: Buffer, flags: number): unknown {
  if (flags === markFor(Type.Bytes)) return bytes;
  switch (typeOf(flags)) {
    case Type.Json:
      return readPlain(bytes);
    case Type.Structured:
      return readTagged(bytes);
    default:
      throw unreadable('its flags tell a type that this version does not know');
  }
}
