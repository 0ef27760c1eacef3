import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Client, type ClientOptions, type ServerOptions, type ServerStatus } from 'memts';
import { describe, usageError } from './exit.ts';

/** The options that every command has: which servers, and how to get in. */
export interface GlobalOptions {
  servers?: string;
  /** Where to ask for the servers; what was found stands in `servers` before a command begins. */
  discover?: string;
  user?: string;
  passwordFile?: string;
  protocol?: 'auto' | 'binary' | 'meta' | 'classic';
  distribution?: 'modulo' | 'ketama' | 'rendezvous';
  timeout?: number;
  tls?: boolean;
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsServername?: string;
  tlsInsecure?: boolean;
  json?: boolean;
}

/** One of the servers, for commands that ask each by itself. */
export interface Target {
  /** `host:port`, or the path of a unix socket. */
  name: string;
  host: string;
  port: number;
  username: string | undefined;
  password: string | undefined;
  tls: boolean | TlsOptions;
  /** A client for this server alone. */
  client: Client;
}

const DEFAULT_SERVERS = 'localhost:11211';
const DEFAULT_TIMEOUT = 1;
const SILENT = { log: () => {} };

/** A client for all the servers. */
export async function openClient(options: GlobalOptions, more: ServerOptions = {}): Promise<Client> {
  return Client.create(serverList(options), { ...(await clientOptions(options)), ...more });
}

/** The servers one by one. Nothing is connected yet. */
export async function openTargets(options: GlobalOptions, more: ServerOptions = {}): Promise<Target[]> {
  const shared = { ...(await clientOptions(options)), ...more };
  const list = serverList(options);
  // It is wrong as a whole or not at all: an entry that is empty would by itself stand for the environment's servers.
  Client.create(list, shared).close();
  return list.split(',').map((entry) => {
    const address = entry.trim();
    const client = Client.create(address, shared);
    const [server] = client.servers;
    if (server === undefined) throw usageError('no server');
    const { name, host, port, username, password } = server;
    const tls = shared.tls ?? /^memcacheds:/i.test(address);
    return { name, host, port, username, password, tls, client };
  });
}

/** Whether its client takes the server for up, down or idle. */
export function stateOf({ client, name }: Target): ServerStatus['state'] {
  return client.status()[name]?.state ?? 'idle';
}

/** Does something with the servers and closes them, whatever comes of it. */
export async function withTargets<T>(targets: Target[], use: (targets: Target[]) => Promise<T>): Promise<T> {
  try {
    return await use(targets);
  } finally {
    for (const { client } of targets) client.close();
  }
}

/** Does something with a client and closes it, whatever comes of it. */
export async function withClient<T>(client: Client, use: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** The time that a server may take to answer, in seconds. */
export function timeoutOf({ timeout }: GlobalOptions): number {
  return timeout ?? DEFAULT_TIMEOUT;
}

/** The user name and password of the options and the environment; throws when there is one without the other. */
export function credentialsOf({ user, passwordFile }: GlobalOptions): { username?: string; password?: string } {
  const { env } = process;
  const username = user ?? (env.MEMCACHIER_USERNAME || env.MEMCACHE_USERNAME);
  const password =
    passwordFile === undefined ? env.MEMCACHIER_PASSWORD || env.MEMCACHE_PASSWORD : readPassword(passwordFile);
  if (user !== undefined && !password) {
    throw usageError('--user needs a password: --password-file FILE, or MEMCACHE_PASSWORD in the environment');
  }
  if (passwordFile !== undefined && !username) {
    throw usageError('--password-file needs a user name: --user NAME, or MEMCACHE_USERNAME in the environment');
  }
  return username && password ? { username, password } : {};
}

function serverList({ servers }: GlobalOptions): string {
  const { env } = process;
  return servers || env.MEMCACHIER_SERVERS || env.MEMCACHE_SERVERS || DEFAULT_SERVERS;
}

async function clientOptions(options: GlobalOptions): Promise<ClientOptions<string | Uint8Array> & ServerOptions> {
  const { protocol, distribution } = options;
  const tls = await tlsOptions(options);
  return {
    ...credentialsOf(options),
    timeout: timeoutOf(options),
    // A server that is silent is silent from the start: the time is that of the whole command.
    conntimeout: timeoutOf(options),
    retries: 1,
    logger: SILENT,
    // A server that is down is tried again with the next command.
    failoverTime: 1,
    ...(protocol === undefined ? {} : { protocol }),
    ...(distribution === undefined ? {} : { distribution }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** TLS as the options have it; none of them leaves it to the addresses. */
export async function tlsOptions(options: GlobalOptions): Promise<true | TlsOptions | undefined> {
  const { tls, tlsCa, tlsServername, tlsInsecure } = options;
  const details: TlsOptions = {
    ...(tlsCa === undefined ? {} : { ca: readAuthorities(tlsCa) }),
    ...(await ownCertificate(options)),
    ...(tlsServername === undefined ? {} : { servername: tlsServername }),
    ...(tlsInsecure ? { rejectUnauthorized: false } : {}),
  };
  if (Object.keys(details).length > 0) return details;
  return tls ? true : undefined;
}

/** OpenSSL takes any file, and trusts nobody if it finds no certificate in there. */
function readAuthorities(file: string): string {
  const text = readFileSync(file, 'latin1');
  if (!/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(text))
    throw usageError('--tls-ca: no certificate in the file');
  return text;
}

/** The certificate to show, with its key, if there is one. */
export async function ownCertificate({ tlsCert, tlsKey }: GlobalOptions): Promise<{ cert?: Buffer; key?: Buffer }> {
  if (tlsCert === undefined && tlsKey === undefined) return {};
  if (tlsCert === undefined || tlsKey === undefined) throw usageError('--tls-cert and --tls-key need each other');
  const own = { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) };
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext(own);
  } catch (error) {
    throw usageError(`--tls-cert, --tls-key: no certificate with its key (${describe(error)})`);
  }
  return own;
}

/** The first line of a file. */
function readPassword(file: string): string {
  const password = readFileSync(file, 'utf8').split(/\r?\n/, 1)[0];
  if (!password) throw usageError('--password-file: the first line is empty');
  return password;
}
