import { monotonicNow } from '../../clock.ts';
import { MemcacheError } from '../../errors.ts';
import { isPort } from '../address.ts';
import type { DiscoveredServer } from './discovery.ts';

/** `CONFIG cluster <flags> <bytes>` or `VALUE <key> <flags> <bytes>`, then a block of that length and `END`. */
const HEAD = /^(?:CONFIG|VALUE) \S+ \d+ (\d+)\r\n/;

/** Whether a response of a configuration endpoint has come to its end. */
export function isWhole(answer: string): boolean {
  if (/^(?:ERROR|CLIENT_ERROR|SERVER_ERROR).*\r\n$/.test(answer)) return true;
  const head = HEAD.exec(answer);
  return answer.endsWith('END\r\n') && answer.length > (head === null ? 0 : head[0].length + Number(head[1]));
}

/** The response's data block; `undefined` where the server does not know the question. */
export function dataBlock(answer: string): string | undefined {
  const head = HEAD.exec(answer);
  if (head === null) return undefined;
  return answer.slice(head[0].length, head[0].length + Number(head[1]));
}

/** The nodes of a cluster, as they were at one time. */
export interface Configuration {
  /** Goes up with each change, for as long as the cluster lives. */
  version: number;
  nodes: readonly DiscoveredServer[];
}

/** How long all responses have to have a lower number, in milliseconds, and how many of them there have to be. */
const RECREATED_AFTER = 180_000;
const RECREATED_ANSWERS = 3;

/**
 * Keeps the configuration to go by. A node that lags behind still tells one with a lower number, until another node
 * answers; a cluster that was created again under its name counts from 1, and every node tells that from then on.
 */
export class LatestConfiguration {
  #latest: Configuration | undefined;
  /** Responses with a lower number since the last one without, and when the first of them came. */
  #lower = 0;
  #lowerSince = 0;

  /** Takes a response, and gives back the configuration to go by after it. */
  take(found: Configuration): Configuration {
    if (this.#latest !== undefined && found.version < this.#latest.version && !this.#isRecreated()) return this.#latest;
    this.#lower = 0;
    this.#latest = found;
    return found;
  }

  #isRecreated(): boolean {
    const now = monotonicNow();
    if (this.#lower === 0) this.#lowerSince = now;
    this.#lower++;
    return this.#lower >= RECREATED_ANSWERS && now - this.#lowerSince >= RECREATED_AFTER;
  }
}

/** The number of the configuration on a line of its own, then the nodes as `name|address|port`; either may be empty. */
export function parseConfiguration(block: string): Configuration {
  const [version = '', nodes = ''] = block.split('\n');
  if (!/^\s*\d{1,15}\s*$/.test(version)) {
    throw new MemcacheError('ERR_PROTOCOL', 'The configuration endpoint does not number its configuration');
  }
  return { version: Number(version), nodes: nodes.trim().split(/\s+/).map(parseNode) };
}

function parseNode(node: string): DiscoveredServer {
  const [name = '', address = '', port = ''] = node.split('|');
  const server = { host: name || address, port: Number(port) };
  if (server.host === '' || !/^\d{1,5}$/.test(port) || !isPort(server.port)) {
    throw new MemcacheError('ERR_PROTOCOL', 'The configuration endpoint names a node that is none');
  }
  return server;
}
