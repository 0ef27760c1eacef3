import { MAX_UINT32, MAX_UINT64 } from '../../protocol/limits.ts';

/**
 * Numbers as memcached 1.6.45 reads them. Most words are read strictly: nothing but digits. Client flags and expirations
 * of the classic stores, and the values of counters, are read by C's `strtoul` and functions like it.
 */

/** Characters that C's `isspace` accepts, which end a number in memcached's parsers or come before one. */
const SPACES = ' \t\n\v\f\r';

const NUMBER = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)/;

const INT32_MAX = 0x7fff_ffff;
const INT32_MIN = -0x8000_0000;
const INT64_MAX = 0x7fff_ffff_ffff_ffffn;
const INT64_MIN = -0x8000_0000_0000_0000n;

/** Longer words are refused, even if most of their digits are zeros. */
const LONGEST_32 = 11;
const LONGEST_64 = 22;

/** A plain number of at most nine digits, which almost all are; undefined for the careful way. */
function plainNumber(text: string): number | undefined {
  const { length } = text;
  if (length === 0 || length > 9) return undefined;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** An unsigned 32-bit number, strictly. */
export function readUint32(word: string): number | undefined {
  const plain = plainNumber(word);
  if (plain !== undefined) return plain;
  if (word.length > LONGEST_32 || !/^\d+$/.test(word)) return undefined;
  const value = Number(word);
  return value > MAX_UINT32 ? undefined : value;
}

/** A signed 32-bit number, strictly; a `-` alone is 0 there. */
export function readInt32(word: string): number | undefined {
  const plain = plainNumber(word);
  if (plain !== undefined) return plain;
  if (word.length > LONGEST_32 || !/^(-|-?\d+)$/.test(word)) return undefined;
  const value = word === '-' ? 0 : Number(word);
  return value > INT32_MAX || value < INT32_MIN ? undefined : value;
}

/** An unsigned 64-bit number, strictly. */
export function readUint64(word: string): bigint | undefined {
  const plain = plainNumber(word);
  if (plain !== undefined) return BigInt(plain);
  if (word.length > LONGEST_64 || !/^\d+$/.test(word)) return undefined;
  const value = BigInt(word);
  return value > MAX_UINT64 ? undefined : value;
}

interface Digits {
  negative: boolean;
  magnitude: bigint;
}

/** Splits off the number that a text begins with; it has to end there, at a space or at a NUL. */
function digitsOf(text: string): Digits | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const next = text[match[0].length];
  if (next !== undefined && next !== '\0' && !SPACES.includes(next)) return undefined;
  const digits = match[2] as string;
  // More digits than any 64-bit number has, leading zeros aside: out of range, and not worth converting.
  if (digits.length > 20 && digits.replace(/^0+/, '').length > 20) return undefined;
  return { negative: match[1] === '-', magnitude: BigInt(digits) };
}

/**
 * The number that a text begins with, as `strtoull` reads it: leading spaces and a sign are allowed; a negative one
 * wraps, and is refused only where the result would be negative as a signed number.
 */
export function parseUnsigned64(text: string): bigint | undefined {
  const plain = plainNumber(text);
  if (plain !== undefined) return BigInt(plain);
  const digits = digitsOf(text);
  if (digits === undefined || digits.magnitude > MAX_UINT64) return undefined;
  const value = digits.negative ? BigInt.asUintN(64, -digits.magnitude) : digits.magnitude;
  return digits.negative && value > INT64_MAX ? undefined : value;
}

/** The same as an unsigned number of 32 bits, to which it is cut. */
export function parseUnsigned32(text: string): number | undefined {
  const plain = plainNumber(text);
  if (plain !== undefined) return plain;
  const value = parseUnsigned64(text);
  return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
}

/** The signed number that a text begins with, as `strtol` reads it, cut to 32 bits. */
export function parseSigned32(text: string): number | undefined {
  const plain = plainNumber(text);
  if (plain !== undefined) return plain;
  const digits = digitsOf(text);
  if (digits === undefined) return undefined;
  const value = digits.negative ? -digits.magnitude : digits.magnitude;
  if (value > INT64_MAX || value < INT64_MIN) return undefined;
  return Number(BigInt.asIntN(32, value));
}
