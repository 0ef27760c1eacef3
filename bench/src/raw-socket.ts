import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { Address } from './clients/adapter.ts';
import type { Frame } from './frames.ts';

/** Places in the ring of waiting commands; a power of two, more than any row has in flight. */
const CAPACITY = 4096;
const MASK = CAPACITY - 1;
/** From this size on a frame costs less in a gathered write than it would to copy; smaller ones share one Buffer. */
const LARGE = 2048;

/** What a reply comes to: nothing where bytes are only counted, else a Buffer with exactly the value. */
export type Settled = (error?: Error, value?: Buffer) => void;

/** Input of all plain sockets, as each hands it on before the next one reads. */
const INPUT = Buffer.allocUnsafeSlow(64 * 1024);

/** Sockets that are open: where there are several, what is sent leaves when the input of all of them has been read. */
let open = 0;

/**
 * The least that a client on one socket can do: frames encoded beforehand leave in one write for each turn of the
 * event loop, and replies are counted by their length and never looked at. With `own`, each caller gets a Buffer of its
 * own with exactly its value, which is the least that a client of Buffers can do.
 */
export class RawSocket {
  /** Given every chunk, while it is set. */
  onChunk: ((chunk: Buffer) => void) | undefined;
  #socket!: net.Socket;
  readonly #settles = new Array<Settled | undefined>(CAPACITY);
  readonly #frames = new Array<Frame | undefined>(CAPACITY);
  readonly #own: boolean;
  /** The value at the head, where a part of it has come. */
  #value: Buffer | undefined;
  readonly #lengths = new Float64Array(CAPACITY);
  #head = 0;
  #tail = 0;
  /** Bytes that came and belong to the reply at the head. */
  #received = 0;
  #output: Buffer[] = [];
  #outputLength = 0;
  #large = false;
  readonly #flush = (): void => this.#writeAll();

  private constructor(own: boolean) {
    this.#own = own;
  }

  #attach(socket: net.Socket): void {
    this.#socket = socket;
    open++;
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The server closed the connection')));
  }

  static async connect(address: Address, own: boolean, ca?: string): Promise<RawSocket> {
    const floor = new RawSocket(own);
    const socket = ca === undefined ? connectPlain(address, floor) : tls.connect({ ...address, ca });
    if (ca !== undefined) socket.on('data', (chunk: Buffer) => floor.take(chunk));
    socket.setNoDelay(true);
    await once(socket, ca === undefined ? 'connect' : 'secureConnect');
    floor.#attach(socket);
    return floor;
  }

  send(frame: Frame, settle: Settled): void {
    if (this.#tail - this.#head === CAPACITY)
      throw new Error('More commands in flight than the raw socket has room for');
    const place = this.#tail++ & MASK;
    this.#settles[place] = settle;
    this.#lengths[place] = frame.replyLength;
    if (this.#own) this.#frames[place] = frame;
    if (this.#output.length === 0) {
      if (open > 1) setImmediate(this.#flush);
      else process.nextTick(this.#flush);
    }
    this.#output.push(frame.request);
    this.#outputLength += frame.request.length;
    if (frame.request.length >= LARGE) this.#large = true;
  }

  close(): void {
    if (!this.#socket.destroyed) open--;
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

  /** Takes input, whose memory is only lent. */
  take(chunk: Buffer): void {
    // A copy: whoever looks at it keeps it.
    this.onChunk?.(Buffer.from(chunk));
    /** Where the reply at the head begins in the chunk; before it, where a part of it has come already. */
    let start = -this.#received;
    let received = this.#received + chunk.length;
    while (this.#head !== this.#tail) {
      const place = this.#head & MASK;
      const length = this.#lengths[place] as number;
      const value = this.#own ? this.#valueOf(place, chunk, start, received >= length) : undefined;
      if (received < length) break;
      received -= length;
      start += length;
      this.#head++;
      const settle = this.#settles[place] as Settled;
      this.#settles[place] = undefined;
      settle(undefined, value);
    }
    this.#received = received;
    if (received > 0 && this.#head === this.#tail) this.#fail(new Error('A reply was longer than it should be'));
  }

  /** Copies what has come of a value; gives it where the reply is whole. */
  #valueOf(place: number, chunk: Buffer, start: number, whole: boolean): Buffer | undefined {
    const { valueStart, valueLength } = this.#frames[place] as Frame;
    if (valueLength === 0) return undefined;
    const from = start + valueStart;
    const end = from + valueLength;
    if (chunk.length <= from) return undefined;
    this.#value ??= Buffer.allocUnsafe(valueLength);
    const value = this.#value;
    const first = Math.max(0, from);
    value.set(chunk.subarray(first, Math.min(end, chunk.length)), first - from);
    if (!whole) return undefined;
    this.#value = undefined;
    return value;
  }

  #fail(error: Error): void {
    this.close();
    while (this.#head !== this.#tail) this.#settles[this.#head++ & MASK]?.(error);
  }
}

/** Reads into one block of memory, as memts does. */
function connectPlain(address: Address, floor: RawSocket): net.Socket {
  return net.connect({
    ...address,
    onread: {
      buffer: INPUT,
      callback: (length) => {
        floor.take(INPUT.subarray(0, length));
        return true;
      },
    },
  });
}
