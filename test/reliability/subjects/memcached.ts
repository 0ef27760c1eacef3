import { delimiter } from 'node:path';
import Memcached from 'memcached';
import type { Done } from '../watch.ts';
import { counting, toBoolean, toValue } from './answers.ts';
import type { Settings, Subject } from './subject.ts';

/** What is used of a client that brings no types. */
interface Api {
  get(key: string, done: Done): void;
  set(key: string, value: string, lifetime: number, done: Done): void;
  add(key: string, value: string, lifetime: number, done: Done): void;
  replace(key: string, value: string, lifetime: number, done: Done): void;
  append(key: string, value: string, done: Done): void;
  prepend(key: string, value: string, done: Done): void;
  incr(key: string, amount: number, done: Done): void;
  decr(key: string, amount: number, done: Done): void;
  del(key: string, done: Done): void;
  touch(key: string, lifetime: number, done: Done): void;
  end(): void;
}

/** memcached (3rd-Eden), with a server that failed tried again as soon as memts's are. */
export class MemcachedSubject implements Subject {
  readonly name = 'memcached';
  readonly prepends = true;
  readonly #client: Api;

  constructor({ servers, timeout, retries, retryDelay, failoverTime, connections }: Settings) {
    // It looks after servers with the program `ping`, and does not work on a machine without one.
    process.env.PATH = `${process.env.MEMTS_STAND_INS ?? ''}${delimiter}${process.env.PATH}`;
    this.#client = new Memcached([...servers], {
      timeout: timeout * 1000,
      retries: retries - 1,
      minTimeout: retryDelay * 1000,
      maxTimeout: retryDelay * 1000,
      retry: failoverTime * 1000,
      reconnect: failoverTime * 1000,
      poolSize: connections,
      maxValue: 1_048_576,
    }) as unknown as Api; // its types, if any are declared, name only what others use
  }

  get(key: string, done: Done): void {
    this.#client.get(key, toValue(done));
  }

  set(key: string, value: string, done: Done): void {
    this.#client.set(key, value, 0, toBoolean(done));
  }

  add(key: string, value: string, done: Done): void {
    this.#client.add(key, value, 0, toBoolean(done));
  }

  replace(key: string, value: string, done: Done): void {
    this.#client.replace(key, value, 0, toBoolean(done));
  }

  append(key: string, value: string, done: Done): void {
    this.#client.append(key, value, toBoolean(done));
  }

  prepend(key: string, value: string, done: Done): void {
    this.#client.prepend(key, value, toBoolean(done));
  }

  increment(key: string, amount: number, initial: number, done: Done): void {
    const count = (counted: Done): void => this.#client.incr(key, amount, counted);
    counting(count, (created) => this.#client.add(key, String(initial), 0, created), initial, done);
  }

  decrement(key: string, amount: number, initial: number, done: Done): void {
    const count = (counted: Done): void => this.#client.decr(key, amount, counted);
    counting(count, (created) => this.#client.add(key, String(initial), 0, created), initial, done);
  }

  delete(key: string, done: Done): void {
    this.#client.del(key, toBoolean(done));
  }

  touch(key: string, seconds: number, done: Done): void {
    this.#client.touch(key, seconds, toBoolean(done));
  }

  close(): void {
    this.#client.end();
  }

  async quit(): Promise<void> {
    this.#client.end();
  }
}
