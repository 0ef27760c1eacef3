import memjs from 'memjs';
import { sleep } from '../../support/wait.ts';
import type { Done } from '../watch.ts';
import type { Settings, Subject } from './subject.ts';

/** MemJS, by its callbacks. */
export class MemjsSubject implements Subject {
  readonly name = 'memjs';
  readonly prepends = false;
  readonly #client: memjs.Client;

  constructor({ servers, timeout, conntimeout, retries, retryDelay, failover, failoverTime }: Settings) {
    const options = { timeout, conntimeout, retries, retry_delay: retryDelay, failoverTime };
    this.#client = memjs.Client.create(servers.join(), {
      ...options,
      failover: failover === true,
      logger: { log() {} },
    });
  }

  get(key: string, done: Done): void {
    this.#client.get(key, done);
  }

  set(key: string, value: string, done: Done): void {
    this.#client.set(key, value, {}, done);
  }

  add(key: string, value: string, done: Done): void {
    this.#client.add(key, value, {}, done);
  }

  replace(key: string, value: string, done: Done): void {
    this.#client.replace(key, value, {}, done);
  }

  append(key: string, value: string, done: Done): void {
    this.#client.append(key, value, done);
  }

  prepend(key: string, value: string, done: Done): void {
    this.#client.prepend(key, value, done);
  }

  increment(key: string, amount: number, initial: number, done: Done): void {
    this.#client.increment(key, amount, { initial }, (error, _ok, value) => done(error, value));
  }

  decrement(key: string, amount: number, initial: number, done: Done): void {
    this.#client.decrement(key, amount, { initial }, (error, _ok, value) => done(error, value));
  }

  delete(key: string, done: Done): void {
    this.#client.delete(key, done);
  }

  touch(key: string, seconds: number, done: Done): void {
    this.#client.touch(key, seconds, done);
  }

  close(): void {
    this.#client.close();
  }

  async quit(): Promise<void> {
    this.#client.quit();
    // `quit` of MemJS says nothing about its end.
    await sleep(200);
    this.#client.close();
  }
}
