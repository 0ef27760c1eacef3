import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import { compressed, MemcacheError, noopSerializer, type Serializer, structuredSerializer } from 'memts';
import { dalliSerializer, phpSerializer, pylibmcSerializer, pymemcacheSerializer } from 'memts/serializers';
import { describe } from './exit.ts';
import type { LayoutName } from './layouts.ts';
import { toJson } from './output.ts';

/** A value as the program that stored it knew it. */
export interface Decoded {
  layout: LayoutName;
  value: unknown;
}

type Reader = Pick<Serializer<never, unknown>, 'deserialize'>;

interface KnownLayout {
  reader: Reader;
  /** Whether flags and bytes look like it; the flags of several mean different things by the same bits. */
  claims(flags: number, bytes: Buffer): boolean;
}

const COMPRESSED_BY_ZLIB = (bytes: Buffer): boolean =>
  bytes.length > 2 && (bytes[0] ?? 0) === 0x78 && bytes.readUInt16BE(0) % 31 === 0;
const COMPRESSED_BY_GZIP = (bytes: Buffer): boolean => bytes.length > 2 && bytes.readUInt16BE(0) === 0x1f8b;
const isNumber = (bytes: Buffer): boolean => bytes.length < 400 && /^-?\d+$/.test(bytes.toString('latin1'));
/** How Ruby's Marshal begins. */
const isMarshal = (bytes: Buffer): boolean => bytes.length > 2 && bytes.readUInt16BE(0) === 0x0408;
/** PHP's four bytes of the length, and behind them zlib or FastLZ. */
const PHP_COMPRESSED = 0x10;
const PHP_ALGORITHMS = 0x60;
const MARK = 0x6d;

/** What the npm package `memcached` writes: JSON, bytes, numbers. */
const memcachedReader: Reader = {
  deserialize(_opcode, value, extras) {
    const flags = extras.readUInt32BE(0);
    return { value: value === null ? null : readMemcached(value, flags), extras };
  },
};

const KNOWN: Readonly<Record<LayoutName, KnownLayout>> = {
  memts: {
    reader: compressed(structuredSerializer()),
    claims: (flags) => flags >>> 24 === MARK,
  },
  pymemcache: {
    reader: pymemcacheSerializer(),
    claims: (flags, bytes) =>
      flags === 16 ||
      (flags === 2 && isNumber(bytes)) ||
      (flags >= 8 && flags < 32 && (flags & 8) !== 0 && COMPRESSED_BY_ZLIB(bytes)) ||
      (flags === 1 && (bytes[0] ?? 0) === 0x80),
  },
  pylibmc: { reader: pylibmcSerializer(), claims: (flags, bytes) => flags === 4 && isNumber(bytes) },
  dalli: {
    reader: dalliSerializer(),
    claims: (flags, bytes) =>
      (flags === 1 && isMarshal(bytes)) ||
      ((flags === 2 || flags === 3) && (COMPRESSED_BY_ZLIB(bytes) || COMPRESSED_BY_GZIP(bytes))),
  },
  memcached: {
    reader: memcachedReader,
    claims: (flags, bytes) => (flags === 2 && isJson(bytes)) || (flags === 8 && isNumber(bytes)),
  },
  php: {
    reader: phpSerializer(),
    claims: (flags) =>
      (flags > 0 && flags < 8) ||
      ((flags & PHP_COMPRESSED) !== 0 && (flags & PHP_ALGORITHMS) !== 0 && (flags & 0xff80) === 0),
  },
  text: { reader: noopSerializer, claims: () => true },
};

/** In which order what claims a value is tried: the more that is asked for, the sooner. */
const ORDER: readonly LayoutName[] = ['memts', 'pymemcache', 'pylibmc', 'dalli', 'memcached', 'php', 'text'];

/** Reads a value by a layout, or by the one that its flags and first bytes point to. Throws where it can't be read. */
export function decodeValue(bytes: Buffer, flags: number, layout?: LayoutName): Decoded {
  const name = layout ?? ORDER.find((one) => KNOWN[one].claims(flags, bytes)) ?? 'text';
  const extras = Buffer.alloc(4);
  extras.writeUInt32BE(flags);
  const { value } = KNOWN[name].reader.deserialize(0, bytes, extras);
  return { layout: name, value: Buffer.isBuffer(value) && isUtf8(value) ? value.toString() : value };
}

/** The same, with what is wrong in words. */
export function tryDecode(bytes: Buffer, flags: number, layout?: LayoutName): Decoded | { problem: string } {
  try {
    return decodeValue(bytes, flags, layout);
  } catch (error) {
    // Whoever has stored it may have meant something else by the flags.
    if (error instanceof MemcacheError) return { problem: describe(error) };
    throw error;
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

function readMemcached(bytes: Buffer, flags: number): unknown {
  if (flags === 4) return bytes;
  const text = bytes.toString();
  if (flags === 8) return Number(text);
  if (flags !== 2) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new MemcacheError('ERR_UNSUPPORTED', 'Value unreadable: it is no JSON');
  }
}

/** A value for people: strings as they are, all else as Node.js shows it. */
export function inWords(value: unknown, depth = 20): string {
  return typeof value === 'string' ? value : inspect(value, { depth, maxArrayLength: 1000, maxStringLength: 100_000 });
}

/** A value for programs, in one line: strings and bytes as they are, all else as JSON. */
export function asData(value: unknown): string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : toJson(jsonForm(value) as object);
}

/** A value with what JSON has no form for in another one: dates as text, maps and sets as arrays, bytes in base64. */
export function jsonForm(value: unknown): unknown {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  if (value instanceof Date || typeof value !== 'object' || value === null) return scalar(value);
  if (value instanceof Map) return [...value].map(([key, item]) => [jsonForm(key), jsonForm(item)]);
  if (value instanceof Set) return [...value].map(jsonForm);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number | bigint>, scalar);
  if (Array.isArray(value)) return value.map(jsonForm);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonForm(item)]));
}

function scalar(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
