import { isDeepStrictEqual } from 'node:util';
import type { Adapter, Setup, Target, Value } from './clients/adapter.ts';
import type { Row } from './row.ts';

const KEYS = 1000;
/** Large values have fewer keys, so that all the values of a client fit into this. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Prime to the number of keys: keys that follow each other are not neighbours, which some hashes keep together. */
const STRIDE = 379;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The last digit of the six that every value starts with. */
export const TELLTALE = 5;

/**
 * Everybody's keys have the same length and everybody's values the same bytes; the two digits keep apart what the
 * clients store, since each marks its values with flags of its own.
 */
export function setupOf(row: Row, target: Target, client: number, takes: Adapter['takes']): Setup {
  const count = Math.max(row.batch, Math.min(KEYS, Math.floor(MOST_BYTES / row.size)));
  const indices = Array.from({ length: count }, (_, index) => index);
  const numbers = indices.map((index) => (index * STRIDE) % count);
  const keyOf = (kind: string) => (number: number) => `bench:${pad(client, 2)}:${kind}:${pad(number, 6)}`;
  const keys = numbers.map(keyOf('data'));
  const values = numbers.map((number) => makeValue(number, row, takes));
  const readKeys = row.hit ? keys : numbers.map(keyOf('none'));
  const batches: number[][] = [];
  for (let start = 0; row.batch > 1 && start + row.batch <= count; start += row.batch) {
    batches.push(indices.slice(start, start + row.batch));
  }
  return { row, target, keys, values, readKeys, batches };
}

function makeValue(number: number, row: Row, takes: Adapter['takes']): Value {
  const id = pad(number, 6);
  if (row.json) return { id, text: filler(number, row.size - JSON.stringify({ id, text: '' }).length) };
  const text = id + filler(number, row.size - id.length);
  return takes === 'string' ? text : Buffer.from(text);
}

/** ASCII without a pattern, the same on every run. */
function filler(seed: number, length: number): string {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = ALPHABET.charCodeAt(state >>> 26);
  }
  return bytes.toString('latin1');
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}

/** The check that every result gets: right length, and the value of the right key as far as one byte tells. */
export function looksRight(value: unknown, expected: Value): boolean {
  if (typeof value === 'string') {
    const text = expected as string;
    return value.length === text.length && value.charCodeAt(TELLTALE) === text.charCodeAt(TELLTALE);
  }
  if (Buffer.isBuffer(value)) {
    const bytes = expected as Buffer;
    return value.length === bytes.length && value[TELLTALE] === bytes[TELLTALE];
  }
  const hit = value as { id: string; text: string } | null | undefined;
  const object = expected as { id: string; text: string };
  return hit != null && hit.id === object.id && hit.text.length === object.text.length;
}

/** The whole content, looked at once for each key before a row starts. */
export function isRight(value: unknown, expected: Value): boolean {
  if (typeof expected === 'string') return value === expected;
  if (Buffer.isBuffer(expected)) return Buffer.isBuffer(value) && value.equals(expected);
  return Buffer.isBuffer(value) ? value.toString() === JSON.stringify(expected) : isDeepStrictEqual(value, expected);
}
