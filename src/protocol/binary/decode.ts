import { Assembler } from '../assembler.ts';
import { desynchronised, notAResponse } from '../desynchronised.ts';
import { InputMemory, ValueWindow } from '../input-memory.ts';
import { Op } from '../op.ts';
import type { Decoder, ReplyQueue } from '../protocol.ts';
import type { Request, WireKey } from '../request.ts';
import { Reply } from '../request.ts';
import { Status } from '../status.ts';
import { copyOut } from '../value-pool.ts';
import { GETQ, HEADER_BYTES, MAX_BODY_BYTES, MAX_WORDS_BYTES, RESPONSE_MAGIC } from './constants.ts';
import { batchOpcode } from './encode.ts';
import { parseMessage } from './message.ts';

/** Decodes responses (`protocol-binary.txt`, "Response header"). Frames that are whole in a chunk are read in place. */
export class BinaryDecoder implements Decoder {
  readonly #queue: ReplyQueue;
  readonly #reply = new Reply();
  readonly #input = new InputMemory();
  readonly #assembler = new Assembler(this.#input);
  readonly #window = new ValueWindow(this.#input);
  /** The part of a header that has come so far. */
  readonly #partial = Buffer.alloc(HEADER_BYTES);
  #partialBytes = 0;
  /** The first key of the batch under way that has not been passed yet. */
  #nextIndex = 0;

  constructor(queue: ReplyQueue) {
    this.#queue = queue;
  }

  room(): Buffer {
    const memory = this.#assembler.active ? this.#assembler.room() : undefined;
    if (memory !== undefined) return memory;
    const waiting = this.#queue.head() !== undefined;
    if (!waiting) {
      // Nothing of the response before is held on to.
      this.#reply.reset(Status.Ok);
      this.#window.forget();
    }
    return this.#input.next(waiting);
  }

  close(): void {
    this.#input.end();
  }

  decode(lent: Buffer, start: number, lentEnd: number): void {
    const assembler = this.#assembler;
    const input = this.#input;
    const chunk = input.begin(lent, lentEnd);
    const end = lentEnd + input.came;
    this.#window.begin(end);
    let at = this.#partialBytes === 0 ? start : this.#completeHeader(chunk, start, end);
    if (assembler.active) {
      at = assembler.fill(chunk, at, end);
      if (!assembler.complete) return;
      const frame = assembler.take();
      if (!this.#frame(frame, 0, frame.length, true)) return;
    }
    while (at < end) {
      if (chunk[at] !== RESPONSE_MAGIC) {
        throw notAResponse(chunk, at, end, 'bytes came that are no response in the binary protocol');
      }
      if (end - at < HEADER_BYTES) {
        this.#keepHeader(chunk, at, end);
        return;
      }
      const frameEnd = at + HEADER_BYTES + this.#checkHeader(chunk, at);
      if (frameEnd > end) {
        if (input.hold(at, frameEnd - at)) return;
        assembler.begin(frameEnd - at);
        assembler.fill(chunk, at, end);
        return;
      }
      if (!this.#frame(chunk, at, frameEnd, false)) return;
      at = frameEnd;
    }
  }

  #keepHeader(chunk: Buffer, start: number, end: number): void {
    chunk.copy(this.#partial, this.#partialBytes, start, end);
    this.#partialBytes += end - start;
  }

  /** Takes the rest of a header, as far as it has come, and returns where the rest of the chunk begins. */
  #completeHeader(chunk: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + HEADER_BYTES - this.#partialBytes);
    this.#keepHeader(chunk, start, stop);
    if (this.#partialBytes === HEADER_BYTES) {
      this.#partialBytes = 0;
      this.#assembler.begin(HEADER_BYTES + this.#checkHeader(this.#partial, 0));
      this.#assembler.fill(this.#partial, 0, HEADER_BYTES);
    }
    return stop;
  }

  /** Checks what no sound header can say and returns the length of the body. */
  #checkHeader(chunk: Buffer, at: number): number {
    const bodyLength = readUint32(chunk, at + 8);
    if (bodyLength > MAX_WORDS_BYTES && (bodyLength > MAX_BODY_BYTES || !this.#mayBeLarge(chunk, at))) {
      throw desynchronised('a frame of an impossible length came');
    }
    if (keyLengthOf(chunk, at) + (chunk[at + 4] as number) > bodyLength) {
      throw desynchronised('a frame whose parts are longer than the whole came');
    }
    return bodyLength;
  }

  /** Only values are large, and what answers a frame that the caller built. */
  #mayBeLarge(chunk: Buffer, at: number): boolean {
    if (this.#queue.head()?.op === Op.Raw) return true;
    const opcode = chunk[at + 1] as number;
    const isRead = opcode === Op.Get || opcode === GETQ || opcode === Op.GetAndTouch;
    return isRead && chunk[at + 6] === 0 && chunk[at + 7] === 0;
  }

  /** Hands on one whole frame, which may be kept if `owned`; false when the connection is over. */
  #frame(chunk: Buffer, start: number, end: number, owned: boolean): boolean {
    const request = this.#queue.head();
    if (request === undefined) throw desynchronised('a response came that nothing was waiting for');
    if (request.keys !== undefined) return this.#batchFrame(request, request.keys, chunk, start, end, owned);
    const opcode = chunk[start + 1] as number;
    if (opcode !== (request.op === Op.Raw ? (request.value as Uint8Array)[1] : request.op)) {
      throw desynchronised('a response to another command came');
    }
    if (readUint32(chunk, start + 12) !== request.opaque) throw desynchronised('a response with another opaque came');

    const reply = this.#reply.reset(((chunk[start + 6] as number) << 8) | (chunk[start + 7] as number));
    if (request.op === Op.Raw) this.#fillRaw(opcode, chunk, start, end);
    else if (reply.status !== Status.Ok) fillError(reply, request, chunk, start, end);
    else this.#fill(request, chunk, start, end, owned);
    return this.#queue.deliver(reply);
  }

