import { cryptoModule } from '../builtins.ts';
import type { Engine } from '../client/engine.ts';
import { invalidType } from '../errors.ts';
import { checkKey, checkWellFormed, keyBytes, MAX_KEY_BYTES } from '../protocol/request.ts';

/**
 * Spaces and control characters, for which the classic protocol has no form and of which meta makes longer keys, and
 * the percent sign that stands for them, so that no two texts become one.
 */
const ODD = /[^!-$&-~\u0080-\uffff]/g;

/** Text as every protocol can say it: percent-encoded where it has to be. */
export function plain(text: string): string {
  return text.replace(ODD, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A longer namespace is a digest in keys, so that something is left for what is in it. */
const LONGEST_NAMESPACE = 100;

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
  /** Under which it stands which tags were invalidated lately, where somebody has to know. */
  readonly journal: string;

  constructor(engine: Engine, namespace: string) {
    if (typeof namespace !== 'string') throw invalidType('option namespace', 'a string', namespace);
    checkWellFormed(namespace);
    this.#engine = engine;
    const name = plain(namespace).replaceAll(':', '%3a');
    this.#namespace = keyBytes(name) <= LONGEST_NAMESPACE ? name : digest(name);
    this.#prefix = this.#namespace === '' ? '' : `${this.#namespace}:`;
    this.version = this.#toWire(`${this.#namespace}%v`);
    this.journal = this.#toWire(`${this.#namespace}%j`);
  }

  /** Throws `ERR_INVALID_KEY`. */
  value(key: unknown): string {
    // Bytes are none here.
    if (typeof key !== 'string' || key === '') checkKey(key instanceof Uint8Array ? {} : key);
    const text = key as string;
    checkWellFormed(text);
    return this.#toWire(`${this.#prefix}${plain(text)}`);
  }

  /** Of a tag that is percent-encoded already. */
  tag(tag: string): string {
    return this.#toWire(`${this.#namespace}%t:${tag}`);
  }

  /** Of a part of a large value, by its name. */
  part(name: string, index: number): string {
    return this.#toWire(`${this.#namespace}%p:${name}:${index}`);
  }

  #toWire(name: string): string {
    const { keyPrefix } = this.#engine.options;
    const fits = keyBytes(name) + keyBytes(keyPrefix) <= MAX_KEY_BYTES;
    return this.#engine.toWire(fits ? name : digest(name)) as string;
  }
}

/** How much of a long text stays readable in front of its digest, in bytes. */
const HEAD_BYTES = 40;

/** `%#` is no percent-encoded character, so no text comes to the digest of another. */
export function digest(text: string): string {
  const bytes = Buffer.from(text);
  // Between characters, as UTF-8 marks them.
  let end = HEAD_BYTES;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}%#${cryptoModule().createHash('sha256').update(bytes).digest('base64url')}`;
}
