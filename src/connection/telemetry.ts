import { channel } from 'node:diagnostics_channel';
import { DEBUGGING, debug } from '../debug.ts';
import type { MemcacheError } from '../errors.ts';
import type { ProtocolName } from '../protocol/protocol.ts';

/** What the channel `memts:connection` gets. */
export interface ConnectionEvent {
  /**
   * `connect`: commands may be sent. `close`: a connection that was open is over. `error`: a connection could not be
   * opened, in whatever protocols it was tried. `down`: the server is marked down; `up`: it is back. `repaired`: keys were
   * deleted of which it may have had old values; `unrepaired`: it may have them still.
   */
  readonly event: 'connect' | 'close' | 'error' | 'down' | 'up' | 'repaired' | 'unrepaired';
  /** `host:port`, or the path of a unix socket. */
  readonly server: string;
  /** A number of its own for each connection, in `connect` and `close`. */
  readonly id: number | undefined;
  /** Why the server is, or was, down, in `down` and `up`. */
  readonly reason: DownReason | undefined;
  /** What the connection speaks; unknown where none could be opened. */
  readonly protocol: ProtocolName | undefined;
  /** The address and port of the other end; none for a unix socket. */
  readonly peer: Peer | undefined;
  /** Why it could not be opened or was lost; none where the client closed it, and in `up`. */
  readonly error: MemcacheError | undefined;
  /** How many keys, in `repaired` and `unrepaired`. */
  readonly keys?: number;
}

/**
 * Why a server is marked down: it takes commands and says nothing (`hung`), no connection can be opened (`unreachable`), or
 * failover has given it up after commands that failed (`failover`).
 */
export type DownReason = 'hung' | 'unreachable' | 'failover';

/** The other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** What events say of a connection. */
interface Watched {
  readonly protocol: { readonly name: ProtocolName };
  readonly peer: Peer | undefined;
}

/** What each client tells itself. */
const OF_CLIENTS: ReadonlySet<ConnectionEvent['event']> = new Set(['down', 'up', 'repaired', 'unrepaired'] as const);

const events = channel('memts:connection');

if (DEBUGGING) {
  events.subscribe((message) => {
    const event = message as ConnectionEvent;
    // The clients say that themselves.
    if (!OF_CLIENTS.has(event.event)) debug(describe(event));
  });
}

function describe({ event, server, id, protocol, peer, error }: ConnectionEvent): string {
  if (event === 'error') return `${server}: no connection: ${error?.message}`;
  const at = peer === undefined ? '' : ` to ${peer.address}:${peer.port}`;
  if (event === 'connect') return `${server}: connection ${id}${at} speaks ${protocol}`;
  return `${server}: connection ${id}${at} is closed${error === undefined ? '' : `: ${error.message}`}`;
}

let connections = 0;
const ids = new WeakMap<Watched, number>();
const peers = new WeakMap<Watched, Peer>();

/** Whether anybody listens. */
export function isWatched(): boolean {
  return events.hasSubscribers;
}

/** Tells that commands may be sent on a connection. */
export function publishConnected(connection: Watched, server: string): void {
  publish(connection, server, 'connect', undefined);
}

/** Tells that a connection is over that had been open. */
export function publishClosed(connection: Watched, server: string, error: MemcacheError): void {
  publish(connection, server, 'close', error.code === 'ERR_CLOSED' ? undefined : error);
}

/** Tells that a connection could not be opened. */
export function publishFailed(server: string, error: MemcacheError): void {
  // Nothing has gone wrong where the client was closed meanwhile.
  if (error.code === 'ERR_CLOSED') return;
  events.publish({ ...UNKNOWN, event: 'error', server, error } satisfies ConnectionEvent);
}

/** Tells that a server is marked down. */
export function publishDown(server: string, reason: DownReason | undefined, error: MemcacheError): void {
  events.publish({ ...UNKNOWN, event: 'down', server, reason, error } satisfies ConnectionEvent);
}

/** Tells that a server is back that was down. */
export function publishUp(server: string, reason: DownReason | undefined): void {
  events.publish({ ...UNKNOWN, event: 'up', server, reason } satisfies ConnectionEvent);
}

/** Tells that keys were deleted at a server that may have had old values of them. */
export function publishRepaired(server: string, keys: number): void {
  if (isWatched()) events.publish({ ...UNKNOWN, event: 'repaired', server, keys } satisfies ConnectionEvent);
}

/** Tells that a server may have old values of keys. */
export function publishUnrepaired(server: string, keys: number): void {
  if (isWatched()) events.publish({ ...UNKNOWN, event: 'unrepaired', server, keys } satisfies ConnectionEvent);
}

/** What is not about a connection that has been opened. */
const UNKNOWN = { id: undefined, reason: undefined, protocol: undefined, peer: undefined, error: undefined };

function publish(
  connection: Watched,
  server: string,
  event: ConnectionEvent['event'],
  error: MemcacheError | undefined,
): void {
  // A socket that is closed no longer knows its peer.
  const peer = connection.peer ?? peers.get(connection);
  if (peer !== undefined) peers.set(connection, peer);
  const message: ConnectionEvent = {
    event,
    server,
    id: idOf(connection),
    reason: undefined,
    protocol: connection.protocol.name,
    peer,
    error,
  };
  events.publish(message);
}

function idOf(connection: Watched): number {
  const known = ids.get(connection);
  if (known !== undefined) return known;
  connections++;
  ids.set(connection, connections);
  return connections;
}
