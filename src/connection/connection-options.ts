import type { MemcacheError } from '../errors.ts';
import type { Gathering } from '../protocol/gathering.ts';
import type { Protocol } from '../protocol/protocol.ts';
import type { Endpoint } from './connector.ts';
import type { Handshake } from './handshake.ts';
import type { Credentials } from './login.ts';

/** How long an attempt at a command may take where nothing else is said, in seconds. */
export const DEFAULT_TIMEOUT = 0.5;

export interface ConnectionOptions {
  /** The server's name in errors. */
  name: string;
  endpoint: Endpoint;
  handshake: Handshake;
  /** What the server is taken to speak: commands are sent at once, but values not before it has shown that it does. */
  assumed: Protocol | undefined;
  credentials: Credentials | undefined;
  gathering: Gathering;
  /** Called with the version of the server, where the handshake asks for it. */
  onVersion: (version: string) => void;
  /** Bounds an attempt at a command, in milliseconds. */
  timeout: number;
  /** Bounds everything up to the first command, in milliseconds. */
  conntimeout: number;
  /** Bounds the time to each sign of the server before the first command, in milliseconds. */
  silence?: number | undefined;
}

/** Gets what the connections to a server show of it. */
export interface ServerWatcher {
  /** A byte has come, and with it perhaps a whole response. */
  onInput(now: number, answered: boolean): void;
  /** A command that was sent at a moment has had its time, in milliseconds, without a response. */
  onTimedOut(error: MemcacheError, sentAt: number, time: number): void;
  /** Whether a connection that nobody waits on stays open for now, since it may show yet that the server works. */
  lingers(): boolean;
}
