import { MemcacheError } from '../../errors.ts';
import { checkAllThere, LARGE_BYTES, LOOP_LIMIT } from '../large.ts';
import { MAX_BLOCK_BYTES } from '../limits.ts';
import { DELETE, endsKey, SPACE } from '../plain-key.ts';
import type { Output } from '../protocol.ts';
import type { StoreItem, WireKey, WireValue } from '../request.ts';

export const CR = 0x0d;
export const LF = 0x0a;
const ZERO = 0x30;

/** Few digits: each is written, echoed and read again. One response too many or too few shifts them by no more than a batch. */
export const TEXT_OPAQUES = { first: 0, last: 9_999 };

/** Writes a text of ASCII and returns where it ends. */
export function writeAscii(buffer: Buffer, text: string, at: number): number {
  const { length } = text;
  if (length > LOOP_LIMIT) return at + buffer.write(text, at, 'latin1');
  for (let i = 0; i < length; i++) buffer[at + i] = text.charCodeAt(i);
  return at + length;
}

/** Writes a natural number in decimal and returns where it ends. */
export function writeDecimal(buffer: Buffer, value: number | bigint, at: number): number {
  if (typeof value === 'bigint' || value > 0xffffffff) return writeAscii(buffer, String(value), at);
  if (value >= 10_000) return writeLongDecimal(buffer, value, at);
  let end = at;
  let rest = value;
  // Without a loop, which takes twice the time: lengths and opaques mostly have no more than four digits.
  if (value >= 100) {
    const hundreds = (value / 100) | 0;
    const thousands = (hundreds / 10) | 0;
    rest = value - hundreds * 100;
    if (thousands > 0) buffer[end++] = ZERO + thousands;
    buffer[end++] = ZERO + hundreds - thousands * 10;
  }
  const tens = (rest / 10) | 0;
  if (value >= 10) buffer[end++] = ZERO + tens;
  buffer[end++] = ZERO + rest - tens * 10;
  return end;
}

function writeLongDecimal(buffer: Buffer, value: number, at: number): number {
  let end = at + 5;
  for (let limit = 100_000; value >= limit; limit *= 10) end++;
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const tenth = (rest / 10) >>> 0;
    buffer[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}

/** What {@link writePlainKey} returns for a key that a text line can't hold. */
export const NOT_PLAIN = -1;

/**
 * Writes a key as it is and returns where it ends; {@link NOT_PLAIN} when it holds a space or a control character,
 * which would end it. The caller has reserved three bytes for each UTF-16 unit.
 */
export function writePlainKey(buffer: Buffer, key: WireKey, at: number): number {
  const { length } = key;
  if (typeof key !== 'string') {
    for (let i = 0; i < length; i++) {
      const byte = key[i] as number;
      if (endsKey(byte)) return NOT_PLAIN;
      buffer[at + i] = byte;
    }
    return at + length;
  }
  for (let i = 0; i < length; i++) {
    const unit = key.charCodeAt(i);
    if (unit <= SPACE || unit >= DELETE) return writeUnicodeKey(buffer, key, at, i);
    buffer[at + i] = unit;
  }
  return at + length;
}

function writeUnicodeKey(buffer: Buffer, key: string, at: number, checked: number): number {
  for (let i = checked; i < key.length; i++) {
    if (endsKey(key.charCodeAt(i))) return NOT_PLAIN;
  }
  return at + buffer.write(key, at, 'utf8');
}

/** Checks all values of a batch, before the first is written. */
export function checkValues(stores: readonly StoreItem[] | undefined): void {
  checkAllThere(stores);
  if (stores !== undefined) for (const { value } of stores) checkValueBytes(value);
}

/** Throws `ERR_VALUE_TOO_LARGE` for what memcached would run as commands. */
function checkValueBytes(value: WireValue): void {
  if (value.length > MAX_BLOCK_BYTES) throw new MemcacheError('ERR_VALUE_TOO_LARGE', 'The value is over 2 GB');
}

/** The number of bytes that a value takes on the wire. Throws `ERR_VALUE_TOO_LARGE`. */
export function valueBytes(value: WireValue): number {
  if (typeof value !== 'string') {
    checkValueBytes(value);
    return value.length;
  }
  const { length } = value;
  if (length > LOOP_LIMIT) return Buffer.byteLength(value);
  for (let i = 0; i < length; i++) {
    if (value.charCodeAt(i) > DELETE) return Buffer.byteLength(value);
  }
  return length;
}

/** How much room {@link finishWithValue} needs for a value of this size. */
export function valueRoom(value: WireValue, length: number): number {
  return length < LARGE_BYTES || typeof value === 'string' ? length + 4 : 2;
}

/**
 * Ends the command line at `at` and puts the data block behind it. The room for both has been reserved, so that from
 * here on nothing can fail.
 */
export function finishWithValue(output: Output, at: number, value: WireValue, length: number): void {
  const { buffer } = output;
  const start = endLine(buffer, at);
  if (typeof value === 'string') {
    writeString(buffer, value, start, length);
  } else if (length < LARGE_BYTES) {
    buffer.set(value, start);
  } else {
    output.position = start;
    output.attach(value);
    output.reserve(2);
    output.position = endLine(output.buffer, output.position);
    return;
  }
  output.position = endLine(buffer, start + length);
}

/** Writes a text whose number of bytes is known. */
function writeString(buffer: Buffer, text: string, at: number, bytes: number): void {
  if (text.length !== bytes) buffer.write(text, at, 'utf8');
  else if (bytes > LOOP_LIMIT) buffer.write(text, at, 'latin1');
  else for (let i = 0; i < bytes; i++) buffer[at + i] = text.charCodeAt(i);
}

/** Writes the end of a line and returns where that ends. */
export function endLine(buffer: Buffer, at: number): number {
  buffer[at] = CR;
  buffer[at + 1] = LF;
  return at + 2;
}
