import { cryptoModule } from '../../builtins.ts';
import { MemcacheError } from '../../index.ts';
import { type AdapterClient, asText } from './client.ts';
import type { AdapterLog } from './log.ts';
import { isUnreadable } from './unreadable.ts';

/** How often a record that others delete as soon as it is there is added again. */
const ATTEMPTS = 5;

/** What a record holds: 9 random bytes. */
const TOKEN = /^[\w-]{12}$/;

/**
 * A random token in a record on the server, under which other keys stand: with another token they are not found again,
 * and go as memory is needed. To end a generation is to delete its record. Whoever needs one and finds none adds a fresh
 * token, so that no token comes back: not where the record was evicted, and not by a command that arrives late or
 * twice, which can only end one generation more.
 */
export class Generation {
  readonly #client: AdapterClient;
  readonly #record: string;
  readonly #log: AdapterLog;
  #known: string | undefined;
  #reading: Promise<string> | undefined;

  constructor(client: AdapterClient, record: string, log: AdapterLog) {
    this.#client = client;
    this.#record = record;
    this.#log = log;
  }

  /** The token of the last answer; none before the first one. */
  get known(): string | undefined {
    return this.#known;
  }

  /**
   * Asks once for all that is done in this turn. The question leaves after it, so the response is not too old for any.
   */
  current(): Promise<string> {
    this.#reading ??= Promise.resolve().then(() => {
      this.#reading = undefined;
      return this.#ask();
    });
    return this.#reading;
  }

  /** Ends the generation, for all processes. */
  async end(): Promise<void> {
    this.#known = undefined;
    await this.#client.delete(this.#record);
  }

  async #ask(): Promise<string> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.#read();
      const token = found ?? cryptoModule().randomBytes(9).toString('base64url');
      // Of several that find nothing, one adds its token and the others read that.
      if (found !== undefined || (await this.#client.add(this.#record, token, { expires: 0 }))) {
        this.#known = token;
        return token;
      }
    }
    throw new MemcacheError('ERR_BUSY', 'The record of a namespace was deleted in each attempt to read it');
  }

  /** What stands there and is no token would be in every key: it is deleted, and missing. */
  async #read(): Promise<string | undefined> {
    let text: string | undefined;
    try {
      text = asText((await this.#client.get(this.#record)).value);
      if (text === undefined || TOKEN.test(text)) return text;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    this.#log.warn('the record of a namespace could not be read, so the namespace starts over');
    await this.#client.delete(this.#record);
    return undefined;
  }
}
