import type { MemcacheError } from '../../errors.ts';
import { beginsWith, desynchronised } from '../desynchronised.ts';
import { MAX_UINT32 } from '../limits.ts';
import { factsOf, Op } from '../op.ts';
import { isPlainKey } from '../plain-key.ts';
import type { ReplyQueue } from '../protocol.ts';
import type { Request, WireKey } from '../request.ts';
import { Status } from '../status.ts';
import { BatchProgress } from '../text/batch.ts';
import {
  isKey,
  isText,
  NO_NUMBER,
  readCounter,
  readNumber,
  readUint64,
  TextDecoder,
  wordEnd,
} from '../text/decoder.ts';
import { readError, unasked, unexpected } from '../text/errors.ts';
import { readStatistic, readVersion, wordStatus } from '../text/simple-replies.ts';
import { isNoreply, KEYS_PER_LINE } from './encode.ts';
import { GetBatchProgress } from './get-batch.ts';

const V = 0x56;
const ZERO = 0x30;
const NINE = 0x39;

/** Decodes responses in the classic protocol, which has no opaque: a response must fit what the head asks, and its key. */
export class ClassicDecoder extends TextDecoder {
  readonly #batch: BatchProgress;
  readonly #gets: GetBatchProgress;
  /** Whether the value has come and its `END` has not; it is in the reply meanwhile. */
  #hit = false;
  /** The CAS in the line of the value that follows. */
  #cas = 0n;
  /** Which key of a batch the value that follows belongs to. */
  #valueIndex = 0;

  constructor(queue: ReplyQueue) {
    super(queue);
    this.#batch = new BatchProgress(queue, this.reply, isPlainKey);
    this.#gets = new GetBatchProgress(queue, this.reply);
  }

  protected override line(bytes: Buffer, start: number, end: number): boolean {
    const request = this.queue.head();
    if (request === undefined) throw unasked(bytes, start, end);
    const { op, keys } = request;
    if (op === Op.Get || op === Op.GetAndTouch) return this.#getLine(request, bytes, start, end);
    if (keys !== undefined) return this.#batchLine(request, keys, bytes, start, end);
    this.#readAnswer(answeredAs(op, request.key), bytes, start, end);
    return this.queue.deliver(this.reply);
  }

  protected override block(bytes: Buffer, start: number, end: number, owned: boolean): boolean {
    const { reply } = this;
    reply.reset(Status.Ok).cas = this.#cas;
    this.window.fill(this.reply, this.flags, bytes, start, end, owned);
    if (this.queue.head()?.op === Op.GetMulti) return this.#gets.deliver(this.#valueIndex);
    this.#hit = true;
    return true;
  }

  /** A proxy hangs up behind an error in a batch; what has come is all that comes. */
  ended(): void {
    const keys = this.queue.head()?.keys;
    if (keys !== undefined && this.#gets.failed) this.#gets.end(keys);
  }

  /** At most one value, and `END` ("Retrieval command"). */
  #getLine(request: Request, bytes: Buffer, start: number, end: number): boolean {
    if (this.#hit) {
      if (!isText(bytes, start, end, 'END')) throw unexpected();
      this.#hit = false;
      return this.queue.deliver(this.reply);
    }
    if (bytes[start] === V) {
      const keyEnd = keyEndOf(bytes, start, end);
      if (!isKey(bytes, start + VALUE.length, keyEnd, request.key)) throw anotherKey();
      this.#readValueLine(request, bytes, keyEnd, end);
      return true;
    }
    if (isText(bytes, start, end, 'END')) this.reply.reset(Status.Miss);
    else if (!readError(request.op, bytes, start, end, this.reply)) throw unexpected();
    return this.queue.deliver(this.reply);
  }

