import net from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { tlsModule } from '../../builtins.ts';
import { clearTimeout, setTimeout } from '../../clock.ts';
import { nextAddressWithin } from '../../connection/connector.ts';
import { invalidType, MemcacheError } from '../../errors.ts';
import { type Address, parseServers } from '../address.ts';
import type { DiscoveredServer, Discovery } from './discovery.ts';
import { dataBlock, isWhole, LatestConfiguration, parseConfiguration } from './elasticache-answer.ts';
import { checkSeconds, given } from './source-options.ts';

/** Options of {@link elasticache}. */
export interface ElasticacheOptions {
  /** The configuration endpoint, as `host:port`. */
  endpoint: string;
  /** How often it is asked, in seconds. @default 60 */
  interval?: number | undefined;
  /** How long it may take to answer, in seconds. @default 2 */
  timeout?: number | undefined;
  /** Whether, and with what options, the endpoint is spoken to over TLS. @default false */
  tls?: boolean | ConnectionOptions | undefined;
}

/** Asks engines since 1.4.14, and the key that older ones have instead (ElastiCache's "Auto Discovery"). */
const QUESTIONS = ['config get cluster\r\n', 'get AmazonElastiCache:cluster\r\n'];

/** No list of nodes is longer; what is, comes from no configuration endpoint. */
const MAX_ANSWER = 1024 * 1024;

/** The nodes of an ElastiCache cluster, as its configuration endpoint has them. */
export function elasticache(options: ElasticacheOptions): Discovery {
  const { endpoint, interval = 60, timeout = 2, tls } = given(options, 'elasticache');
  const { host, port, tls: byUrl } = endpointOf(endpoint);
  checkSeconds(interval, 'option interval of elasticache');
  checkSeconds(timeout, 'option timeout of elasticache');
  const place = { host, port, ...nextAddressWithin(timeout * 1000) };
  const secured = tls === true || (tls === undefined && byUrl) ? {} : tls || undefined;
  // An IP address is no name to ask a server for.
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const latest = new LatestConfiguration();
  const discover = async (): Promise<readonly DiscoveredServer[]> => {
    for (const question of QUESTIONS) {
      const socket = secured ? tlsModule().connect({ ...place, ...servername, ...secured }) : net.connect(place);
      const answer = await ask(socket, question, timeout);
      if (answer === undefined) continue;
      return latest.take(parseConfiguration(answer)).nodes;
    }
    throw new MemcacheError('ERR_PROTOCOL', 'The configuration endpoint knows no cluster', {
      server: `${host}:${port}`,
    });
  };
  return { interval, discover };
}

function endpointOf(endpoint: unknown): Address {
  const [address, ...others] = typeof endpoint === 'string' ? parseServers(endpoint) : [];
  if (address !== undefined && address.path === undefined && others.length === 0) return address;
  throw invalidType('option endpoint of elasticache', 'host:port', endpoint);
}

/** The response's data block; `undefined` where the server does not know the question. */
function ask(socket: net.Socket, question: string, seconds: number): Promise<string | undefined> {
  return new Promise<string | undefined>((resolve, reject) => {
    let received = '';
    const timer = setTimeout(() => {
      reject(new MemcacheError('ERR_TIMEOUT', 'The configuration endpoint did not answer in time'));
    }, seconds * 1000);
    const fail = (cause?: Error): void => {
      clearTimeout(timer);
      reject(new MemcacheError('ERR_CONNECT', 'The connection to the configuration endpoint failed', { cause }));
    };
    socket.setEncoding('latin1');
    socket.on('error', fail).on('close', () => fail());
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (received.length > MAX_ANSWER) fail();
      else if (isWhole(received)) {
        clearTimeout(timer);
        resolve(dataBlock(received));
      }
    });
    socket.write(question);
  }).finally(() => socket.destroy());
}
