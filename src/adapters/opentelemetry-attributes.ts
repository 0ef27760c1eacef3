import type { Attributes } from '@opentelemetry/api';
import type { CommandTrace } from '../index.ts';

/** The other end of a server's connections. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

const DB_SYSTEM = { 'db.system.name': 'memcached' } as const;

/** What is known of a call when its span begins, so that a sampler can go by it. */
export function startAttributes(call: CommandTrace): Attributes {
  const attributes: Attributes = { ...DB_SYSTEM, 'db.operation.name': call.command };
  const text = queryText(call);
  if (text !== undefined) attributes['db.query.text'] = text;
  return withBatchSize(attributes, call);
}

/** What is known of it when it ends. */
export function endAttributes(call: CommandTrace, peer: Peer | undefined): Attributes {
  const attributes: Attributes = withBatchSize(serverAttributes(call.server), call);
  const text = queryText(call);
  if (text !== undefined) attributes['db.query.text'] = text;
  if (peer !== undefined) {
    attributes['network.peer.address'] = peer.address;
    attributes['network.peer.port'] = peer.port;
  }
  for (const name of ['hit', 'hits', 'failed', 'bytes', 'attempts'] as const) {
    const value = call[name];
    if (value !== undefined) attributes[`memts.${name}`] = value;
  }
  return attributes;
}

/** What the measurements of a call are kept apart by. */
export function metricAttributes(call: CommandTrace): Attributes {
  return { ...DB_SYSTEM, 'db.operation.name': call.command, ...serverAttributes(call.server) };
}

/** What connections are kept apart by. One carries many commands at a time, so that each that is open counts as used. */
export function connectionAttributes(server: string): Attributes {
  return { ...DB_SYSTEM, 'db.client.connection.pool.name': server, 'db.client.connection.state': 'used' };
}

/** What servers that are down are kept apart by. */
export function downAttributes(server: string, reason: string): Attributes {
  return { ...DB_SYSTEM, ...serverAttributes(server), 'memts.reason': reason };
}

/** What keys are kept apart by that were repaired, or were not. */
export function repairAttributes(server: string): Attributes {
  return { ...DB_SYSTEM, ...serverAttributes(server) };
}

/** `get localhost:11211`; the name of the command alone where it went to no server, or to several. */
export function spanName({ command, server }: CommandTrace): string {
  return server === undefined ? command : `${command} ${server}`;
}

/** The code of an error, or its class. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : error.name;
}

/** Address and port; of a unix socket its path. */
function serverAttributes(server: string | undefined): Attributes {
  if (server === undefined) return {};
  const [, host, port] = /^([^/].*):(\d+)$/.exec(server) ?? [];
  if (host === undefined) return { 'server.address': server };
  return { 'server.address': host.replace(/^\[(.*)\]$/, '$1'), 'server.port': Number(port) };
}

/** One key is no batch. */
function withBatchSize(attributes: Attributes, { keyCount }: CommandTrace): Attributes {
  if (keyCount > 1) attributes['db.operation.batch.size'] = keyCount;
  return attributes;
}

/** The command with its keys, which are known only with `traceKeys`; never a value. */
function queryText({ command, key, keys }: CommandTrace): string | undefined {
  if (key === undefined && keys === undefined) return undefined;
  return [command, ...(keys ?? [key])].map((part) => (typeof part === 'string' ? part : asText(part))).join(' ');
}

function asText(key: unknown): string {
  return key instanceof Uint8Array ? Buffer.from(key).toString() : String(key);
}
