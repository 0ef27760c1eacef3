import { sha256 } from '../builtins.ts';
import type { Engine } from '../client/engine.ts';
import { headOf } from '../client/keys.ts';
import { invalidType } from '../errors.ts';
import { MAX_KEY_BYTES } from '../protocol/limits.ts';
import { checkKey, checkWellFormed, keyBytes } from '../protocol/request.ts';
import { HEAD_BYTES, LONGEST_NAMESPACE } from './limits.ts';

/**
 * Spaces and control characters, for which the classic protocol has no form and of which meta makes longer keys, and
 * the percent sign that stands for them, so that no two texts become one.
 */
const ODD = /[^!-$&-~\u0080-\uffff]/g;

/** Text as every protocol can say it: percent-encoded where it has to be. */
export function plain(text: string): string {
  return text.replace(ODD, (character) => encodeURIComponent(character).toLowerCase());
}

/**
 * The keys of a cache on the wire: `namespace:key`, for its versions and parts the signs `%v`, `%t` and `%p`, and for its
 * journal `%j`, which no percent-encoded text has. What comes out too long ends in a digest.
 */
export class CacheKeys {
  readonly #engine: Engine;
  readonly #namespace: string;
  readonly #prefix: string;
  /** Under which the version of the namespace is. */
  readonly version: string;

  constructor(engine: Engine, namespace: string) {
    if (typeof namespace !== 'string') throw invalidType('option namespace', 'a string', namespace);
    checkWellFormed(namespace);
    this.#engine = engine;
    const name = plain(namespace).replaceAll(':', '%3a');
    this.#namespace = keyBytes(name) <= LONGEST_NAMESPACE ? name : digest(name);
    this.#prefix = this.#namespace && `${this.#namespace}:`;
    this.version = this.own('v');
  }

  /** Throws `ERR_INVALID_KEY`. */
  value(key: unknown): string {
    // What is empty, or no text, is refused for that; bytes are none here.
    if (typeof key !== 'string' || !key) return checkKey(key instanceof Uint8Array ? {} : key) as never;
    checkWellFormed(key);
    return this.#toWire(this.#prefix + plain(key));
  }

  /** Of a tag that is percent-encoded already. */
  tag(tag: string): string {
    return this.own(`t:${tag}`);
  }

  /** Of what the cache stores besides values, under a sign of its own. */
  own(name: string): string {
    return this.#toWire(`${this.#namespace}%${name}`);
  }

  #toWire(name: string): string {
    const { keyPrefix } = this.#engine.options;
    const fits = keyBytes(name) + keyBytes(keyPrefix) <= MAX_KEY_BYTES;
    return this.#engine.toWire(fits ? name : digest(name)) as string;
  }
}

/** `%#` is no percent-encoded character, so no text comes to the digest of another. */
export function digest(text: string): string {
  const bytes = Buffer.from(text);
  return `${headOf(bytes, HEAD_BYTES)}%#${sha256(bytes)}`;
}
