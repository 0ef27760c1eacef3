import { sha256 } from '../builtins.ts';
import { digest, plain } from '../cache/keys.ts';
import type { Engine } from '../client/engine.ts';
import { invalidArgument, invalidType, type MemcacheError } from '../errors.ts';
import { checkKey, keyBytes } from '../protocol/request.ts';

/** What is longer, the client's prefix included, ends in a digest: so short, every protocol has a form for it. */
const LONGEST = 170;

/** A digest, what is put behind it and this still fit into a key. */
const LONGEST_CLIENT_PREFIX = 130;

/**
 * The counters' keys on the wire: `prefix:window:key`. Any text is a key, and no two are one: what no protocol has a form
 * for is percent-encoded, and what is too long or has no UTF-8 ends in a digest.
 */
export class Names {
  readonly #engine: Engine;
  readonly #longest: number;
  readonly prefix: string;

  /** `window` tells counters with other lifetimes apart. Throws `ERR_INVALID_ARGUMENT`. */
  constructor(engine: Engine, prefix: string, window: string) {
    const taken = keyBytes(engine.options.keyPrefix);
    if (taken > LONGEST_CLIENT_PREFIX) throw prefixTooLong(taken);
    this.#engine = engine;
    this.#longest = LONGEST - taken;
    this.prefix = `${part(prefix)}:${window}:`;
  }

  /** Throws `ERR_INVALID_KEY` for what is no text. */
  of(key: string): string {
    if (typeof key !== 'string') checkKey(ArrayBuffer.isView(key) ? {} : key);
    const name = `${this.prefix}${key.isWellFormed() ? plain(key) : digestOfUnits(key)}`;
    return this.#engine.toWire(keyBytes(name) <= this.#longest ? name : digest(name)) as string;
  }
}

/** A text in front of others in a key, which no colon in it can make into another one. */
export function part(text: string): string {
  if (typeof text !== 'string' || !text.isWellFormed()) throw invalidType('option prefix', 'well-formed text', text);
  return plain(text).replaceAll(':', '%3a');
}

/** Of text that UTF-8 can't tell from another one; `%!` begins no percent-encoded character. */
function digestOfUnits(text: string): string {
  return `%!${sha256(Buffer.from(text, 'utf16le'))}`;
}

function prefixTooLong(bytes: number): MemcacheError {
  return invalidArgument(
    'option keyPrefix',
    `a client for rate limits has one of at most ${LONGEST_CLIENT_PREFIX} bytes, but it has ${bytes}`,
  );
}
