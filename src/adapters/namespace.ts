import { randomBytes } from 'node:crypto';
import { MemcacheError } from '../index.ts';
import { type AdapterClient, asText } from './client.ts';

/** How often a record that others delete as soon as it is there is made anew. */
const ATTEMPTS = 5;

/**
 * Spaces and control characters, for which the classic protocol has no form and of which meta makes longer keys, and
 * the percent sign that stands for them, so that no two keys become one.
 */
const ODD = /[^!-$&-~\u0080-\uffff]/g;

/** Where a key is at the moment. */
export type ToWire = (key: string) => string;

/**
 * Keys that can be cleared together. memcached can't list keys, so each stands behind a token, its generation, which is
 * kept in a record of its own on the server and is replaced to clear: what stands behind the old one is not found again
 * and goes as memory is needed. Tokens are random, so none comes back, not even after the record was evicted.
 */
export class Namespace {
  readonly name: string;
  readonly #client: AdapterClient;
  readonly #prefix: string;
  readonly #record: string;
  #token: string | undefined;
  #reading: Promise<string> | undefined;

  constructor(client: AdapterClient, name: string) {
    this.#client = client;
    this.name = name;
    this.#prefix = plain(name);
    this.#record = `${this.#prefix}:generation`;
  }

  /**
   * Does `work`, which must not do harm when done twice, under the token of now. It goes out together with the question
   * which token that is, under the one known, and once more if that turns out to be old.
   */
  async run<T>(work: (toWire: ToWire) => Promise<T>): Promise<T> {
    const known = this.#token;
    if (known === undefined) return work(this.#under(await this.#current()));
    const [done, current] = await Promise.allSettled([work(this.#under(known)), this.#current()]);
    if (current.status === 'rejected') throw current.reason;
    if (current.value !== known) return work(this.#under(current.value));
    if (done.status === 'rejected') throw done.reason;
    return done.value;
  }

  /** Forgets every key, for all processes. */
  async clear(): Promise<void> {
    const token = freshToken();
    await this.#client.set(this.#record, token, { expires: 0 });
    this.#token = token;
  }

  #under(token: string): ToWire {
    return (key) => `${this.#prefix}:${token}:${plain(key)}`;
  }

  /** Asks once for all that is done in this turn. The question leaves after it, so the answer is not too old for any. */
  #current(): Promise<string> {
    this.#reading ??= Promise.resolve().then(() => {
      this.#reading = undefined;
      return this.#read();
    });
    return this.#reading;
  }

  async #read(): Promise<string> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = asText((await this.#client.get(this.#record)).value);
      const token = found ?? freshToken();
      // Of several that find nothing, one adds its token and the others read that.
      if (found !== undefined || (await this.#client.add(this.#record, token, { expires: 0 }))) {
        this.#token = token;
        return token;
      }
    }
    throw new MemcacheError('ERR_BUSY', 'The record of a namespace was deleted in each attempt to read it');
  }
}

/** Text as every protocol can say it: percent-encoded where it has to be. */
function plain(text: string): string {
  return text.replace(ODD, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function freshToken(): string {
  return randomBytes(9).toString('base64url');
}