  /** The values of one line of a batch, and `END`; behind all lines the version. */
  #getsLine(request: Request, keys: readonly WireKey[], bytes: Buffer, start: number, end: number): boolean {
    const gets = this.#gets;
    if (!gets.begin(keys, request.gathered ? keys.length : KEYS_PER_LINE)) return false;
    const { lineOpen, failed } = gets;
    if (bytes[start] === V && beginsWith(bytes, start, end, VALUE)) {
      const keyEnd = keyEndOf(bytes, start, end);
      this.#valueIndex = lineOpen ? gets.find(keys, bytes, start + VALUE.length, keyEnd) : -1;
      if (this.#valueIndex < 0) throw anotherKey();
      this.#readValueLine(request, bytes, keyEnd, end);
      return true;
    }
    if (lineOpen && isText(bytes, start, end, 'END')) return gets.endLine(keys);
    if (readError(Op.Get, bytes, start, end, this.reply)) return lineOpen ? gets.failLine(keys) : gets.end(keys);
    if ((lineOpen && !failed) || readVersion(bytes, start, end) === undefined) throw unexpected();
    return gets.end(keys);
  }

  /** The response to one of the commands that a batch was sent as. */
  #batchLine(request: Request, keys: readonly WireKey[], bytes: Buffer, start: number, end: number): boolean {
    if (request.op === Op.GetMulti) return this.#getsLine(request, keys, bytes, start, end);
    const batch = this.#batch;
    if (batch.index === 0 && !batch.skip(keys)) return false;
    if (batch.index === keys.length) {
      return this.#versionOfNothing(bytes, start, end) ? batch.end(keys) : batch.fail();
    }
    this.#readAnswer(answeredAs(factsOf(request.op).single, keys[batch.index] as WireKey), bytes, start, end);
    return batch.next(request, keys);
  }

  /** Whether the response is the version; an error is left in the reply. */
  #versionOfNothing(bytes: Buffer, start: number, end: number): boolean {
    this.#readAnswer(Op.Noop, bytes, start, end);
    return this.reply.status === Status.Ok;
  }

  /** `VALUE <key> <flags> <bytes> [<cas unique>]`, from behind the key on. */
  #readValueLine(request: Request, bytes: Buffer, keyEnd: number, end: number): void {
    const flagsEnd = wordEnd(bytes, keyEnd + 1, end);
    const bytesEnd = wordEnd(bytes, flagsEnd + 1, end);
    this.flags = readNumber(bytes, keyEnd + 1, flagsEnd);
    if (this.flags === NO_NUMBER || this.flags > MAX_UINT32) throw desynchronised('client flags are no number');
    this.expectBlock(readNumber(bytes, flagsEnd + 1, bytesEnd));
    if (bytesEnd < end) this.#cas = BigInt(readUint64(bytes, bytesEnd + 1, end, 'a CAS'));
    else if (request.returnCas) throw desynchronised('a response without the CAS that was asked for came');
  }

  /** Reads a response of one line into the reply. */
  #readAnswer(op: Op, bytes: Buffer, start: number, end: number): void {
    const { reply } = this;
    const first = bytes[start] as number;
    if ((op === Op.Increment || op === Op.Decrement) && first >= ZERO && first <= NINE) {
      reply.reset(Status.Ok).counter = readCounter(bytes, start, end);
      return;
    }
    if (op === Op.Stat && readStatistic(bytes, start, end, reply)) return;
    const status = wordStatus(op, bytes, start, end);
    if (status !== undefined) {
      reply.reset(status);
      return;
    }
    if (readError(op, bytes, start, end, reply)) return;
    const version = op === Op.Version || op === Op.Noop ? readVersion(bytes, start, end) : undefined;
    if (version === undefined) throw unexpected();
    reply.reset(Status.Ok).value = op === Op.Version ? version : null;
  }
}

const VALUE = 'VALUE ';

/** A key that can't end a line is deleted by a touch. */
function answeredAs(op: Op, key: WireKey): Op {
  return op === Op.Delete && isNoreply(key) ? Op.Touch : op;
}

/** Where the key of a `VALUE` line ends. */
function keyEndOf(bytes: Buffer, start: number, end: number): number {
  if (!beginsWith(bytes, start, end, VALUE)) throw unexpected();
  return wordEnd(bytes, start + VALUE.length, end);
}

function anotherKey(): MemcacheError {
  return desynchronised('a value came for another key');
}
