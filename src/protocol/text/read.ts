import { desynchronised } from '../desynchronised.ts';
import { CR, SPACE } from './write.ts';

const ZERO = 0x30;
/** As many digits as surely fit a number. */
const SAFE_DIGITS = 15;
const MAX_UINT64 = 0xffffffffffffffffn;

/** What {@link readNumber} returns for what is no number. */
export const NO_NUMBER = -1;

/** Reads a natural number of at most 15 digits; {@link NO_NUMBER} for anything else. */
export function readNumber(bytes: Buffer, start: number, end: number): number {
  if (end <= start || end - start > SAFE_DIGITS) return NO_NUMBER;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return NO_NUMBER;
    value = value * 10 + digit;
  }
  return value;
}

/** Where what {@link readDigits} read last ends. */
export let digitsEnd = 0;

/** Reads a natural number of at most 15 digits, as far as it goes; {@link NO_NUMBER} where there is none. */
export function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  let at = start;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  digitsEnd = at;
  return at === start || at - start > SAFE_DIGITS ? NO_NUMBER : value;
}

/** Reads an unsigned 64-bit number, a bigint past 2^53 − 1; anything else means a desynchronised stream. */
export function readUint64(bytes: Buffer, start: number, end: number, what: string): number | bigint {
  const value = readNumber(bytes, start, end);
  if (value !== NO_NUMBER) return value;
  if (end - start <= SAFE_DIGITS || end - start > 20) throw desynchronised(`${what} is no number`);
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) throw desynchronised(`${what} is no number`);
  }
  const large = BigInt(bytes.toString('latin1', start, end));
  if (large > MAX_UINT64) throw desynchronised(`${what} has more than 64 bits`);
  return large > Number.MAX_SAFE_INTEGER ? large : Number(large);
}

/** Reads a counter, which memcached may have padded with spaces. */
export function readCounter(bytes: Buffer, start: number, end: number): number | bigint {
  let last = end;
  while (last > start && bytes[last - 1] === SPACE) last--;
  return readUint64(bytes, start, last, 'a counter');
}

/** Where the word that begins at `start` ends: at a space, a CR or `end`. */
export function wordEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE && bytes[at] !== CR) at++;
  return at;
}

/** Whether the bytes are exactly a text of ASCII. */
export function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether the bytes are exactly a key. */
export function isKey(bytes: Buffer, start: number, end: number, key: string | Uint8Array): boolean {
  if (typeof key !== 'string') {
    if (end - start !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false;
    return true;
  }
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit > 0x7f) return isKey(bytes, start, end, Buffer.from(key));
    if (start + i >= end || bytes[start + i] !== unit) return false;
  }
  return end - start === key.length;
}
