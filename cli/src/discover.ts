import { type DiscoveredServer, type Discovery, dns, elasticache } from 'memts';
import { type GlobalOptions, timeoutOf, tlsOptions } from './connection.ts';
import { describe, serverError, usageError } from './exit.ts';
import { within } from './within.ts';

const EXPECTED = '--discover: expected elasticache://HOST:PORT or dns://NAME:PORT';
const DEFAULT_PORT = '11211';
/** What would make more of a host in a list of servers than a host, or of a terminal that it is shown in. */
const NO_HOST = /[\s,/@?#[\]\p{Cc}\p{Bidi_Control}]/u;

/** The servers that a source names, as `--servers` would have them. */
export async function discoveredServers(source: string, options: GlobalOptions): Promise<string> {
  const discovery = await sourceOf(source, options);
  const found = await within(discovery.discover(), timeoutOf(options) * 1000).catch((error) => {
    // What went wrong with the connection says more than that it did.
    const { cause = error } = error as Error;
    throw serverError(`--discover ${source}: ${describe(cause)}`);
  });
  if (found.length === 0) throw serverError(`--discover ${source}: names no server`);
  if (found.some(({ host }) => NO_HOST.test(host)))
    throw serverError(`--discover ${source}: names a server that is none`);
  return found.map(addressOf).join(',');
}

async function sourceOf(source: string, options: GlobalOptions): Promise<Discovery> {
  const [, scheme = '', host = '', port = DEFAULT_PORT, rest = ''] =
    /^(\w+):\/\/(\[[\da-fA-F:]+\]|[^/:?[\]]+)(?::(\d+))?\/?(?:\?(.*))?$/.exec(source) ?? [];
  const timeout = timeoutOf(options);
  if (scheme === 'elasticache' && rest === '') {
    return elasticache({ endpoint: `${host}:${port}`, timeout, tls: await tlsOptions(options) });
  }
  if (scheme !== 'dns') throw usageError(EXPECTED);
  const nameservers = new URLSearchParams(rest).getAll('nameserver');
  return dns({ host, port: Number(port), ...(nameservers.length > 0 ? { nameservers } : {}) });
}

function addressOf({ host, port, weight }: DiscoveredServer): string {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return weight === undefined || weight === 1 ? place : `memcached://${place}?weight=${weight}`;
}
