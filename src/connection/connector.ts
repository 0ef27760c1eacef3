import net from 'node:net';
import type tls from 'node:tls';
import { tlsModule } from '../builtins.ts';
import { nextTick } from '../clock.ts';

/**
 * What a server has handed out for the next TLS handshake with it to be a short one. memcached that asks for a client's
 * certificate hands tickets out as well, and fails every handshake that has one.
 */
export class TlsSession {
  #ticket: Buffer | undefined;
  #refused = false;
  #refusalTaken = false;

  get ticket(): Buffer | undefined {
    return this.#ticket;
  }

  keep(ticket: Buffer): void {
    if (!this.#refused) this.#ticket = ticket;
  }

  /** Notes how a handshake with the ticket failed. There is none again where that was for the ticket itself. */
  fail(error: Error): void {
    this.#refused ||= isTlsAlert(error);
    this.#ticket = undefined;
  }

  /** Whether a handshake has failed for its ticket, and is worth another try: true once. */
  takeRefusal(): boolean {
    const news = this.#refused && !this.#refusalTaken;
    this.#refusalTaken ||= news;
    return news;
  }
}

/** Where and how a connection is opened. */
export interface Endpoint {
  host: string;
  port: number;
  /** A unix socket, instead of host and port. */
  path?: string | undefined;
  tls?: tls.ConnectionOptions | undefined;
  /** Where the server's last TLS session is kept, for the next connection to resume it. */
  tlsSession?: TlsSession | undefined;
  keepAlive: boolean;
  /** In seconds. */
  keepAliveDelay: number;
  /** Bounds the opening of a connection, in milliseconds. */
  conntimeout: number;
}

/** Who reads from a socket. */
export interface Reader {
  /** Takes `buffer` from 0 to `length`; the memory is only lent, unless it came from `room`. */
  read(buffer: Buffer, length: number): void;
  /** Memory for what comes next. */
  room(): Buffer;
}

/** Opens a socket. It emits {@link readyEvent} when commands may be written. */
export function connect(endpoint: Endpoint, reader: Reader): net.Socket {
  const socket = endpoint.tls === undefined ? connectPlain(endpoint, reader) : connectTls(endpoint, reader);
  socket.setNoDelay(true);
  if (endpoint.keepAlive) socket.setKeepAlive(true, endpoint.keepAliveDelay * 1000);
  return socket;
}

/** The event after which the peer is who it should be: with TLS, nothing is written before the handshake is over. */
export function readyEvent(endpoint: Endpoint): 'connect' | 'secureConnect' {
  return endpoint.tls === undefined ? 'connect' : 'secureConnect';
}

function address({ host, port, path, conntimeout }: Endpoint): net.NetConnectOpts {
  return path === undefined ? { host, port, ...nextAddressWithin(conntimeout) } : { path };
}

/**
 * Whether a text is an IPv6 address, without brackets. Node.js's own check takes milliseconds the first time; no address
 * has fewer than two colons.
 */
export function isIPv6(text: string): boolean {
  return text.indexOf(':') !== text.lastIndexOf(':') && net.isIPv6(text);
}

/** How long Node.js tries one of a name's addresses before it goes on to the next, in milliseconds. */
const ADDRESS_TIMEOUT = 250;

/** Where that would use up the time for the whole connection, each address gets a quarter of it. */
export function nextAddressWithin(milliseconds: number): { autoSelectFamilyAttemptTimeout?: number } {
  const share = Math.max(1, Math.floor(milliseconds / 4));
  return share < ADDRESS_TIMEOUT ? { autoSelectFamilyAttemptTimeout: share } : {};
}

/**
 * Node.js puts off the connection to an IP address by a tick, which never comes where fake timers stand in its place;
 * the lookup of a name takes none.
 */
function withoutTick({ host, path }: Endpoint): { host?: string; lookup?: net.LookupFunction } {
  if (path !== undefined || process.nextTick === nextTick) return {};
  const family = net.isIP(host);
  if (family === 0) return {};
  const found = { address: host, family };
  return {
    host: 'an address',
    lookup: (_, { all }, done) => (all ? done(null, [found]) : done(null, host, family)),
  };
}

function connectPlain(endpoint: Endpoint, reader: Reader): net.Socket {
  return net.connect({
    ...address(endpoint),
    ...withoutTick(endpoint),
    ...intoMemoryOf(reader),
  });
}

/** Has a socket read to where the reader wants it. */
function intoMemoryOf(reader: Reader): { onread: net.OnReadOpts } {
  return {
    onread: {
      buffer: () => reader.room(),
      callback: (length, buffer) => {
        // It is what the function above has given.
        reader.read(buffer as Buffer, length);
        return true;
      },
    },
  };
}

function connectTls(endpoint: Endpoint, reader: Reader): net.Socket {
  const { host, path, tlsSession } = endpoint;
  const servername = path === undefined && net.isIP(host) === 0 ? { servername: host } : {};
  const session = tlsSession?.ticket === undefined ? {} : { session: tlsSession.ticket };
  // A socket of the caller is open already, and reads in its own way.
  const isGiven = endpoint.tls?.socket !== undefined;
  const reading = isGiven ? {} : intoMemoryOf(reader);
  const socket = tlsModule().connect({ ...address(endpoint), ...servername, ...session, ...endpoint.tls, ...reading });
  if (tlsSession !== undefined) keepSession(socket, tlsSession);
  if (isGiven) socket.on('data', (chunk: Buffer) => reader.read(chunk, chunk.length));
  return socket;
}

function keepSession(socket: tls.TLSSocket, session: TlsSession): void {
  if (session.ticket !== undefined) {
    const fail = (error: Error): void => session.fail(error);
    socket.once('error', fail).once('secureConnect', () => socket.off('error', fail));
  }
  socket.on('session', (ticket) => session.keep(ticket));
}

/** Whether the handshake failed by what one side said to it, and not by the network or a server that is away. */
export function isTlsAlert(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_SSL_');
}
