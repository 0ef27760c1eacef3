import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

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

const A = 1;
const AAAA = 28;
const SRV = 33;

const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

/** A name server on UDP at 127.0.0.1 with records of its own (RFC 1035; SRV in RFC 2782). */
export class DnsServer implements AsyncDisposable {
  /** By lower-case name. */
  readonly names = new Map<string, Records>();
  /** Record types that can't be answered for now. */
  readonly failing = new Set<'a' | 'aaaa' | 'srv'>();
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
    const { name, end } = readName(message, 12);
    const type = message.readUInt16BE(end);
    const question = message.subarray(12, end + 4);
    const records = this.names.get(name.toLowerCase());
    const kind = type === A ? 'a' : type === AAAA ? 'aaaa' : 'srv';
    const answers = records === undefined ? [] : dataOf(records, type);
    const code = this.failing.has(kind) ? SERVER_FAILURE : records === undefined ? NO_SUCH_NAME : 0;
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    // An answer, with recursion asked for and to be had.
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(code === 0 ? answers.length : 0, 6);
    const parts = code === 0 ? answers.map((data) => record(type, data)) : [];
    this.#socket.send(Buffer.concat([header, question, ...parts]), from.port, from.address);
  }
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function writeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

function dataOf({ a = [], aaaa = [], srv = [] }: Records, type: number): Buffer[] {
  if (type === A) return a.map((address) => Buffer.from(address.split('.').map(Number)));
  if (type === AAAA) return aaaa.map(ipv6Bytes);
  if (type !== SRV) return [];
  return srv.map(({ name, port, weight = 0 }) => {
    const numbers = Buffer.alloc(6);
    numbers.writeUInt16BE(weight, 2);
    numbers.writeUInt16BE(port, 4);
    return Buffer.concat([numbers, writeName(name)]);
  });
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const bytes = Buffer.alloc(16);
  for (const [index, word] of words(head).entries()) bytes.writeUInt16BE(word, 2 * index);
  for (const [index, word] of words(tail).reverse().entries()) bytes.writeUInt16BE(word, 14 - 2 * index);
  return bytes;
}

/** For the name in the question, of class IN, for no time at all. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
