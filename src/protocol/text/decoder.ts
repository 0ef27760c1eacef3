import { Assembler } from '../assembler.ts';
import { desynchronised } from '../desynchronised.ts';
import { InputMemory, ValueWindow } from '../input-memory.ts';
import { MAX_ITEM_BYTES, MAX_UINT64 } from '../limits.ts';
import { SPACE } from '../plain-key.ts';
import type { Decoder, ReplyQueue } from '../protocol.ts';
import { Reply } from '../request.ts';
import { Status } from '../status.ts';
import { CR, LF } from './write.ts';

/** The longest line that is believed, its end included; a key, its flags and any statistic fit in well. */
const MAX_LINE_BYTES = 8192;

/** No data block belongs to the line that came last. */
export const NO_BLOCK = -1;

/** Where decoding stands when the connection is over. */
const OVER = -1;

/**
 * Finds the lines and the data blocks in the stream of a text protocol (`protocol.txt`, "Protocol"). What is whole in
 * a chunk is read in place; what is not is gathered, each byte once.
 */
export abstract class TextDecoder implements Decoder {
  protected readonly queue: ReplyQueue;
  protected readonly reply = new Reply();
  /** The length of the data block that follows the line, or {@link NO_BLOCK}; set by {@link line}. */
  protected blockBytes = NO_BLOCK;
  /** The client flags of the value that follows; set by {@link line}. */
  protected flags = 0;
  /** Puts a value with its client flags into the reply. */
  protected readonly window: ValueWindow;

  /** The part of a line that has come so far. */
  #partial: Buffer = Buffer.alloc(0);
  #partialBytes = 0;
  readonly #input = new InputMemory();
  readonly #assembler = new Assembler(this.#input);

  constructor(queue: ReplyQueue) {
    this.queue = queue;
    this.window = new ValueWindow(this.#input);
  }

  /** Takes a line from `start` to `end`, where its CR LF is; false when the connection is over. */
  protected abstract line(bytes: Buffer, start: number, end: number): boolean;

  /**
   * Takes a line that it can read in one pass, without looking for its end first, and returns where the next begins;
   * `start` for any other line, and where its end has not come.
   */
  protected commonLine(_bytes: Buffer, start: number, _end: number): number {
    return start;
  }

  /** Takes a data block without its end, which may be kept if `owned`; false when the connection is over. */
  protected abstract block(bytes: Buffer, start: number, end: number, owned: boolean): boolean;

  room(): Buffer {
    const memory = this.#assembler.active ? this.#assembler.room() : undefined;
    if (memory !== undefined) return memory;
    const waiting = this.queue.head() !== undefined;
    if (!waiting) {
      // Nothing of the response before is held on to.
      this.reply.reset(Status.Ok);
      this.window.forget();
    }
    return this.#input.next(waiting);
  }

  close(): void {
    this.#input.end();
  }

  decode(lent: Buffer, start: number, lentEnd: number): void {
    const chunk = this.#input.begin(lent, lentEnd);
    const end = lentEnd + this.#input.came;
    this.window.begin(end);
    let at = start;
    while (at !== OVER && at < end) {
      at = this.blockBytes === NO_BLOCK ? this.#readLine(chunk, at, end) : this.#readBlock(chunk, at, end);
    }
  }

  /** The length of the data block that a line announces. */
  protected expectBlock(bytes: number): void {
    if (bytes < 0 || bytes > MAX_ITEM_BYTES) throw desynchronised('a value of an impossible length came');
    this.blockBytes = bytes;
  }

  /** Reads what there is of a line and returns where the rest of the chunk begins. */
  #readLine(chunk: Buffer, start: number, end: number): number {
    let at = this.#partialBytes === 0 ? this.commonLine(chunk, start, end) : start;
    if (at - start > MAX_LINE_BYTES) throw endlessLine();
    if (at !== start) return at;
    while (at < end && chunk[at] !== LF) at++;
    if (at === end) {
      this.#keepPartial(chunk, start, end);
      return end;
    }
    let goesOn: boolean;
    if (this.#partialBytes === 0) {
      goesOn = this.#wholeLine(chunk, start, at);
    } else {
      this.#keepPartial(chunk, start, at + 1);
      const length = this.#partialBytes;
      this.#partialBytes = 0;
      goesOn = this.#wholeLine(this.#partial, 0, length - 1);
    }
    return goesOn ? at + 1 : OVER;
  }

