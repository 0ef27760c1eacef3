import type { Client } from '../../../src/index.ts';
import { Random } from '../../support/random.ts';

/** A command on its way, and what became of it. */
export interface Sent {
  name: string;
  /** How many times it has settled. */
  settled: number;
  error: unknown;
  /** In milliseconds, until it settled first. */
  took: number;
}

const KEYS = Array.from({ length: 20 }, (_, index) => `key-${index}`);

/** Sends random commands, with promises and with callbacks, some of which are aborted. Values begin with their key. */
export class RandomCommands {
  readonly #client: Client;
  readonly random: Random;
  /** Answers that no server can have given. */
  readonly wrong: string[] = [];

  constructor(client: Client, seed: number) {
    this.#client = client;
    this.random = new Random(seed);
  }

  send(): Sent {
    const key = this.random.pick(KEYS);
    const name = this.random.pick([
      'get',
      'set',
      'add',
      'replace',
      'append',
      'delete',
      'touch',
      'increment',
      'stats',
    ] as const);
    const sent: Sent = { name, settled: 0, error: undefined, took: Number.POSITIVE_INFINITY };
    const start = performance.now();
    const settle = (error: unknown, result: unknown): void => {
      sent.settled += 1;
      if (sent.settled > 1) return;
      sent.error = error ?? undefined;
      sent.took = performance.now() - start;
      if (!error) this.#check(name, key, result);
    };
    const options = this.#options();
    if (this.random.below(2) === 0) this.#withCallback(name, key, options, settle);
    else
      this.#withPromise(name, key, options).then(
        (result) => settle(null, result),
        (error) => settle(error, null),
      );
    return sent;
  }

  /** One in eight is aborted: at once, soon, or when it may be over already. */
  #options(): { signal?: AbortSignal; timeout?: number } {
    const kind = this.random.below(16);
    if (kind === 0) return { timeout: 0.005 };
    if (kind > 2) return {};
    const controller = new AbortController();
    const delay = this.random.below(30);
    if (delay === 0) controller.abort();
    else setTimeout(() => controller.abort(), delay);
    return { signal: controller.signal };
  }

  #withPromise(name: Sent['name'], key: string, options: object): Promise<unknown> {
    const client = this.#client;
    const value = `${key}:${'x'.repeat(this.random.below(200))}`;
    if (name === 'get') return client.get(key, options).then((found) => found.value);
    if (name === 'set' || name === 'add' || name === 'replace') return client[name](key, value, options);
    if (name === 'append') return client.append(key, '!', options);
    if (name === 'delete') return client.delete(key, options);
    if (name === 'touch') return client.touch(key, 60, options);
    if (name === 'stats') return client.stats(options);
    return client.increment(`counter-${key}`, 1, options).then((counted) => counted.value);
  }

  #withCallback(
    name: Sent['name'],
    key: string,
    options: object,
    done: (error: unknown, result: unknown) => void,
  ): void {
    const client = this.#client;
    const value = `${key}:${'x'.repeat(this.random.below(200))}`;
    if (name === 'get') client.get(key, options, done);
    else if (name === 'set' || name === 'add' || name === 'replace') client[name](key, value, options, done);
    else if (name === 'append') client.append(key, '!', options, done);
    else if (name === 'delete') client.delete(key, options, done);
    else if (name === 'touch') client.touch(key, 60, options, done);
    else client.increment(`counter-${key}`, 1, options, (error, _success, result) => done(error, result));
  }

  #check(name: Sent['name'], key: string, result: unknown): void {
    const right =
      name === 'get'
        ? result === null || String(result).startsWith(`${key}:`)
        : name === 'increment'
          ? typeof result === 'number' || typeof result === 'bigint'
          : name === 'stats'
            ? typeof result === 'object' || typeof result === 'number'
            : typeof result === 'boolean';
    if (!right) this.wrong.push(`${name} of ${key}: ${String(result)}`);
  }
}
