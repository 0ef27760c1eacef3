import { MemcacheError } from '../errors.ts';
import { fromJson } from './json-text.ts';
import { INTEGER, toBigint, unreadable } from './layout.ts';
import { MOST_LEVELS } from './structured-plain.ts';
import { ODD_NUMBERS, Tag, typedArrayOf } from './structured-tags.ts';

type Properties = Record<string, unknown>;

/** The value of plain JSON text. */
export function readPlain(bytes: Buffer): unknown {
  const value = fromJson(bytes);
  // Shorter text has no room for so many levels.
  if (bytes.length > 2 * MOST_LEVELS && mayBeDeep(bytes)) checkLevels(value as object, MOST_LEVELS);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) checkCounter(value, bytes);
  return value;
}

/** The value of JSON text with tags. */
export function readTagged(bytes: Buffer): unknown {
  return read(fromJson(bytes), 0);
}

/** What a number was counted past that JavaScript holds exactly. */
function checkCounter(value: number, bytes: Buffer): void {
  const text = bytes.toString('latin1').trim();
  if (!INTEGER.test(text) || String(value) === text) return;
  throw new MemcacheError(
    'ERR_COUNTER_RANGE',
    'The stored number has been counted past 2^53 − 1, which only a bigint holds: store it as one',
  );
}

function tooDeep(): MemcacheError {
  return unreadable(`it is nested more than ${MOST_LEVELS} levels deep`);
}

/** A bracket and a brace. */
const OPENINGS = [0x5b, 0x7b];

/** Whether there is enough that opens, which is found faster than what it comes to. */
function mayBeDeep(bytes: Buffer): boolean {
  let count = 0;
  for (const opening of OPENINGS) {
    for (let at = bytes.indexOf(opening); at !== -1; at = bytes.indexOf(opening, at + 1)) {
      if (++count > MOST_LEVELS) return true;
    }
  }
  return false;
}

/** Throws for what is nested in more levels than are left. */
function checkLevels(holder: object, left: number): void {
  if (left === 0) throw tooDeep();
  if (Array.isArray(holder)) {
    for (const item of holder) if (typeof item === 'object' && item !== null) checkLevels(item, left - 1);
    return;
  }
  for (const name in holder) {
    const value = (holder as Properties)[name];
    if (typeof value === 'object' && value !== null) checkLevels(value, left - 1);
  }
}

/** Puts what tags stand for in their place. */
function read(value: unknown, level: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return readItems(value, inside(level));
  const names = Object.keys(value);
  const [name = ''] = names;
  if (names.length === 1 && name.startsWith('$')) return readTag(name, (value as Properties)[name], level);
  return readProperties(value as Properties, value as Properties, inside(level));
}

/** The level of what a holder holds. */
function inside(level: number): number {
  if (level >= MOST_LEVELS) throw tooDeep();
  return level + 1;
}

function readItems(items: unknown[], level: number): unknown[] {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item === 'object') items[i] = read(item, level);
  }
  return items;
}

/** A property called __proto__ is one of the object's own in `from`; `into` is that, or has no prototype. */
function readProperties(from: Properties, into: Properties, level: number): Properties {
  for (const name of Object.keys(from)) into[name] = read(from[name], level);
  return into;
}

function readTag(tag: string, content: unknown, level: number): unknown {
  if (tag.startsWith('$$')) return { [tag.slice(1)]: read(content, inside(level)) };
  switch (tag) {
    case Tag.Undefined:
      if (content === true) return undefined;
      break;
    case Tag.Number:
      if (ODD_NUMBERS.has(content)) return ODD_NUMBERS.get(content);
      break;
    case Tag.Bigint:
      if (typeof content === 'string' && INTEGER.test(content)) return toBigint(content);
      break;
    case Tag.Date:
      return readDate(content);
    case Tag.Map:
      return readMap(content, inside(level));
    case Tag.Set:
      return readSet(content, inside(level));
    case Tag.Dictionary:
      if (typeof content !== 'object' || content === null || Array.isArray(content)) break;
      return readProperties(content as Properties, Object.create(null), inside(level));
    case Tag.Buffer:
      return readBytes(content);
    default:
      return readTypedArray(tag, content);
  }
  throw malformed();
}

function malformed(): MemcacheError {
  return unreadable('its flags say tagged JSON, and one of its tags has another content than it can have');
}

const MOST_TIME = 8.64e15;

function readDate(content: unknown): Date {
  if (content === null) return new Date(Number.NaN);
  if (!Number.isInteger(content) || Math.abs(content as number) > MOST_TIME) throw malformed();
  return new Date(content as number);
}

function readMap(content: unknown, level: number): Map<unknown, unknown> {
  if (!Array.isArray(content)) throw malformed();
  const map = new Map<unknown, unknown>();
  for (const pair of content) {
    if (!Array.isArray(pair) || pair.length !== 2) throw malformed();
    map.set(read(pair[0], level), read(pair[1], level));
  }
  if (map.size !== content.length) throw malformed();
  return map;
}

function readSet(content: unknown, level: number): Set<unknown> {
  if (!Array.isArray(content)) throw malformed();
  const set = new Set(readItems(content, level));
  if (set.size !== content.length) throw malformed();
  return set;
}

function readBytes(content: unknown): Buffer {
  if (typeof content !== 'string') throw malformed();
  const bytes = Buffer.from(content, 'base64');
  // Node.js passes over what is no base64.
  if (bytes.toString('base64') !== content) throw malformed();
  return bytes;
}

function readTypedArray(tag: string, content: unknown): ArrayBufferView {
  const type = typedArrayOf(tag);
  if (type === undefined) throw unreadable('it has a tag that this version does not know');
  const bytes = readBytes(content);
  if (bytes.length % type.BYTES_PER_ELEMENT !== 0) throw malformed();
  // In memory of its own, which begins where an element may.
  return new type(new Uint8Array(bytes).buffer);
}
