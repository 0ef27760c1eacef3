import type { Resolver } from 'node:dns/promises';
import { dnsModule } from '../../builtins.ts';
import { invalidType } from '../../errors.ts';
import { checkPort, DEFAULT_PORT, hostOf } from '../address.ts';
import type { DiscoveredServer, Discovery } from './discovery.ts';
import { checkSeconds, given } from './source-options.ts';

/** Options of {@link dns}. */
export interface DnsOptions {
  /**
   * A name with one address for each server (a headless service of Kubernetes, for instance), or the name of SRV
   * records, which begins with an underscore: `_memcached._tcp.example.com`.
   */
  host: string;
  /** The port of all servers; SRV records have their own. @default 11211 */
  port?: number | undefined;
  /** How often the name is asked for, in seconds. @default 10 */
  interval?: number | undefined;
  /** Name servers to ask, as `address:port`. @default the system's */
  nameservers?: readonly string[] | undefined;
}

/** The servers behind a name: all its addresses of both families, or its SRV records with their weights. */
export function dns(options: DnsOptions): Discovery {
  const { host, port = DEFAULT_PORT, interval = 10, nameservers } = given(options, 'dns');
  if (typeof host !== 'string' || hostOf(host) === undefined) {
    throw invalidType('option host of dns', 'a host name', host);
  }
  checkPort(port, 'option port of dns');
  checkSeconds(interval, 'option interval of dns');
  const resolver = new (dnsModule().Resolver)();
  if (nameservers !== undefined) askAt(resolver, nameservers);
  const addresses = nameservers === undefined ? systemAddresses : (name: string) => askedAddresses(resolver, name);
  const discover = async (): Promise<DiscoveredServer[]> => {
    if (host.startsWith('_')) return services(resolver, host);
    const found = await addresses(host);
    return sorted(found.map((address) => ({ host: address, port })));
  };
  return { interval, discover };
}

function askAt(resolver: Resolver, nameservers: readonly string[]): void {
  try {
    resolver.setServers(nameservers);
  } catch {
    throw invalidType('option nameservers of dns', 'an array of addresses', nameservers);
  }
}

/** As every connection resolves names: with the hosts file and what else the system is set up for. */
async function systemAddresses(host: string): Promise<string[]> {
  return (await dnsModule().lookup(host, { all: true })).map(({ address }) => address);
}

/** What a name server says of a family that a name has no records of. */
const NO_RECORDS = ['ENODATA', 'ENOTFOUND'];

/** One family may have no records; one that can't be asked would take its servers off the list. */
async function askedAddresses(resolver: Resolver, host: string): Promise<string[]> {
  const families = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const failed = families.filter((family) => family.status === 'rejected').map(({ reason }) => reason as Error);
  const grave = failed.find((error) => !('code' in error && NO_RECORDS.includes(String(error.code))));
  if (grave !== undefined) throw grave;
  const found = families.flatMap((family) => (family.status === 'fulfilled' ? family.value : []));
  if (found.length === 0) throw failed[0];
  return found;
}

async function services(resolver: Resolver, host: string): Promise<DiscoveredServer[]> {
  const records = await resolver.resolveSrv(host);
  return sorted(records.map(({ name, port, weight }) => ({ host: name, port, weight: weight || 1 })));
}

/** Responses come in any order; the client's list, and so modulo's routing, must not depend on it. */
function sorted(servers: DiscoveredServer[]): DiscoveredServer[] {
  return servers.sort((a, b) => (a.host === b.host ? a.port - b.port : a.host < b.host ? -1 : 1));
}
