import { plain } from '../../cache/keys.ts';
import { Versions } from '../../cache/versions.ts';
import type { AdapterClient } from './client.ts';
import type { AdapterLog } from './log.ts';

/** Where a key is at the moment. */
export type ToWire = (key: string) => string;

const SPOILT = 'the record of a namespace could not be read, so the namespace starts over';

/**
 * Keys that can be cleared together: memcached can't list keys, so each stands behind the version of its namespace, and
 * with another version is not found again.
 */
export class Namespace {
  readonly name: string;
  readonly #client: AdapterClient;
  readonly #prefix: string;
  readonly #versions: Versions;
  /** The version of the last response; none before the first one. */
  #known: string | undefined;

  constructor(client: AdapterClient, name: string, log: AdapterLog) {
    this.name = name;
    this.#client = client;
    this.#prefix = plain(name);
    this.#versions = new Versions(client.engine, () => log.warn(SPOILT));
  }

  /**
   * Does `work`, which must not do harm when done twice, under the version of now. It goes out together with the question
   * which version that is, under the one known, and once more if that turns out to be old.
   */
  run<T>(work: (toWire: ToWire) => Promise<T>): Promise<T> {
    return this.#client.engine.calls.hold((call) => this.#run(work, () => call.check()));
  }

  /** `check` throws where the client has been closed meanwhile. */
  async #run<T>(work: (toWire: ToWire) => Promise<T>, check: () => void): Promise<T> {
    const known = this.#known;
    if (known === undefined) {
      const current = await this.#current();
      check();
      return work(this.#under(current));
    }
    const [done, current] = await Promise.allSettled([work(this.#under(known)), this.#current()]);
    if (current.status === 'rejected') throw current.reason;
    if (current.value !== known) {
      check();
      return work(this.#under(current.value));
    }
    if (done.status === 'rejected') throw done.reason;
    return done.value;
  }

  /** Forgets every key, for all processes. */
  async clear(): Promise<void> {
    this.#known = undefined;
    await this.#client.engine.calls.hold(() => this.#versions.end(this.#record()));
  }

  async #current(): Promise<string> {
    const { id } = await this.#versions.current(this.#record());
    this.#known = id;
    return id;
  }

  /** As it goes on the wire; throws `ERR_INVALID_KEY`. */
  #record(): string {
    return this.#client.engine.toWire(`${this.#prefix}:generation`) as string;
  }

  #under(version: string): ToWire {
    return (key) => `${this.#prefix}:${version}:${plain(key)}`;
  }
}
