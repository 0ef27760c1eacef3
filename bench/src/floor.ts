import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { Address } from './clients/adapter.ts';
import type { Frame } from './frames.ts';

export type Settle = (error?: Error) => void;

/** Places in the ring of waiting commands; a power of two, more than any row has in flight. */
const CAPACITY = 4096;
const MASK = CAPACITY - 1;
/** From this size on a frame costs less in a gathered write than it would to copy; smaller ones share one Buffer. */
const LARGE = 2048;

/**
 * The least that a client on one socket can do: frames encoded beforehand leave in one write for each turn of the
 * event loop, and replies are counted by their length and never looked at.
 */
export class FloorSocket {
  /** Given every chunk, while it is set. */
  onChunk: ((chunk: Buffer) => void) | undefined;
  readonly #socket: net.Socket;
  readonly #settles = new Array<Settle | undefined>(CAPACITY);
  readonly #lengths = new Float64Array(CAPACITY);
  #head = 0;
  #tail = 0;
  /** Bytes that came and belong to the reply at the head. */
  #received = 0;
  #output: Buffer[] = [];
  #outputLength = 0;
  #large = false;
  readonly #flush = (): void => this.#writeAll();

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#count(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The server closed the connection')));
  }

  static async connect(address: Address, ca?: string): Promise<FloorSocket> {
    const socket = ca === undefined ? net.connect(address) : tls.connect({ ...address, ca });
    socket.setNoDelay(true);
    await once(socket, ca === undefined ? 'connect' : 'secureConnect');
    return new FloorSocket(socket);
  }

  send(frame: Frame, settle: Settle): void {
    if (this.#tail - this.#head === CAPACITY) throw new Error('More commands in flight than the floor has room for');
    const place = this.#tail++ & MASK;
    this.#settles[place] = settle;
    this.#lengths[place] = frame.replyLength;
    if (this.#output.length === 0) process.nextTick(this.#flush);
    this.#output.push(frame.request);
    this.#outputLength += frame.request.length;
    if (frame.request.length >= LARGE) this.#large = true;
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #writeAll(): void {
    const output = this.#output;
    const length = this.#outputLength;
    const large = this.#large;
    this.#output = [];
    this.#outputLength = 0;
    this.#large = false;
    if (output.length === 1) this.#socket.write(output[0] as Buffer);
    else if (!large) this.#socket.write(Buffer.concat(output, length));
    else {
      this.#socket.cork();
      for (const frame of output) this.#socket.write(frame);
      this.#socket.uncork();
    }
  }

  #count(chunk: Buffer): void {
    this.onChunk?.(chunk);
    let received = this.#received + chunk.length;
    while (this.#head !== this.#tail) {
      const place = this.#head & MASK;
      const length = this.#lengths[place] as number;
      if (received < length) break;
      received -= length;
      this.#head++;
      const settle = this.#settles[place] as Settle;
      this.#settles[place] = undefined;
      settle();
    }
    this.#received = received;
    if (received > 0 && this.#head === this.#tail) this.#fail(new Error('A reply was longer than it should be'));
  }

  #fail(error: Error): void {
    this.close();
    while (this.#head !== this.#tail) this.#settles[this.#head++ & MASK]?.(error);
  }
}
