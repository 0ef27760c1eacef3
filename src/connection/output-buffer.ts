import type { Duplex } from 'node:stream';
import { nextTick, setImmediate } from '../clock.ts';
import type { Output } from '../protocol/protocol.ts';
import type { Request } from '../protocol/request.ts';

/** Blocks of one size that nobody uses now, for all connections: new ones cost more than what is written into them. */
class SpareBlocks {
  readonly bytes: number;
  /** Places that stay, since an array that is emptied and filled again takes new memory each time. */
  readonly places: (Buffer<ArrayBuffer> | undefined)[];
  count = 0;

  /** At most 1 MB of them is kept. */
  constructor(bytes: number) {
    this.bytes = bytes;
    this.places = new Array(2 ** 20 / bytes).fill(undefined);
  }
}

const LARGE = new SpareBlocks(64 * 1024);

/** What a turn begins with: many write no more, as those of each of many servers, and there are enough for 256 at once. */
const SMALL = new SpareBlocks(4 * 1024);

/** So many of one connection's are kept until the socket lets go of them. */
const MOST_FULL = 8;

/** About as much goes to the socket at a time: what it has can't be taken back. */
const ENOUGH_BYTES = 256 * 1024;

/** What a connection has in the place of a block while it writes nothing. */
const NO_BLOCK: Buffer<ArrayBuffer> = Buffer.alloc(0);

/**
 * Gathers what the commands of a turn write, for one write to the socket. It has a block only until the socket has passed
 * on all that was written, which is mostly at once; a large value is passed on as it is, between two pieces of a block.
 */
export class OutputBuffer implements Output {
  buffer = NO_BLOCK;
  position = 0;
  /** Whether it has a block. */
  holds = false;
  /** Whether there is enough for one write. */
  enough = false;
  /** How many values it has that were not copied. */
  attached = 0;
  /** Where what has not been sealed yet begins. */
  #start = 0;
  #sealed: Uint8Array[] = [];
  #sealedBytes = 0;
  /** Which of the sealed pieces are values as they are. */
  #attachedAt: number[] = [];
  /** Whose values these are, and of whom the socket may still hold some. */
  #lenders: Request[] = [];
  readonly #lent = new Set<Request>();
  /** Full blocks, which the socket may still hold on to. */
  #full: Buffer<ArrayBuffer>[] = [];

  /** How much there is to write. */
  get bytes(): number {
    return this.#sealedBytes + this.position - this.#start;
  }

  /** Gives the blocks back; only to be called when the socket holds on to nothing. */
  rewind(): void {
    if (this.#lent.size > 0) this.#lent.clear();
    if (!this.holds || this.position > this.#start || this.#sealed.length > 0) return;
    this.holds = false;
    for (let block: typeof this.buffer | undefined = this.buffer; block !== undefined; block = this.#full.pop()) {
      const spare = block.length === SMALL.bytes ? SMALL : LARGE;
      if (block.length === spare.bytes && spare.count < spare.places.length) spare.places[spare.count++] = block;
    }
    this.buffer = NO_BLOCK;
    this.position = 0;
    this.#start = 0;
  }

  reserve(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.#beginBlock(bytes);
  }

  attach(chunk: Uint8Array): void {
    this.#seal();
    this.#attachedAt.push(this.#sealed.length);
    this.attached++;
    this.#sealed.push(chunk);
    this.#countSealed(chunk.length);
  }

  /** Notes whose the values are that were attached last; long text has been converted, into memory of our own. */
  borrow(request: Request): void {
    if (typeof request.value !== 'string') this.#lenders.push(request);
  }

  /**
   * Lets the owner of a request's values use them again, by copying what is still here; false when the socket may hold on
   * to them.
   */
  giveBack(request: Request): boolean {
    if (this.#lent.has(request)) return false;
    if (this.#lenders.length === 0) return true;
    for (const index of this.#attachedAt) this.#sealed[index] = Buffer.from(this.#sealed[index] as Uint8Array);
    this.#attachedAt = [];
    this.attached = 0;
    this.#lenders = [];
    return true;
  }

  /**
   * Hands everything to the socket in one write; false when the socket wants no more until it drains. Throws, with nothing
   * written, where the memory of a value was transferred since: the server would take what comes next for the rest of it.
   */
  flush(socket: Duplex): boolean {
    if (this.#sealed.length === 0) {
      const written = this.buffer.subarray(this.#start, this.position);
      this.#start = this.position;
      return socket.write(written);
    }
    this.#seal();
    const chunks = this.#sealed;
    let bytes = this.#sealedBytes;
    for (const chunk of chunks) bytes -= chunk.length;
    this.#sealed = [];
    this.#sealedBytes = 0;
    this.enough = false;
    if (this.#attachedAt.length > 0) this.#lend();
    if (bytes !== 0) throw new Error('The memory of a value was transferred before it had left');
    socket.cork();
    let more = true;
    for (const chunk of chunks) more = socket.write(chunk);
    socket.uncork();
    return more;
  }

  #lend(): void {
    for (const request of this.#lenders) this.#lent.add(request);
    this.#lenders = [];
    this.#attachedAt = [];
    this.attached = 0;
  }

  #beginBlock(bytes: number): void {
    const { buffer, position } = this;
    // What a small block has goes on in a large one, so that one piece leaves.
    const moved = buffer.length === SMALL.bytes ? position - this.#start : 0;
    if (moved === 0 && position > this.#start) this.#seal();
    if (this.holds && this.#full.length < MOST_FULL) this.#full.push(buffer);
    const spare = this.holds || bytes > SMALL.bytes ? LARGE : SMALL;
    this.holds = true;
    const needed = moved + bytes;
    const used = needed <= spare.bytes && spare.count > 0 ? spare.places[--spare.count] : undefined;
    if (used !== undefined) spare.places[spare.count] = undefined;
    this.buffer = used ?? Buffer.allocUnsafeSlow(Math.max(needed, spare.bytes));
    if (moved > 0) buffer.copy(this.buffer, 0, this.#start, position);
    this.position = moved;
    this.#start = 0;
  }

  #seal(): void {
    if (this.position === this.#start) return;
    this.#sealed.push(this.buffer.subarray(this.#start, this.position));
    this.#countSealed(this.position - this.#start);
    this.#start = this.position;
  }

  #countSealed(bytes: number): void {
    this.#sealedBytes += bytes;
    this.enough = this.#sealedBytes >= ENOUGH_BYTES;
  }
}

let count = 0;
/** The connection whose turn began last. */
let last = 0;

/**
 * Says when the commands leave that a connection gathers. One that works alone writes as soon as the code that called it
 * has returned. Where several do, the responses of one lead to commands for the others: then each of them waits until the
 * event loop has read all input there is, and one write carries what would have been many.
 */
export class Turn {
  readonly #number = ++count;
  readonly #end: () => void;
  readonly #inRecords: boolean;
  #first = true;

  /** `inRecords`: input comes in several pieces for one read of the socket, as it does with TLS. */
  constructor(end: () => void, inRecords: boolean) {
    this.#end = end;
    this.#inRecords = inRecords;
  }

  /**
   * Calls `end` once, at the end of the turn. What comes first on a connection does not wait: a server that refuses a
   * certificate closes at once, and says why only to who has written before.
   */
  begin(): void {
    const alone = last === this.#number && !this.#inRecords;
    last = this.#number;
    if (alone || this.#first) nextTick(this.#end);
    else setImmediate(this.#end);
    this.#first = false;
  }
}
