import { isUtf8 } from 'node:buffer';
import { isUint8Array } from 'node:util/types';
import { invalidArgument, isInteger, MemcacheError } from '../errors.ts';
import type { Serializer } from './serializer.ts';

/** What becomes of a value: its bytes and the bits of the flags that say how to read them. */
export interface Encoded {
  bytes: string | Uint8Array;
  flags: number;
}

/** How values of several types are laid out, and which bits of the flags tell them apart. */
export interface Layout<TIn, TOut> {
  /** The bits of the flags that are the layout's; all others are the caller's own. */
  bits: number;
  /** Throws `ERR_INVALID_ARGUMENT` for what the layout has no place for. */
  encode(value: TIn): Encoded;
  /** Throws nothing but a `MemcacheError`, whatever it is given. */
  decode(bytes: Buffer, flags: number): TOut;
  /** Whether what is stored may be compressed, so that nothing can be put behind or in front of it. */
  compresses?: boolean;
}

/** The serializer for a layout. */
export function serializerOf<TIn, TOut>(layout: Layout<TIn, TOut>): Serializer<TIn, TOut | null> {
  return {
    serialize(_opcode, value, extras) {
      if (!holdFlags(extras)) return { value: fragment(value, layout.compresses === true), extras };
      const given = readFlags(extras);
      if ((given & layout.bits) !== 0) throw taken(layout.bits);
      const { bytes, flags } = layout.encode(value);
      return { value: bytes, extras: withFlags(extras, given | flags) };
    },
    deserialize(_opcode, value, extras) {
      return { value: value === null ? null : decode(layout, value, readFlags(extras)), extras };
    },
  };
}

/** What JavaScript can't hold, such as a string of a gigabyte, is unreadable like anything else. */
function decode<TOut>(layout: Layout<never, TOut>, value: Buffer, flags: number): TOut {
  try {
    return layout.decode(value, flags);
  } catch (error) {
    if (error instanceof MemcacheError) throw error;
    throw unreadable('it is larger than JavaScript can hold', error);
  }
}

/** Whether there is room for flags: append and prepend have none, the item keeps those that it has. */
export function holdFlags(extras: Uint8Array): boolean {
  return extras.length >= 4;
}

/** The flags in the first four bytes of the extras. */
export function readFlags(extras: Buffer): number {
  return holdFlags(extras) ? extras.readUInt32BE(0) : 0;
}

/** A copy of the extras with other flags. */
export function withFlags(extras: Buffer, flags: number): Buffer {
  const copy = Buffer.allocUnsafe(extras.length);
  copy.writeUInt32BE(flags >>> 0, 0);
  // Of so few bytes a loop copies one in a fraction of the time that Node.js takes.
  for (let i = 4; i < extras.length; i++) copy[i] = extras[i] as number;
  return copy;
}

/** What may be put behind or in front of an item without changing its type. */
function fragment(value: unknown, compresses: boolean): string | Uint8Array {
  if (compresses) throw noFragments();
  if (isUint8Array(value)) return value;
  if (typeof value === 'string') return wellFormed(value);
  throw unwritable('append and prepend take a string, Buffer or Uint8Array', value);
}

/** Nobody but the server knows whether an item is compressed, and then bytes put to it would spoil it. */
export function noFragments(): MemcacheError {
  return new MemcacheError('ERR_UNSUPPORTED', 'A serializer that compresses has no append and no prepend');
}

/** The caller's flags have bits that are the serializer's. */
export function taken(bits: number): MemcacheError {
  const mask = (bits >>> 0).toString(16).padStart(8, '0');
  return invalidArgument('flags', `the bits 0x${mask} belong to the serializer`);
}

/** A value that the layout has no place for. The message names its type alone. */
export function unwritable(expected: string, value: unknown, cause?: unknown): MemcacheError {
  return invalidArgument('value', `${expected}, but got ${kindOf(value)}`, cause);
}

/** Stored bytes that can't be read. Causes that quote what they were given, as those of `JSON.parse`, stay out. */
export function unreadable(reason: string, cause?: unknown): MemcacheError {
  return new MemcacheError('ERR_UNSUPPORTED', `The stored value can't be read: ${reason}`, { cause });
}

/** `null`, `a function`, `an object`, … */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return 'an object';
}

/** A string that UTF-8 can hold. */
export function wellFormed(value: string): string {
  if (value.isWellFormed()) return value;
  throw unwritable('expected a string without lone surrogates, which UTF-8 has no bytes for', value);
}

/** A string where the bytes are UTF-8, otherwise the bytes: in both cases nothing is lost. */
export function textOrBytes(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) ? bytes.toString() : bytes;
}

const SPACE = 0x20;

/** Without the spaces that the server leaves behind a counter that has become shorter. */
export function numberText(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === SPACE) end--;
  return bytes.toString('latin1', 0, end);
}

/** The digits of 2^64 − 1, which a counter is padded to at most. */
const COUNTER_BYTES = 20;

/** Whether the bytes are a counter that the server has made shorter. */
function isPadded(bytes: Buffer): boolean {
  return bytes.length <= COUNTER_BYTES && bytes.at(-1) === SPACE && /^\d+$/.test(numberText(bytes));
}

/** The text of bytes that carry no type; of a counter, without the spaces behind it. */
export function untypedText(bytes: Buffer): string {
  return isPadded(bytes) ? numberText(bytes) : bytes.toString();
}

/** The same, and the bytes where they are no text. */
export function untypedTextOrBytes(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) ? untypedText(bytes) : bytes;
}

/** A longer integer is not read: the time that it takes grows faster than its digits. */
export const MOST_DIGITS = 100_000;

/** A decimal integer: a number up to 2^53 − 1, past that a bigint. */
export function toInteger(text: string): number | bigint {
  if (!INTEGER.test(text)) throw unreadable('its flags say integer, its bytes do not');
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : toBigint(text);
}

/** A bigint of the text of a decimal integer. */
export function toBigint(text: string): bigint {
  if (text.length > MOST_DIGITS) throw unreadable(`it is an integer of more than ${MOST_DIGITS} digits`);
  return BigInt(text);
}

/** A decimal integer. */
export const INTEGER = /^-?\d+$/;

/** Fills in the default of a count of bytes and checks it. */
export function byteCount(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value === Number.POSITIVE_INFINITY || isInteger(value, 0)) return value;
  throw invalidArgument(name, 'expected a number of bytes, from 0 on');
}

/** Checks an option that is one of a few words. */
export function oneOf<TWord extends string>(
  name: string,
  value: TWord | undefined,
  words: readonly [TWord, ...TWord[]],
): TWord {
  if (value === undefined) return words[0];
  if (words.includes(value)) return value;
  throw invalidArgument(name, `expected one of ${words.join(', ')}`);
}
