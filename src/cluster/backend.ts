import type { FrameNumbers } from '../connection/frame-numbers.ts';
import type { FrameTransport } from '../connection/frame-transport.ts';
import type { ServerStatus } from '../connection/status.ts';
import { Transport } from '../connection/transport.ts';
import type { MemcacheError } from '../errors.ts';
import type { ProtocolName } from '../protocol/protocol.ts';
import type { Request, WireKey } from '../protocol/request.ts';
import { Server, type ServerLike } from './server.ts';
import type { UnsentCalls } from './unsent.ts';

/** What commands need of a server: a `Server` has it, and `Transport` gives it to custom transports. */
export interface Backend {
  /** Its name in results, errors and log lines: `host:port`, or the path of a unix socket. */
  readonly name: string;
  /** What it speaks, where that is known. */
  readonly protocol: ProtocolName | undefined;
  /** Whether that tells how long items have left, and marks them as stale, where it is known. */
  readonly tellsAge: boolean | undefined;
  /** Whether it is known to be out of reach, so that commands for it fail at once. */
  readonly down: boolean;
  /** Whether commands fail at once since it takes them and says nothing. */
  readonly hung: boolean;
  /** Whether commands pass it by. */
  readonly ejected: boolean;
  /** When it last answered anything, on the clock of `performance.now()`. */
  readonly answeredAt: number;
  /** How long an attempt at a command may take, in milliseconds. */
  readonly timeout: number;
  /** The longest expiration of what is stored there, in seconds. */
  readonly maxTtl: number | undefined;
  /** How many sockets it has at most, where its keys belong to them. */
  readonly slots?: number;
  /** Which of these a key belongs to. */
  slotOf?(key: WireKey): number;
  /** Calls for many keys that it has not been sent in full, where their order is kept. */
  readonly unsent?: UnsentCalls;
  send(request: Request): void;
  connect(): Promise<void>;
  quit(): Promise<void>;
  close(): void;
  /** What is known of it, without asking it. */
  status(): ServerStatus;
  /** Has commands pass it by for so many seconds. */
  eject(seconds: number, error: MemcacheError): void;
  /** Notes a failed attempt, and says for how long there have been such without a response, in milliseconds. */
  failingFor(): number | undefined;
}

/** The backends of a client's servers. */
export class Backends {
  readonly #transports = new WeakMap<FrameTransport, Transport>();
  readonly #numbers: FrameNumbers;

  constructor(numbers: FrameNumbers) {
    this.#numbers = numbers;
  }

  /** A server whose `write` has been replaced is a transport, from then on. */
  of(server: ServerLike): Backend {
    return isServer(server) ? server : this.#transport(server);
  }

  #transport(server: FrameTransport): Transport {
    let transport = this.#transports.get(server);
    if (!transport) {
      transport = new Transport(server, this.#numbers, server instanceof Server ? server.options : {});
      this.#transports.set(server, transport);
    }
    return transport;
  }
}

/** Whether a server takes requests; one whose `write` has been replaced takes frames. */
export function isServer(server: ServerLike): server is Server {
  return server.write === Server.prototype.write;
}
