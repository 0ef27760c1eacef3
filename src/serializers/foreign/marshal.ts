import { isUint8Array } from 'node:util/types';
import { textOrBytes, unreadable, unwritable, wellFormed } from '../layout.ts';

/**
 * The plain part of Ruby's Marshal format 4.8 (Ruby's `doc/marshal.rdoc`): `nil`, `true`, `false`, integers, floats and
 * strings in UTF-8, US-ASCII or without an encoding, each on its own.
 */

/** Stands for a value that is well-formed, as far as was looked, but not plain. */
export const NOT_PLAIN: unique symbol = Symbol('not plain');

/** What `load` gives. */
export type Plain = string | number | bigint | boolean | null | Buffer;

const VERSION = [4, 8];
/** Integers of Ruby's that are stored as `i`; larger ones are `l`. */
const FIXNUM_LIMIT = 2 ** 30;
/** Behind a string: one instance variable, `E`, is true, which is UTF-8, or false, which is US-ASCII. */
const UTF8 = Buffer.from('\x06:\x06ET', 'latin1');
const US_ASCII = Buffer.from('\x06:\x06EF', 'latin1');

const code = (character: string): number => character.charCodeAt(0);

/** Bytes for a string, Buffer, number, bigint, boolean or `null`. */
export function dump(value: unknown): Buffer {
  return Buffer.concat([Buffer.from(VERSION), dumpValue(value)]);
}

function dumpValue(value: unknown): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([Buffer.from('I'), dumpBytes(Buffer.from(wellFormed(value))), UTF8]);
  if (isUint8Array(value)) return dumpBytes(value);
  if (typeof value === 'bigint') return dumpInteger(value);
  if (typeof value === 'number') {
    const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0);
    return isInteger ? dumpInteger(BigInt(value)) : dumpFloat(value);
  }
  if (typeof value === 'boolean') return Buffer.from(value ? 'T' : 'F');
  if (value === null) return Buffer.from('0');
  throw unwritable('expected a string, Buffer, Uint8Array, number, bigint, boolean or null', value);
}

function dumpBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('"'), packed(bytes.length), bytes]);
}

function dumpInteger(value: bigint): Buffer {
  if (value >= -FIXNUM_LIMIT && value < FIXNUM_LIMIT) return Buffer.concat([Buffer.from('i'), packed(Number(value))]);
  let digits = (value < 0n ? -value : value).toString(16);
  // The length is one of 16-bit words.
  digits = digits.padStart(Math.ceil(digits.length / 4) * 4, '0');
  const magnitude = Buffer.from(digits, 'hex').reverse();
  return Buffer.concat([Buffer.from(value < 0n ? 'l-' : 'l+'), packed(magnitude.length / 2), magnitude]);
}

function dumpFloat(value: number): Buffer {
  let text = String(value);
  if (Number.isNaN(value)) text = 'nan';
  else if (!Number.isFinite(value)) text = value > 0 ? 'inf' : '-inf';
  else if (value === 0) text = Object.is(value, -0) ? '-0' : '0';
  return Buffer.concat([Buffer.from('f'), packed(text.length), Buffer.from(text)]);
}

/** Small integers are one byte, 5 away from 0; others are the number of their bytes and these, little-endian. */
function packed(value: number): Buffer {
  if (value === 0) return Buffer.from([0]);
  if (value > 0 && value < 123) return Buffer.from([value + 5]);
  if (value < 0 && value > -124) return Buffer.from([(value - 5) & 0xff]);
  const bytes: number[] = [];
  let rest = value;
  const done = value < 0 ? -1 : 0;
  while (rest !== done) {
    bytes.push(rest & 0xff);
    rest >>= 8;
  }
  return Buffer.from([value < 0 ? -bytes.length & 0xff : bytes.length, ...bytes]);
}

/** The value, {@link NOT_PLAIN}, or `ERR_UNSUPPORTED` for what is cut off or has something behind it. */
export function load(bytes: Buffer): Plain | typeof NOT_PLAIN {
  if (bytes[0] !== VERSION[0] || bytes[1] !== VERSION[1]) throw broken();
  const reader = new Reader(bytes, VERSION.length);
  const value = loadValue(reader);
  if (value !== NOT_PLAIN && !reader.atEnd) throw broken();
  return value;
}

function loadValue(reader: Reader): Plain | typeof NOT_PLAIN {
  switch (reader.byte()) {
    case code('0'):
      return null;
    case code('T'):
      return true;
    case code('F'):
      return false;
    case code('i'):
      return reader.packed();
    case code('l'):
      return loadBignum(reader);
    case code('f'):
      return loadFloat(reader.counted().toString('latin1'));
    case code('"'):
      return reader.counted();
    case code('I'):
      return loadEncoded(reader);
    default:
      return NOT_PLAIN;
  }
}

function loadBignum(reader: Reader): number | bigint {
  const sign = reader.byte();
  const magnitude = Buffer.from(reader.take(reader.length() * 2)).reverse();
  if ((sign !== code('+') && sign !== code('-')) || magnitude.length === 0) throw broken();
  const absolute = BigInt(`0x${magnitude.toString('hex')}`);
  const value = sign === code('-') ? -absolute : absolute;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const FLOAT = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/;

function loadFloat(text: string): number {
  if (text === 'nan') return Number.NaN;
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  if (!FLOAT.test(text)) throw broken();
  return Number(text);
}

function loadEncoded(reader: Reader): Plain | typeof NOT_PLAIN {
  // Regular expressions and instances of String's subclasses come this way too.
  if (reader.byte() !== code('"')) return NOT_PLAIN;
  const bytes = reader.counted();
  return reader.skip(UTF8) || reader.skip(US_ASCII) ? textOrBytes(bytes) : NOT_PLAIN;
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw broken();
    return byte;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw broken();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A packed integer: see {@link packed}. */
  packed(): number {
    const first = (this.byte() << 24) >> 24;
    if (first === 0) return 0;
    if (first > 4) return first - 5;
    if (first < -4) return first + 5;
    const bytes = this.take(Math.abs(first));
    const value = bytes.readUIntLE(0, bytes.length);
    return first > 0 ? value : value - 256 ** bytes.length;
  }

  length(): number {
    const length = this.packed();
    if (length < 0) throw broken();
    return length;
  }

  counted(): Buffer {
    return this.take(this.length());
  }

  /** Goes over these bytes, if they are next. */
  skip(expected: Buffer): boolean {
    if (!this.#bytes.subarray(this.#at, this.#at + expected.length).equals(expected)) return false;
    this.#at += expected.length;
    return true;
  }
}

function broken(): Error {
  return unreadable("its flags say Ruby's Marshal format, its bytes do not");
}
