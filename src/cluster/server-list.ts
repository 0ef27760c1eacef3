import { checkObject, invalid, invalidType } from '../errors.ts';
import { type Address, checkPort, DEFAULT_PORT, parseServers, readHost } from './address.ts';
import { Server, type ServerOptions, type TlsOptions } from './server.ts';

/** One server as an object. */
export interface ServerAddress {
  host?: string | undefined;
  /** @default 11211 */
  port?: number | undefined;
  /** A unix socket, instead of host and port. */
  path?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** The server's share of the keys, where the distribution knows weights. @default 1 */
  weight?: number | undefined;
  /** Whether, and with what options, the connection is over TLS. @default the client's `tls` */
  tls?: boolean | TlsOptions | undefined;
}

/** Servers as `Client.create` takes them. */
export type ServerList = string | readonly (string | ServerAddress)[];

/** An address whose TLS may have options of its own. */
export type Place = Omit<Address, 'tls'> & Pick<ServerAddress, 'tls'>;

/** Makes the servers of a client; without a list, the environment's or `localhost:11211`. */
export function makeServers(list: ServerList | null | undefined, options: ServerOptions, maxTtl?: number): Server[] {
  const { env } = process;
  const given = list || env.MEMCACHIER_SERVERS || env.MEMCACHE_SERVERS || `localhost:${DEFAULT_PORT}`;
  return toPlaces(given).map((place) => serverAt(place, options, maxTtl));
}

/** Makes the server at a place. */
export function serverAt(place: Place, options: ServerOptions, maxTtl?: number): Server {
  const { host, port, username, password, path, tls, weight } = place;
  return new Server(host, port, username, password, options, { path, tls, weight, maxTtl });
}

function toPlaces(list: unknown): Place[] {
  if (typeof list === 'string') return parseServers(list);
  if (!Array.isArray(list)) throw invalid('servers', 'a string or an array', list);
  if (list.length === 0) throw invalid('servers', 'at least one server', list);
  return list.flatMap((entry, index) =>
    typeof entry === 'string' ? parseServers(entry) : [placeOf(entry, `servers: entry ${index + 1}`)],
  );
}

/** Checks a server that an object tells; `name` is what it is called in an error, which holds nothing of it. */
export function placeOf(entry: unknown, name: string): Place {
  checkObject(name, entry, 'a string or an object');
  const { host, port = DEFAULT_PORT, path, username, password, weight, tls } = entry as ServerAddress;
  for (const [field, value] of Object.entries({ host, path, username, password })) {
    if (value !== undefined && typeof value !== 'string') throw invalidType(`${name}: ${field}`, 'a string', value);
  }
  checkPort(port, `${name}: port`);
  if (path === undefined ? !host : path === '') throw invalid(name, 'a host or a path', undefined);
  const address: Place =
    path === undefined ? { host: readHost(host as string, name), port } : { host: path, port: 0, path };
  if (username !== undefined) address.username = username;
  if (password !== undefined) address.password = password;
  if (weight !== undefined && !(weight > 0 && Number.isFinite(weight))) {
    throw invalid(`${name}: weight`, 'a number above 0', weight);
  }
  if (weight !== undefined) address.weight = weight;
  if (tls !== undefined && typeof tls !== 'boolean' && typeof tls !== 'object') {
    throw invalidType(`${name}: tls`, 'true, false or TLS options', tls);
  }
  if (tls !== undefined) address.tls = tls;
  return address;
}
