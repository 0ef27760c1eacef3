import { MemcacheError } from '../errors.ts';
import type { WireKey } from './request.ts';

/** The longest key that memcached takes, in bytes (memcached's `KEY_MAX_LENGTH`; `protocol.txt`, "Keys"). */
export const MAX_KEY_BYTES = 250;

/** A string this short can't be over the limit: a UTF-16 unit takes at most three bytes of UTF-8. */
const SURELY_SHORT = Math.floor(MAX_KEY_BYTES / 3);

/** Up to this length a loop over the characters beats a call into the runtime. */
const LOOP_LIMIT = 48;

const LONE_SURROGATE = 'it holds a lone surrogate, which UTF-8 does not have';

/** The number of bytes of a key on the wire. */
export function keyBytes(key: WireKey): number {
  return typeof key === 'string' ? Buffer.byteLength(key) : key.length;
}

/**
 * Throws `ERR_INVALID_KEY` unless the key has 1 to 250 bytes. Text with a lone surrogate is refused too: it has no
 * UTF-8 form of its own, so two such keys would be one on the server.
 */
export function checkKey(key: unknown): asserts key is WireKey {
  if (typeof key === 'string') {
    if (key.length === 0) throw invalidKey('it is empty');
    if (key.length > SURELY_SHORT) checkLength(Buffer.byteLength(key));
    if (!key.isWellFormed()) throw invalidKey(LONE_SURROGATE);
  } else if (key instanceof Uint8Array) {
    if (key.length === 0) throw invalidKey('it is empty');
    checkLength(key.length);
  } else {
    throw invalidKey(`it is of type ${key === null ? 'null' : typeof key}`);
  }
}

/** Throws `ERR_INVALID_KEY` for text that has no UTF-8 form of its own. */
export function checkWellFormed(key: string): void {
  if (!key.isWellFormed()) throw invalidKey(LONE_SURROGATE);
}

function checkLength(bytes: number): void {
  if (bytes > MAX_KEY_BYTES) throw invalidKey(`it has ${bytes} bytes`);
}

function invalidKey(found: string): MemcacheError {
  return new MemcacheError(
    'ERR_INVALID_KEY',
    `Invalid key: expected a string or Buffer of 1 to ${MAX_KEY_BYTES} bytes of UTF-8, but ${found}`,
  );
}

/** Writes text as UTF-8 and returns the number of bytes; the caller has reserved three for each UTF-16 unit. */
export function writeText(buffer: Buffer, text: string, at: number): number {
  const { length } = text;
  if (length > LOOP_LIMIT) return buffer.write(text, at, 'utf8');
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return buffer.write(text, at, 'utf8');
    buffer[at + i] = unit;
  }
  return length;
}

/** Writes a key and returns the number of its bytes. */
export function writeKey(buffer: Buffer, key: WireKey, at: number): number {
  if (typeof key === 'string') return writeText(buffer, key, at);
  buffer.set(key, at);
  return key.length;
}
