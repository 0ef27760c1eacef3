import { type AnyClient, Client, type ClientOptions, type ServerList } from '../../index.ts';

/** What an adapter can be made for: a client with any serializer, or servers as `Client.create` takes them. */
export type ClientOrServers = AnyClient | ServerList;

/** A client as an adapter uses it: text goes in, whatever its serializer makes comes out. */
export type AdapterClient = Client<string, unknown>;

/** Options of a client that the adapter makes for itself. */
export type OwnClientOptions = ClientOptions<string, unknown>;

/** A client, and whether the adapter made it and so has to close it. */
export interface Held {
  client: AdapterClient;
  owned: boolean;
}

/**
 * The caller's client, which stays the caller's to close, or one made of servers and options. There, keys over 250
 * bytes are hashed unless the options say otherwise: hosts have keys of any length.
 */
export function holdClient(given: ClientOrServers | null | undefined, options: OwnClientOptions): Held {
  // What its serializer makes of text is for the client to say.
  if (isClient(given)) return { client: given as AdapterClient, owned: false };
  return { client: Client.create(given, { hashLongKeys: true, ...options }), owned: true };
}

/** By what it can do, not by its class: a program may have the package loaded twice, as ESM and as CommonJS. */
function isClient(given: unknown): given is AnyClient {
  return typeof given === 'object' && given !== null && 'getMulti' in given && 'setMulti' in given;
}

/** A value as text; `undefined` where there is none, and for objects. Without a serializer values come as Buffers. */
export function asText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
  return typeof value === 'object' ? undefined : String(value);
}
