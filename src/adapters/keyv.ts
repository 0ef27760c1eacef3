import { EventEmitter } from 'node:events';
import { programNow } from '../clock.ts';
import {
  type AdapterClient,
  asText,
  type ClientOrServers,
  type Held,
  holdClient,
  type OwnClientOptions,
} from './shared/client.ts';
import { toExpiration } from './shared/lifetime.ts';
import { AdapterLog } from './shared/log.ts';
import { type Item, oneOf, storeMany } from './shared/many.ts';
import { Namespace, type ToWire } from './shared/namespace.ts';
import { isUnreadable } from './shared/unreadable.ts';

/** Options of {@link KeyvMemts}: those of `Client.create`, for the client that it makes, and the namespace. */
export interface KeyvMemtsOptions extends OwnClientOptions {
  /** Where the keys are; `Keyv` sets it to its own. @default none */
  namespace?: string | undefined;
}

/** What Keyv hands over to be stored. */
export interface KeyvMemtsEntry {
  key: string;
  value: unknown;
  /** In milliseconds. */
  ttl?: number | undefined;
}

const SHARED =
  'a KeyvMemts got another namespace than it had: several Keyv on one store share the last one, and clear() of each ' +
  'empties it. Give each Keyv a KeyvMemts of its own; they may share one client';

/** The end of what Keyv's own serializers make of a value that expires. */
const EXPIRES = /"expires":(\d+)\}$/;

/**
 * A storage adapter for Keyv 5 and 6: `new Keyv({ store: new KeyvMemts('localhost:11211') })`. Emits `error` where Keyv
 * would not tell of one: in `get`, and for the keys of a call that were on a server that failed.
 */
export class KeyvMemts extends EventEmitter {
  /** Keyv wants it; holds nothing secret. */
  opts: Record<string, unknown> = { dialect: 'memcached' };
  readonly #held: Held;
  readonly #log: AdapterLog;
  #namespace: Namespace | undefined;
  /** Whether a Keyv has said which namespace it has. */
  #isTaken = false;

  /** For the caller's client, which `disconnect` leaves open, or for servers as `Client.create` takes them. */
  constructor(servers?: ClientOrServers | null, options: KeyvMemtsOptions = {}) {
    super();
    const { namespace, ...clientOptions } = options;
    this.#held = holdClient(servers, clientOptions);
    this.#log = new AdapterLog(this.client);
    this.#use(namespace);
  }

  /** The client that is used. */
  get client(): AdapterClient {
    return this.#held.client;
  }

  get namespace(): string | undefined {
    return this.#namespace?.name;
  }

  /** Set by each Keyv that is made with this store. Where there are several, they all work in the last one's. */
  set namespace(name: string | undefined) {
    if (this.#isTaken && name !== this.namespace) this.#log.warn(SHARED);
    this.#isTaken = true;
    this.#use(name);
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    try {
      return await this.#run(async (toWire) => toKeyv<Value>((await this.client.get(toWire(key))).value));
    } catch (error) {
      // Keyv 5 takes a get that fails for a miss, and says nothing.
      this.#report([error as Error]);
      if (isUnreadable(error)) return undefined;
      throw error;
    }
  }

  /** Values in the order of the keys, `undefined` for each miss. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    return this.#run(async (toWire) => {
      const wires = keys.map(toWire);
      const found = await this.client.getMulti(wires);
      this.#report(found.errors.values());
      return wires.map((wire) => toKeyv<Value>(found.get(wire)?.value));
    });
  }

  /** Stores a value; `ttl` is in milliseconds. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const expires = toExpires(ttl);
    // Keyv hands over text, unless it is set not to serialize: then the client's serializer has to know what to do.
    return this.#run((toWire) => this.client.set(toWire(key), value as string, { expires }));
  }

  /** Whether each was stored, in their order. */
  async setMany(entries: KeyvMemtsEntry[]): Promise<boolean[]> {
    return this.#run(async (toWire) => {
      const items = entries.map(
        ({ key, value, ttl }): Item => ({ key: toWire(key), value: value as string, expires: toExpires(ttl) }),
      );
      const { stored, errors } = await storeMany(this.client, items);
      if (errors.length > 0 && !stored.includes(true)) throw oneOf(errors, 'Nothing was stored');
      this.#report(errors);
      return stored;
    });
  }

  async delete(key: string): Promise<boolean> {
    return this.#run((toWire) => this.client.delete(toWire(key)));
  }

  /** Whether all of them were there. */
  async deleteMany(keys: string[]): Promise<boolean> {
    return this.#run(async (toWire) => {
      const deleted = await this.client.deleteMulti(keys.map(toWire));
      this.#report(deleted.errors.values());
      return deleted.errors.size === 0 && [...deleted.values()].every(Boolean);
    });
  }

  async has(key: string): Promise<boolean> {
    const [found = false] = await this.hasMany([key]);
    return found;
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const values = await this.getMany(keys);
    return values.map((value) => value !== undefined && !isOver(value));
  }

  /** Forgets the namespace for all processes. Without a namespace it empties the servers, other programs' keys included. */
  async clear(): Promise<void> {
    if (this.#namespace) return this.#namespace.clear();
    const results = Object.values(await this.client.flush());
    const errors = results.filter((result) => result !== true);
    if (errors.length > 0) throw oneOf(errors, 'Several servers could not be emptied');
  }

  /** Closes the client, unless it is the caller's. */
  async disconnect(): Promise<void> {
    if (this.#held.owned) await this.client.quit();
  }

  #use(name: string | undefined): void {
    if (name !== this.namespace) this.#namespace = name ? new Namespace(this.client, name, this.#log) : undefined;
  }

  #run<T>(work: (toWire: ToWire) => Promise<T>): Promise<T> {
    return this.#namespace ? this.#namespace.run(work) : work((key) => key);
  }

  /** An `error` that nobody listens to would throw. */
  #report(errors: Iterable<Error>): void {
    if (this.listenerCount('error') === 0) return;
    for (const error of errors) this.emit('error', error);
  }
}

/** What Keyv reads: text as it was; a miss is `undefined`. Only a serializer makes anything else. */
function toKeyv<Value>(value: unknown): Value | undefined {
  const plain = ArrayBuffer.isView(value) ? asText(value) : (value ?? undefined);
  return plain as Value | undefined;
}

/** As in all of Keyv, 0 is no lifetime of its own. */
function toExpires(ttl: number | null | undefined): number | undefined {
  return ttl ? toExpiration(ttl) : undefined;
}

/** Whether a value is past its time, which Keyv keeps in it to the millisecond. */
function isOver(value: unknown): boolean {
  if (typeof value === 'string') return Number(EXPIRES.exec(value)?.[1] ?? Infinity) < programNow();
  const expires: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'expires') : undefined;
  return typeof expires === 'number' && expires < programNow();
}

export default KeyvMemts;
