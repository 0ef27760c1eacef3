import type { Driver } from 'unstorage';
import { type AnyClient, MemcacheError, type ServerList } from '../index.ts';
import { type AdapterClient, asText, holdClient, type OwnClientOptions } from './shared/client.ts';
import { toExpiration } from './shared/lifetime.ts';
import { AdapterLog } from './shared/log.ts';
import { type Item, oneOf, storeMany } from './shared/many.ts';
import { Namespace } from './shared/namespace.ts';
import { isUnreadable } from './shared/unreadable.ts';

/** Options of {@link memtsDriver}; further ones are those of `Client.create`, for the client that it makes. */
export interface MemtsDriverOptions extends OwnClientOptions {
  /** The caller's client, which `dispose` leaves open. @default one made of `servers` */
  client?: AnyClient | undefined;
  /** Servers as `Client.create` takes them. @default the environment's */
  servers?: ServerList | undefined;
  /** Where the keys are; what `clear` clears. @default 'unstorage' */
  base?: string | undefined;
  /** How long items live, in seconds; 0 is for ever. @default the client's `expires` */
  ttl?: number | undefined;
}

/** Options of one call, as unstorage hands them on. */
interface CallOptions {
  /** In seconds. */
  ttl?: number | undefined;
}

type Request = { key: string; options?: CallOptions | undefined };

/**
 * A driver for unstorage: `createStorage({ driver: memtsDriver({ servers: 'localhost:11211' }) })`. `getKeys` rejects,
 * since memcached can't list what it has.
 */
export function memtsDriver(options: MemtsDriverOptions = {}) {
  const { client: given, servers, base = 'unstorage', ttl, ...clientOptions } = options;
  const { client, owned } = holdClient(given ?? servers, clientOptions);
  const items = new Items(client, base.replace(/:+$/, ''), ttl);

  return {
    name: 'memts',
    flags: { ttl: true },
    // Without the client's options, which may hold a password.
    options: { base, ttl },
    getInstance: () => client,

    async hasItem(key: string) {
      return (await items.read(key)) !== null;
    },
    async getItem(key: string) {
      return toItem(await items.read(key));
    },
    getItemRaw: (key: string) => items.read(key),
    getItems: (requests: Request[]) => items.readMany(requests),
    setItem: (key: string, value: unknown, call?: CallOptions) => items.write(key, value, call),
    setItemRaw(key: string, value: unknown, call?: CallOptions) {
      return items.write(key, value instanceof ArrayBuffer ? new Uint8Array(value) : value, call);
    },
    setItems: (requests: (Request & { value: string })[], common?: CallOptions) => items.writeMany(requests, common),
    removeItem: (key: string) => items.remove(key),
    async getKeys(): Promise<string[]> {
      throw new MemcacheError('ERR_UNSUPPORTED', "memts/unstorage: memcached can't list its keys");
    },
    async clear(part?: string) {
      if (part) {
        const message =
          'memts/unstorage: only everything under a driver can be cleared; mount another one at that base';
        throw new MemcacheError('ERR_UNSUPPORTED', message);
      }
      await items.clear();
    },
    async dispose() {
      if (owned) await client.quit();
    },
  } satisfies Driver;
}

/** The items under the base of a driver. */
class Items {
  readonly #client: AdapterClient;
  readonly #log: AdapterLog;
  readonly #keys: Namespace;
  readonly #ttl: number | undefined;

  constructor(client: AdapterClient, base: string, ttl: number | undefined) {
    this.#client = client;
    this.#log = new AdapterLog(client);
    this.#keys = new Namespace(client, base, this.#log);
    this.#ttl = ttl;
  }

  read(key: string): Promise<unknown> {
    return this.#keys.run((toWire) =>
      this.#client.get(toWire(key)).then(
        ({ value }) => value,
        (error) => this.#passOver(error),
      ),
    );
  }

  readMany(requests: readonly Request[]) {
    return this.#keys.run(async (toWire) => {
      const wires = requests.map(({ key }) => toWire(key));
      const found = await this.#client.getMulti(wires);
      const errors = [...found.errors.values()].filter((error) => !isUnreadable(error));
      if (errors.length > 0) throw oneOf(errors, 'Several keys could not be read');
      for (const error of found.errors.values()) this.#passOver(error);
      return requests.map(({ key }, index) => ({ key, value: toItem(found.get(wires[index] ?? '')?.value) }));
    });
  }

  async write(key: string, value: unknown, call?: CallOptions): Promise<void> {
    const expires = this.#expiresOf(call);
    // What the client's serializer doesn't know is refused by the client.
    await this.#keys.run((toWire) => this.#client.set(toWire(key), value as string, { expires }));
  }

  async writeMany(requests: readonly (Request & { value: string })[], common?: CallOptions): Promise<void> {
    await this.#keys.run(async (toWire) => {
      const list = requests.map(({ key, value, options: call }): Item => {
        return { key: toWire(key), value, expires: this.#expiresOf({ ...common, ...call }) };
      });
      const { errors } = await storeMany(this.#client, list);
      if (errors.length > 0) throw oneOf(errors, 'Several keys could not be stored');
    });
  }

  async remove(key: string): Promise<void> {
    await this.#keys.run((toWire) => this.#client.delete(toWire(key)));
  }

  clear(): Promise<void> {
    return this.#keys.clear();
  }

  #expiresOf(call: CallOptions | undefined): number | undefined {
    const seconds = call?.ttl ?? this.#ttl ?? undefined;
    // 0 is for ever, whatever the client's default.
    return seconds ? toExpiration(seconds * 1000) : seconds;
  }

  /** What the client's serializer can't read is not there, and a line in the log. */
  #passOver(error: unknown): null {
    if (!isUnreadable(error)) throw error;
    this.#log.warn('memts/unstorage: a stored value can not be read, so there is none');
    return null;
  }
}

/** What unstorage makes a value of: text as it was, a miss is `null`. */
function toItem(value: unknown) {
  return ArrayBuffer.isView(value) ? (asText(value) ?? null) : ((value ?? null) as string | null);
}

export default memtsDriver;
