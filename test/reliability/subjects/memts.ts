import { Client, type ClientOptions, dns, elasticache, type ServerOptions } from '../../../src/index.ts';
import type { Done } from '../watch.ts';
import type { Settings, Subject } from './subject.ts';

type Options = ClientOptions<string | Uint8Array, Buffer | null> & ServerOptions;

const EXPIRES = { expires: 120 };

/** memts. Half of the commands are called with a callback, the others return promises. */
export class Memts implements Subject {
  readonly name = 'memts';
  readonly prepends = true;
  readonly client: Client;
  #calls = 0;

  constructor(settings: Settings) {
    this.client = createClient(settings);
  }

  get(key: string, done: Done): void {
    if (this.#byCallback()) this.client.get(key, done);
    else this.client.get(key).then(({ value }) => done(null, value), done);
  }

  set(key: string, value: string, done: Done): void {
    if (this.#byCallback()) this.client.set(key, value, done);
    else this.client.set(key, value).then((stored) => done(null, stored), done);
  }

  add(key: string, value: string, done: Done): void {
    if (this.#byCallback()) this.client.add(key, value, EXPIRES, done);
    else this.client.add(key, value, EXPIRES).then((stored) => done(null, stored), done);
  }

  replace(key: string, value: string, done: Done): void {
    if (this.#byCallback()) this.client.replace(key, value, done);
    else this.client.replace(key, value).then((stored) => done(null, stored), done);
  }

  append(key: string, value: string, done: Done): void {
    if (this.#byCallback()) this.client.append(key, value, done);
    else this.client.append(key, value).then((stored) => done(null, stored), done);
  }

  prepend(key: string, value: string, done: Done): void {
    if (this.#byCallback()) this.client.prepend(key, value, done);
    else this.client.prepend(key, value).then((stored) => done(null, stored), done);
  }

  increment(key: string, amount: number, initial: number, done: Done): void {
    if (this.#byCallback()) this.client.increment(key, amount, { initial }, (error, _ok, value) => done(error, value));
    else this.client.increment(key, amount, { initial }).then(({ value }) => done(null, value), done);
  }

  decrement(key: string, amount: number, initial: number, done: Done): void {
    if (this.#byCallback()) this.client.decrement(key, amount, { initial }, (error, _ok, value) => done(error, value));
    else this.client.decrement(key, amount, { initial }).then(({ value }) => done(null, value), done);
  }

  delete(key: string, done: Done): void {
    if (this.#byCallback()) this.client.delete(key, done);
    else this.client.delete(key).then((deleted) => done(null, deleted), done);
  }

  touch(key: string, seconds: number, done: Done): void {
    if (this.#byCallback()) this.client.touch(key, seconds, done);
    else this.client.touch(key, seconds).then((touched) => done(null, touched), done);
  }

  close(): void {
    this.client.close();
  }

  quit(): Promise<void> {
    return this.client.quit();
  }

  #byCallback(): boolean {
    return (++this.#calls & 1) === 0;
  }
}

function createClient(settings: Settings): Client {
  const { servers, retryDelay, ca, discovery, ...plain } = settings;
  const options: Options = { ...plain, retry_delay: retryDelay, logger: { log() {} } };
  if (ca !== undefined) options.tls = { ca };
  if (discovery?.kind === 'dns') {
    options.discovery = dns({ host: discovery.host, nameservers: [discovery.nameserver], interval: 0.05 });
  } else if (discovery?.kind === 'elasticache') {
    options.discovery = elasticache({ endpoint: discovery.endpoint, interval: 0.05, timeout: 0.3 });
  }
  return Client.create(discovery === undefined ? servers.join() : null, options);
}
