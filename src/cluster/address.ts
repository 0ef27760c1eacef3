import { isIPv6 } from '../connection/connector.ts';
import { invalid, invalidArgument, isInteger } from '../errors.ts';

export const DEFAULT_PORT = 11211;

/** One server, as text or an object says it. */
export interface Address {
  host: string;
  port: number;
  /** A unix socket, instead of host and port. */
  path?: string;
  username?: string;
  password?: string;
  /** The server's share of the keys, where the distribution knows weights. */
  weight?: number;
  tls?: boolean;
}

/**
 * Reads a list of servers, separated by commas: `[user:pass@]host[:port]` as in MemJS, `host:port:weight` as libmemcached,
 * dalli and PHP write it, `memcached://` and `memcacheds://` URLs (percent-decoded, `?weight=2`), `unix:///path` or
 * `/path`, `[::1]:11211`.
 * Throws `ERR_INVALID_ARGUMENT`; the message says which entry is wrong, without repeating it, since it may hold a
 * password.
 */
export function parseServers(list: string): Address[] {
  return list.split(',').map((entry, index) => parseServer(entry.trim(), index));
}

/** A host that stands alone; `name` is what it is called in the error, which does not hold it. */
export function readHost(text: string, name: string): string {
  const host = hostOf(text);
  if (host !== undefined) return host;
  throw invalidArgument(name, 'expected a host name or address, without a port');
}

function parseServer(entry: string, index: number): Address {
  const fail = (expected: string): never => {
    throw invalidArgument(`servers: entry ${index + 1}`, `expected ${expected}`);
  };
  if (entry === '') return fail('a server, but it is empty');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(entry)?.[1]?.toLowerCase();
  if (scheme === 'memcached' || scheme === 'memcacheds') return parseUrl(entry, scheme === 'memcacheds', fail);
  // The last @ ends the credentials, the first : in them ends the user name: passwords hold both.
  const at = entry.lastIndexOf('@');
  const credentials = at < 0 ? {} : splitCredentials(entry.slice(0, at));
  const place = entry.slice(at + 1);
  if (scheme === 'unix') return { ...unixSocket(entry.slice('unix://'.length), fail) };
  if (scheme !== undefined) return fail('memcached://, memcacheds:// or unix://');
  if (place.startsWith('/')) return { ...unixSocket(place, fail), ...credentials };
  return { ...splitHostPort(place, fail), ...credentials };
}

function splitCredentials(text: string): { username?: string; password?: string } {
  const colon = text.indexOf(':');
  if (colon < 0) return text === '' ? {} : { username: text };
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

type Fail = (expected: string) => never;

function unixSocket(path: string, fail: Fail): Address {
  if (!path.startsWith('/') || hasControls(path)) fail('an absolute path of a unix socket');
  return { host: path, port: 0, path };
}

/** A host, brackets around an IPv6 address, then a port, then a weight. */
const PLACE = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?(?::([^:]*))?$/;

function splitHostPort(text: string, fail: Fail): Address {
  if (isIPv6(text)) return { host: text, port: DEFAULT_PORT };
  const parts = PLACE.exec(text);
  if (parts === null) return fail('host:port, with an IPv6 address in brackets');
  const [, name = '', port, weight] = parts;
  const host = hostOf(name);
  if (host === undefined) return fail('a host name or address, IPv6 in brackets');
  const address: Address = { host, port: parsePort(port, fail) };
  if (weight !== undefined) address.weight = parseWeight(weight, fail);
  return address;
}

function parsePort(text: string | undefined, fail: Fail): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\d+$/.test(text) || !isPort(port)) fail('a port from 1 to 65535');
  return port;
}

/** Whether a server can have that port. */
export function isPort(port: unknown): boolean {
  return isInteger(port, 1, 65535);
}

/** Throws `ERR_INVALID_ARGUMENT` for a port that no server can have; `name` is what it is called there. */
export function checkPort(port: unknown, name: string): void {
  if (!isPort(port)) throw invalid(name, 'an integer from 1 to 65535', port);
}

function parseUrl(text: string, tls: boolean, fail: Fail): Address {
  // The URL class leaves hosts of unknown schemes as they are, so it is asked about a scheme it knows.
  let url: URL;
  try {
    url = new URL(text.replace(/^[^:]+:/, 'http:'));
  } catch {
    return fail('a URL like memcached://user:pass@host:port?weight=2');
  }
  if (url.hash !== '' || !['', '/'].includes(url.pathname) || /^[^:]+:\/\/\//.test(text)) {
    return fail('a URL with nothing but ?weight= behind the port; /, ? and # in credentials are percent-encoded');
  }
  if (url.port === '0') fail('a port from 1 to 65535');
  if ([...url.searchParams.keys()].some((name) => name !== 'weight')) fail('no parameter but weight');
  const host = hostOf(url.hostname);
  if (host === undefined) return fail('a host name or address');
  const address: Address = {
    host,
    // The class drops the port that is http's own.
    port: url.port === '' ? (/:80(?:[/?#]|$)/.test(text) ? 80 : DEFAULT_PORT) : Number(url.port),
  };
  if (url.username !== '') address.username = decode(url.username, fail);
  if (url.password !== '') address.password = decode(url.password, fail);
  if (tls) address.tls = true;
  const weight = url.searchParams.get('weight');
  if (weight !== null) address.weight = parseWeight(weight, fail);
  return address;
}

function decode(text: string, fail: Fail): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail('credentials in percent-encoding');
  }
}

function parseWeight(text: string, fail: Fail): number {
  const weight = Number(text);
  if (!/^[\d.]+$/.test(text) || !(weight > 0 && Number.isFinite(weight))) fail('a weight above 0');
  return weight;
}

/** A NUL would end a name early for the system, which would then look for another one; a line end could forge a log line. */
export function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  }
  return false;
}

/**
 * A host as connections take it: its name or address, IPv6 without the brackets that `URL.hostname` has around it.
 * Undefined for what can be neither, such as a host with its port.
 */
export function hostOf(text: string): string | undefined {
  const bare = /^\[(.*)\]$/s.exec(text)?.[1];
  const host = bare ?? text;
  if (bare !== undefined || host.includes(':')) return isIPv6(host) ? host : undefined;
  return host === '' || /[\s/?#@[\]\p{Cc}\p{Bidi_Control}]/u.test(host) ? undefined : host;
}
