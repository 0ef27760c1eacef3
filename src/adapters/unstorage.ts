import type { Driver } from 'unstorage';
import { type AnyClient, MemcacheError, type ServerList } from '../index.ts';
import { asText, holdClient, type OwnClientOptions } from './shared/client.ts';
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
  const log = new AdapterLog(client);
  const keys = new Namespace(client, base.replace(/:+$/, ''), log);

  const expiresOf = (call: CallOptions | undefined): number | undefined => {
    const seconds = call?.ttl ?? ttl ?? undefined;
    // 0 is for ever, whatever the client's default.
    return seconds ? toExpiration(seconds * 1000) : seconds;
  };
  /** What the client's serializer can't read is not there, and a line in the log. */
  const passOver = (error: unknown): null => {
    if (!isUnreadable(error)) throw error;
    log.warn('memts/unstorage: a stored value can not be read, so there is none');
    return null;
  };
  const read = (key: string): Promise<unknown> =>
    keys.run((toWire) => client.get(toWire(key)).then(({ value }) => value, passOver));
  const write = async (key: string, value: unknown, call?: CallOptions): Promise<void> => {
    const expires = expiresOf(call);
    // What the client's serializer doesn't know is refused by the client.
    await keys.run((toWire) => client.set(toWire(key), value as string, { expires }));
  };

  return {
    name: 'memts',
    flags: { ttl: true },
    // Without the client's options, which may hold a password.
    options: { base, ttl },
    getInstance: () => client,

    async hasItem(key: string) {
      return (await read(key)) !== null;
    },
    async getItem(key: string) {
      return toItem(await read(key));
    },
    getItemRaw: read,
    getItems(items: Request[]) {
      return keys.run(async (toWire) => {
        const wires = items.map(({ key }) => toWire(key));
        const found = await client.getMulti(wires);
        const errors = [...found.errors.values()].filter((error) => !isUnreadable(error));
        if (errors.length > 0) throw oneOf(errors, 'Several keys could not be read');
        for (const error of found.errors.values()) passOver(error);
        return items.map(({ key }, index) => ({ key, value: toItem(found.get(wires[index] ?? '')?.value) }));
      });
    },
    setItem: write,
    setItemRaw(key: string, value: unknown, call?: CallOptions) {
      return write(key, value instanceof ArrayBuffer ? new Uint8Array(value) : value, call);
    },
    async setItems(items: (Request & { value: string })[], common?: CallOptions) {
      await keys.run(async (toWire) => {
        const list = items.map(({ key, value, options: call }): Item => {
          return { key: toWire(key), value, expires: expiresOf({ ...common, ...call }) };
        });
        const { errors } = await storeMany(client, list);
        if (errors.length > 0) throw oneOf(errors, 'Several keys could not be stored');
      });
    },
    async removeItem(key: string) {
      await keys.run((toWire) => client.delete(toWire(key)));
    },
    async getKeys(): Promise<string[]> {
      throw new MemcacheError('ERR_UNSUPPORTED', "memts/unstorage: memcached can't list its keys");
    },
    async clear(part?: string) {
      if (part) {
        const message =
          'memts/unstorage: only everything under a driver can be cleared; mount another one at that base';
        throw new MemcacheError('ERR_UNSUPPORTED', message);
      }
      await keys.clear();
    },
    async dispose() {
      if (owned) await client.quit();
    },
  } satisfies Driver;
}

/** What unstorage makes a value of: text as it was, a miss is `null`. */
function toItem(value: unknown) {
  return ArrayBuffer.isView(value) ? (asText(value) ?? null) : ((value ?? null) as string | null);
}

export default memtsDriver;