  /** Takes a line up to its LF. */
  #wholeLine(bytes: Buffer, start: number, lineFeed: number): boolean {
    if (lineFeed - start >= MAX_LINE_BYTES) throw endlessLine();
    if (lineFeed === start || bytes[lineFeed - 1] !== CR)
      throw desynchronised('a line came that does not end as lines do');
    return this.line(bytes, start, lineFeed - 1);
  }

  #keepPartial(chunk: Buffer, start: number, end: number): void {
    const bytes = this.#partialBytes + end - start;
    if (bytes > MAX_LINE_BYTES) throw endlessLine();
    if (bytes > this.#partial.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(MAX_LINE_BYTES, Math.max(256, bytes * 2)));
      this.#partial.copy(larger, 0, 0, this.#partialBytes);
      this.#partial = larger;
    }
    chunk.copy(this.#partial, this.#partialBytes, start, end);
    this.#partialBytes = bytes;
  }

  /** Reads what there is of a data block and returns where the rest of the chunk begins. */
  #readBlock(chunk: Buffer, start: number, end: number): number {
    const { blockBytes } = this;
    const assembler = this.#assembler;
    let bytes = chunk;
    let from = start;
    let next = start + blockBytes + 2;
    const isWhole = next <= end && !assembler.active;
    if (!isWhole) {
      if (!assembler.active) {
        if (this.#input.hold(start, blockBytes + 2)) return end;
        assembler.begin(blockBytes + 2);
      }
      next = assembler.fill(chunk, start, end);
      if (!assembler.complete) return next;
      bytes = assembler.take();
      from = 0;
    }
    const blockEnd = from + blockBytes;
    if (bytes[blockEnd] !== CR || bytes[blockEnd + 1] !== LF)
      throw desynchronised('a value has not the length that was announced');
    this.blockBytes = NO_BLOCK;
    return this.block(bytes, from, blockEnd, !isWhole) ? next : OVER;
  }
}

function endlessLine(): Error {
  return desynchronised('a line came that does not end');
}

const ZERO = 0x30;
/** As many digits as surely fit a number. */
const SAFE_DIGITS = 15;

/** What {@link readNumber} returns for what is no number. */
export const NO_NUMBER = -1;

/** Reads a natural number of at most 15 digits; {@link NO_NUMBER} for anything else. */
export function readNumber(bytes: Buffer, start: number, end: number): number {
  if (end <= start || end - start > SAFE_DIGITS) return NO_NUMBER;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return NO_NUMBER;
    value = value * 10 + digit;
  }
  return value;
}

/** Where what {@link readDigits} read last ends. */
export let digitsEnd = 0;

/** Reads a natural number of at most 15 digits, as far as it goes; {@link NO_NUMBER} where there is none. */
export function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  let at = start;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  digitsEnd = at;
  return at === start || at - start > SAFE_DIGITS ? NO_NUMBER : value;
}

/** Reads an unsigned 64-bit number, a bigint past 2^53 − 1; anything else means a desynchronised stream. */
export function readUint64(bytes: Buffer, start: number, end: number, what: string): number | bigint {
  const value = readNumber(bytes, start, end);
  if (value !== NO_NUMBER) return value;
  if (end - start <= SAFE_DIGITS || end - start > 20) throw desynchronised(`${what} is no number`);
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) throw desynchronised(`${what} is no number`);
  }
  const large = BigInt(bytes.toString('latin1', start, end));
  if (large > MAX_UINT64) throw desynchronised(`${what} has more than 64 bits`);
  return large > Number.MAX_SAFE_INTEGER ? large : Number(large);
}

/** Reads a counter, which memcached may have padded with spaces. */
export function readCounter(bytes: Buffer, start: number, end: number): number | bigint {
  let last = end;
  while (last > start && bytes[last - 1] === SPACE) last--;
  return readUint64(bytes, start, last, 'a counter');
}

/** Where the word that begins at `start` ends: at a space, a CR or `end`. */
export function wordEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE && bytes[at] !== CR) at++;
  return at;
}

/** Whether the bytes are exactly a text of ASCII. */
export function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether the bytes are exactly a key. */
export function isKey(bytes: Buffer, start: number, end: number, key: string | Uint8Array): boolean {
  if (typeof key !== 'string') {
    if (end - start !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false;
    return true;
  }
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit > 0x7f) return isKey(bytes, start, end, Buffer.from(key));
    if (start + i >= end || bytes[start + i] !== unit) return false;
  }
  return end - start === key.length;
}
