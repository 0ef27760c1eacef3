import { sha256 } from '../builtins.ts';
import { MAX_KEY_BYTES } from '../protocol/limits.ts';
import { checkKey, checkWellFormed, keyBytes, type WireKey } from '../protocol/request.ts';

/** A key as the caller has it: text, which is sent as UTF-8, or bytes. */
export type Key = WireKey;

/** How much of a long key stays readable in front of its digest, in bytes: the whole fits into base64 for meta too. */
const HEAD_BYTES = 120;

/** Turns the caller's keys into those on the wire: the prefix in front, and a digest in place of a key that is too long. */
export class KeyMaker {
  readonly #prefix: string;
  readonly #hashLongKeys: boolean;

  constructor(prefix: string, hashLongKeys: boolean) {
    this.#prefix = prefix;
    this.#hashLongKeys = hashLongKeys;
  }

  /** The key to send; throws `ERR_INVALID_KEY`. */
  toWire(key: unknown): WireKey {
    const isText = typeof key === 'string';
    // An empty key and one of the wrong type are refused for what they are, whatever the prefix.
    if (!(isText || key instanceof Uint8Array) || key.length === 0) checkKey(key);
    // Before a digest makes one key of two.
    if (isText) checkWellFormed(key);
    const prefixed = isText ? this.#prefix + key : Buffer.concat([Buffer.from(this.#prefix), key as Uint8Array]);
    const wire = this.#hashLongKeys && keyBytes(prefixed) > MAX_KEY_BYTES ? digest(prefixed) : prefixed;
    checkKey(wire);
    return wire;
  }
}

/** A readable head, and the SHA-256 of the whole key, so that two long keys that differ never meet. */
function digest(key: WireKey): WireKey {
  const bytes = Buffer.from(key);
  const hash = sha256(bytes);
  const head = headOf(bytes, HEAD_BYTES);
  return typeof key === 'string' ? `${head}:${hash}` : Buffer.concat([head, Buffer.from(`:${hash}`)]);
}

/** So many bytes of a long text, or a few less: it ends between characters, so that text and its bytes come to the same. */
export function headOf(bytes: Buffer, length: number): Buffer {
  let end = length;
  // As UTF-8 marks what continues a character.
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
