import type { MemcacheError } from '../errors.ts';
import type { ProtocolName } from '../protocol/protocol.ts';

/** What a client knows of one of its servers, without asking it. */
export interface ServerStatus {
  /**
   * `up`: a connection is open. `down`: commands fail at once or pass it by, since it is hung, can't be reached or was
   * ejected by failover; `lastError` says why. `idle`: there is no connection, and the next command opens one.
   */
  state: 'up' | 'down' | 'idle';
  /** The protocol that the last connection spoke; `null` before the first one. */
  protocol: ProtocolName | null;
  /**
   * What the server said its version was when a connection was opened. `null` before that, and where it is not asked: over
   * binary, and of a custom transport.
   */
  version: string | null;
  /** The sockets that are open. */
  connections: number;
  /** Commands that wait there, for a connection or for a response. */
  waiting: number;
  /** How long the oldest of them has waited since its present attempt began, in seconds; 0 where none waits. */
  oldest: number;
  /** What last went wrong: a command that timed out, a connection that was lost or could not be opened. */
  lastError: MemcacheError | null;
  /**
   * Keys that the server may have old values of and that are to be deleted there. Only of a client with the option `repair`.
   */
  unrepaired?: number;
  /** Since when it has been down, in milliseconds of Unix time; `null` where it is not. */
  downSince: number | null;
}
