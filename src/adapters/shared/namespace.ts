import type { AdapterClient } from './client.ts';
import { Generation } from './generation.ts';
import type { AdapterLog } from './log.ts';

/**
 * Spaces and control characters, for which the classic protocol has no form and of which meta makes longer keys, and
 * the percent sign that stands for them, so that no two keys become one.
 */
const ODD = /[^!-$&-~\u0080-\uffff]/g;

/** Where a key is at the moment. */
export type ToWire = (key: string) => string;

/** Keys that can be cleared together: memcached can't list keys, so each stands behind the token of a generation. */
export class Namespace {
  readonly name: string;
  readonly #prefix: string;
  readonly #generation: Generation;

  constructor(client: AdapterClient, name: string, log: AdapterLog) {
    this.name = name;
    this.#prefix = plain(name);
    this.#generation = new Generation(client, `${this.#prefix}:generation`, log);
  }

  /**
   * Does `work`, which must not do harm when done twice, under the token of now. It goes out together with the question
   * which token that is, under the one known, and once more if that turns out to be old.
   */
  async run<T>(work: (toWire: ToWire) => Promise<T>): Promise<T> {
    const { known } = this.#generation;
    if (known === undefined) return work(this.#under(await this.#generation.current()));
    const [done, current] = await Promise.allSettled([work(this.#under(known)), this.#generation.current()]);
    if (current.status === 'rejected') throw current.reason;
    if (current.value !== known) return work(this.#under(current.value));
    if (done.status === 'rejected') throw done.reason;
    return done.value;
  }

  /** Forgets every key, for all processes. */
  clear(): Promise<void> {
    return this.#generation.end();
  }

  #under(token: string): ToWire {
    return (key) => `${this.#prefix}:${token}:${plain(key)}`;
  }
}

/** Text as every protocol can say it: percent-encoded where it has to be. */
function plain(text: string): string {
  return text.replace(ODD, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