  /** Part of the response to a batch: the opaque tells which key it is about, in the order of the keys. */
  #batchFrame(
    request: Request,
    keys: readonly WireKey[],
    chunk: Buffer,
    start: number,
    end: number,
    owned: boolean,
  ): boolean {
    const reads = request.op === Op.GetMulti;
    const index = (readUint32(chunk, start + 12) - request.opaque) >>> 0;
    const last = reads ? keys.length - 1 : keys.length;
    if (index < this.#nextIndex || index > last) throw desynchronised('a response with another opaque came');
    if (chunk[start + 1] !== batchOpcode(request.op, index, keys.length))
      throw desynchronised('a response to another command came');
    this.#nextIndex = index === last ? 0 : index + 1;

    const reply = this.#reply.reset(((chunk[start + 6] as number) << 8) | (chunk[start + 7] as number));
    reply.more = reads || index < last;
    reply.index = index;
    if (reply.status !== Status.Ok) reply.value = copyOut(chunk, start + HEADER_BYTES, end);
    else if (reads) this.#fillValue(chunk, start + HEADER_BYTES, end, owned);
    if (request.returnCas) reply.cas = chunk.readBigUInt64BE(start + 16);
    if (!this.#queue.deliver(reply)) return false;
    if (!reads || index < last) return true;
    // Nothing comes behind the response about the last key.
    reply.reset(Status.Ok).index = keys.length;
    return this.#queue.deliver(reply);
  }

  #fill(request: Request, chunk: Buffer, start: number, end: number, owned: boolean): void {
    const reply = this.#reply;
    const extrasAt = start + HEADER_BYTES;
    switch (request.op) {
      case Op.Get:
      case Op.GetAndTouch:
        this.#fillValue(chunk, extrasAt, end, owned);
        break;
      case Op.Increment:
      case Op.Decrement:
        if (end - extrasAt !== 8) throw desynchronised('a counter has not 8 bytes');
        reply.counter = readCounter(chunk, extrasAt);
        break;
      case Op.Stat:
        fillStatistic(reply, chunk, start, end);
        break;
      default:
        if (end > extrasAt) reply.value = copyOut(chunk, extrasAt, end);
    }
    if (request.returnCas) reply.cas = chunk.readBigUInt64BE(start + 16);
  }

  /** The extras, which are the client flags, and the value behind them; a key in between (GETK) is never asked for. */
  #fillValue(chunk: Buffer, extrasAt: number, end: number, owned: boolean): void {
    const reply = this.#reply;
    const extrasLength = chunk[extrasAt - 20] as number;
    const valueAt = extrasAt + extrasLength;
    if (keyLengthOf(chunk, extrasAt - HEADER_BYTES) !== 0) throw desynchronised('a key came that was not asked for');
    if (extrasLength === 4) {
      this.#window.fill(reply, readUint32(chunk, extrasAt), chunk, valueAt, end, owned);
    } else {
      reply.extras = copyOut(chunk, extrasAt, valueAt);
      reply.value = copyOut(chunk, valueAt, end);
    }
  }

  /** The caller's own frame gets the whole response; of several responses to it (statistics) the last is an empty one. */
  #fillRaw(opcode: number, chunk: Buffer, start: number, end: number): void {
    this.#reply.frame = parseMessage(copyOut(chunk, start, end));
    this.#reply.more = opcode === Op.Stat && this.#reply.status === Status.Ok && end > start + HEADER_BYTES;
  }
}

/** What the server says to it; that it takes no flush is a matter of authority to the binary protocol. */
function fillError(reply: Reply, { op }: Request, chunk: Buffer, start: number, end: number): void {
  if (op === Op.Flush && reply.status === Status.AuthError) reply.status = Status.FlushOff;
  reply.value = copyOut(chunk, start + HEADER_BYTES, end);
}

/** A statistic a frame; one without a body ends them ("Stat"). */
function fillStatistic(reply: Reply, chunk: Buffer, start: number, end: number): void {
  const keyAt = start + HEADER_BYTES + (chunk[start + 4] as number);
  const keyEnd = keyAt + keyLengthOf(chunk, start);
  reply.more = end > start + HEADER_BYTES;
  if (!reply.more) return;
  reply.key = copyOut(chunk, keyAt, keyEnd);
  reply.value = copyOut(chunk, keyEnd, end);
}

function keyLengthOf(chunk: Buffer, at: number): number {
  return ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number);
}

function readUint32(chunk: Buffer, at: number): number {
  return (
    (((chunk[at] as number) << 24) |
      ((chunk[at + 1] as number) << 16) |
      ((chunk[at + 2] as number) << 8) |
      (chunk[at + 3] as number)) >>>
    0
  );
}

function readCounter(chunk: Buffer, at: number): number | bigint {
  const high = readUint32(chunk, at);
  if (high > 0x1fffff) return chunk.readBigUInt64BE(at);
  return high * 0x100000000 + readUint32(chunk, at + 4);
}
