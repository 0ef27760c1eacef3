import { monotonicNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import { binary } from '../protocol/binary/index.ts';
import { classic } from '../protocol/classic/index.ts';
import type { Gathering } from '../protocol/gathering.ts';
import { meta } from '../protocol/meta/index.ts';
import type { Protocol, ProtocolName } from '../protocol/protocol.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { type Endpoint, isTlsAlert } from './connector.ts';
import { describe, firstHandshake, type Handshake, nextHandshake, type Protocols } from './handshake.ts';
import type { Credentials } from './login.ts';
import { AUTH_FAILED } from './probe.ts';

/** Each is loaded when it is first tried. */
const PROTOCOLS: Protocols = {
  get binary() {
    return binary;
  },
  get meta() {
    return meta;
  },
  get classic() {
    return classic;
  },
};

/** What is to be opened, read again each time. */
export interface Target {
  /** The server's name in errors. */
  name: string;
  endpoint: Endpoint;
  protocol: 'auto' | ProtocolName;
  credentials: Credentials | undefined;
  /** Bounds an attempt at a command, in milliseconds. */
  timeout: number;
  /** Bounds everything up to the first command, in milliseconds. */
  conntimeout: number;
}

/** How a server was last spoken to with success; all that open connections to it share what is known. */
export interface Terms {
  /** Where that had to be found out. */
  known: Handshake | undefined;
  /** What the last connection was found to speak. */
  spoken: Protocol | undefined;
  /** The version of the server, where it was asked for it. */
  version: string | undefined;
  readonly gathering: Gathering;
}

/** Opens connections to one server, in whatever way the server takes, and remembers which way that was. */
export class Dialer {
  readonly #target: () => Target;
  readonly #owner: ConnectionOwner;
  readonly #terms: Terms;
  /** What has been tried for the connection that is being opened. */
  #tried: Handshake[] = [];
  /** When the attempts at it end, on the clock of `performance.now()`. */
  #deadline = 0;
  /** How long nothing may come of them, in milliseconds; without it only the deadline counts. */
  #silence: number | undefined;

  constructor(target: () => Target, owner: ConnectionOwner, terms: Terms) {
    this.#target = target;
    this.#owner = owner;
    this.#terms = terms;
  }

  /**
   * Begins to open a connection; with `mustAnswer`, to a server that has to show first that it answers, and with `silence`
   * has so many milliseconds for each sign of it. Throws what the socket throws for a port or path that it can't take.
   */
  dial(mustAnswer: boolean, silence?: number): Connection {
    const target = this.#target();
    this.#tried = [];
    this.#silence = silence;
    this.#deadline = monotonicNow() + target.conntimeout;
    const handshake = this.#terms.known ?? this.#first(target);
    return this.#open(target, handshake, mustAnswer ? undefined : this.#assume(handshake));
  }

  /** What the server may be taken to speak before it has shown it: what it spoke last, or what has been named. */
  #assume({ protocol, auto }: Handshake): Protocol | undefined {
    if (this.#terms.spoken?.name === protocol.name) return this.#terms.spoken;
    if (auto) return undefined;
    return protocol.unproven?.() ?? protocol;
  }

  /**
   * What follows on a connection that failed while it was opened: another one, which begins differently, or
   * the error that is left when there is no other way.
   */
  redial({ rejection }: Connection, error: MemcacheError): Connection | MemcacheError {
    const target = this.#target();
    const last = this.#tried.at(-1);
    if (last !== undefined && isTlsAlert(error.cause) && target.endpoint.tlsSession?.takeRefusal()) {
      return this.#open(target, last);
    }
    // With TLS 1.3 a server refuses a client's certificate when the client takes the handshake to be over.
    if (rejection === undefined || last === undefined || isTlsAlert(error.cause)) return error;
    const wasKnown = this.#terms.known !== undefined;
    this.#terms.known = undefined;
    try {
      const next = wasKnown ? this.#first(target) : nextHandshake(PROTOCOLS, last, rejection);
      if (next === undefined || monotonicNow() >= this.#deadline) return this.#nothingTaken(target, error);
      return this.#open(target, next);
    } catch (cause) {
      return new MemcacheError('ERR_CONNECT', 'The connection could not be made', { server: target.name, cause });
    }
  }

  /** Notes that the server took the last handshake. */
  succeeded({ protocol }: Connection): void {
    const last = this.#tried.at(-1) as Handshake;
    if (last.auto) this.#terms.known = last;
    this.#terms.spoken = protocol;
  }

  /** A stream that desynchronised, or never gave a response, may mean that another server is there now. */
  forget(): void {
    this.#terms.known = undefined;
    this.#terms.spoken = undefined;
    this.#terms.version = undefined;
  }

  #first({ protocol, credentials }: Target): Handshake {
    return firstHandshake(PROTOCOLS, protocol, credentials !== undefined);
  }

  #open({ name, endpoint, credentials, timeout }: Target, handshake: Handshake, assumed?: Protocol): Connection {
    this.#tried.push(handshake);
    const conntimeout = Math.max(1, this.#deadline - monotonicNow());
    const onVersion = (version: string): void => {
      this.#terms.version = version;
    };
    const limits = { timeout, conntimeout, silence: this.#silence };
    const known = { credentials, gathering: this.#terms.gathering };
    return new Connection({ name, endpoint, handshake, assumed, onVersion, ...known, ...limits }, this.#owner);
  }

  /** A server that hangs up on every login, without a response to any, has not refused one: nobody may be behind it. */
  #nothingTaken({ name, credentials }: Target, last: MemcacheError): MemcacheError {
    if (this.#tried.length === 1 || (credentials !== undefined && last.code === 'ERR_CONNECT')) return last;
    const tried = this.#tried.map(describe).join('; ');
    const [code, message] =
      credentials === undefined
        ? (['ERR_PROTOCOL', 'The server speaks none of the protocols.'] as const)
        : (['ERR_AUTH', AUTH_FAILED] as const);
    return new MemcacheError(code, `${message} Tried: ${tried}`, { server: name, cause: last });
  }
}
