import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Answer, decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED } from 'dns-packet';

export interface SrvRecord {
  name: string;
  port: number;
  weight?: number;
}

/** What a name has. A type that is left out has no records. */
export interface Records {
  a?: readonly string[];
  aaaa?: readonly string[];
  srv?: readonly SrvRecord[];
}

const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

/** A name server on UDP at 127.0.0.1 with records of its own (RFC 1035; SRV in RFC 2782). */
export class DnsServer implements AsyncDisposable {
  /** By lower-case name. */
  readonly names = new Map<string, Records>();
  /** Record types that can't be answered for now. */
  readonly failing = new Set<keyof Records>();
  /** Nothing is answered at all. */
  silent = false;
  /** How many questions there have been. */
  questions = 0;
  readonly #socket: Socket = createSocket('udp4');

  static async start(): Promise<DnsServer> {
    const server = new DnsServer();
    server.#socket.on('message', (message, from) => server.#answer(message, from));
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return `127.0.0.1:${(this.#socket.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #answer(message: Buffer, from: RemoteInfo): void {
    this.questions++;
    if (this.silent) return;
    const { id, questions = [] } = decode(message);
    const [question] = questions;
    if (question === undefined) return;
    const records = this.names.get(question.name.toLowerCase());
    const failing = this.failing.has(question.type.toLowerCase() as keyof Records);
    const code = failing ? SERVER_FAILURE : records === undefined ? NO_SUCH_NAME : 0;
    const flags = RECURSION_DESIRED | RECURSION_AVAILABLE | code;
    const answers = code === 0 ? answersFor(question.name, question.type, records ?? {}) : [];
    this.#socket.send(encode({ type: 'response', id, flags, questions, answers }), from.port, from.address);
  }
}

/** For no time at all, so that every lookup comes here. */
function answersFor(name: string, type: string, { a = [], aaaa = [], srv = [] }: Records): Answer[] {
  switch (type) {
    case 'A':
      return a.map((data) => ({ type: 'A', name, ttl: 0, data }));
    case 'AAAA':
      return aaaa.map((data) => ({ type: 'AAAA', name, ttl: 0, data }));
    case 'SRV':
      return srv.map(({ name: target, port, weight = 0 }) => ({
        type: 'SRV',
        name,
        ttl: 0,
        data: { target, port, weight },
      }));
    default:
      return [];
  }
}
