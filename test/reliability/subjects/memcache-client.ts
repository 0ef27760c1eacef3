import { MemcacheClient } from 'memcache-client';
import type { Done } from '../watch.ts';
import { counting, toBoolean, toValue } from './answers.ts';
import type { Settings, Subject } from './subject.ts';

/** memcache-client; its list of servers is one of copies, so it is put through cases with one server. */
export class MemcacheClientSubject implements Subject {
  readonly name = 'memcache-client';
  readonly prepends = true;
  readonly #client: MemcacheClient;

  constructor({ servers, timeout, conntimeout, connections, failoverTime }: Settings) {
    this.#client = new MemcacheClient({
      server: {
        servers: servers.map((server) => ({ server, maxConnections: connections })),
        config: { retryFailedServerInterval: failoverTime * 1000, failedServerOutTime: failoverTime * 1000 },
      },
      cmdTimeout: timeout * 1000,
      connectTimeout: conntimeout * 1000,
      lifetime: 0,
    });
  }

  get(key: string, done: Done): void {
    const found = toValue(done);
    this.#client.get<string>(key).then((hit) => found(null, (hit as { value?: unknown } | undefined)?.value), found);
  }

  set(key: string, value: string, done: Done): void {
    this.#store('set', key, value, done);
  }

  add(key: string, value: string, done: Done): void {
    this.#store('add', key, value, done);
  }

  replace(key: string, value: string, done: Done): void {
    this.#store('replace', key, value, done);
  }

  append(key: string, value: string, done: Done): void {
    this.#store('append', key, value, done);
  }

  prepend(key: string, value: string, done: Done): void {
    this.#store('prepend', key, value, done);
  }

  increment(key: string, amount: number, initial: number, done: Done): void {
    const count = (counted: Done): void => settle(this.#client.incr(key, amount), counted);
    counting(count, (created) => settle(this.#client.add(key, String(initial)), created), initial, done);
  }

  decrement(key: string, amount: number, initial: number, done: Done): void {
    const count = (counted: Done): void => settle(this.#client.decr(key, amount), counted);
    counting(count, (created) => settle(this.#client.add(key, String(initial)), created), initial, done);
  }

  delete(key: string, done: Done): void {
    settle(this.#client.delete(key), toBoolean(done));
  }

  touch(key: string, seconds: number, done: Done): void {
    settle(this.#client.touch(key, seconds), toBoolean(done));
  }

  close(): void {
    this.#client.shutdown();
  }

  async quit(): Promise<void> {
    this.#client.shutdown();
  }

  #store(name: 'set' | 'add' | 'replace' | 'append' | 'prepend', key: string, value: string, done: Done): void {
    settle(this.#client[name](key, value, { lifetime: 0 }), toBoolean(done));
  }
}

function settle(promise: Promise<unknown>, done: Done): void {
  promise.then((result) => done(null, result), done);
}
