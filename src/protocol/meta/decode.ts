import type { MemcacheError } from '../../errors.ts';
import { factsOf, Op } from '../op.ts';
import { outOfStep } from '../out-of-step.ts';
import type { ReplyQueue } from '../protocol.ts';
import type { Request, WireKey } from '../request.ts';
import { Status } from '../status.ts';
import { BatchProgress } from '../text/batch.ts';
import { TextDecoder } from '../text/decoder.ts';
import { readError, unasked, unexpected } from '../text/errors.ts';
import {
  digitsEnd,
  isText,
  NO_NUMBER,
  readCounter,
  readDigits,
  readNextNumber,
  readUint64,
  wordEnd,
} from '../text/read.ts';
import { readStatistic, readVersion, wordStatus } from '../text/simple-replies.ts';
import { CR, LF, SPACE } from '../text/write.ts';
import { canSay } from './encode.ts';

/** The two letters of a return code as one number. */
function code(letters: string): number {
  return (letters.charCodeAt(0) << 8) | letters.charCodeAt(1);
}

const VA = code('VA');
const HD = code('HD');
const EN = code('EN');
const NF = code('NF');
const NS = code('NS');
const EX = code('EX');
const MN = code('MN');

const LOWER_C = 0x63;
const LOWER_F = 0x66;
const LOWER_T = 0x74;
const UPPER_A = 0x41;
const UPPER_O = 0x4f;
const UPPER_V = 0x56;
const UPPER_W = 0x57;
const UPPER_X = 0x58;
const UPPER_Z = 0x5a;

const MAX_FLAGS = 0xffffffff;

/** Decodes answers in the meta protocol, and those in text to the commands that it has no form of its own for. */
export class MetaDecoder extends TextDecoder {
  private readonly batch: BatchProgress;
  /** What the flags of the line that came last said. */
  private sawOpaque = false;
  private sawFlags = false;
  private sawCas = false;
  /** Whether the right to compute the value was won, by this request or by another, and whether it is marked as old. */
  private won = false;
  private busy = false;
  private marked = false;
  private timeLeft = -1;

  constructor(queue: ReplyQueue) {
    super(queue);
    this.batch = new BatchProgress(queue, this.reply, canSay);
  }

  protected override line(bytes: Buffer, start: number, end: number): boolean {
    const request = this.queue.head();
    if (request === undefined) throw unasked(bytes, start, end);
    let { op, opaque } = request;
    if (request.keys !== undefined) {
      if (this.batch.index === 0 && !this.batch.skip(request.keys)) return false;
      if (this.batch.index === request.keys.length) return this.emptyBatch(request.keys, bytes, start, end);
      op = factsOf(op).single;
      opaque = (opaque + this.batch.index) >>> 0;
    }
    if (end - start > 2 && bytes[start + 2] !== SPACE) return this.textLine(request, op, bytes, start, end);

    const returned = end - start < 2 ? 0 : ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
    if (returned === VA) return this.valueLine(request, op, opaque, bytes, start, end);
    const status = statusOf(returned, op);
    if (status === undefined) return this.textLine(request, op, bytes, start, end);
    this.readFlags(opaque, bytes, start + 2, end);
    // Not every server echoes the opaque of a miss, and none that of a no-op.
    if (!this.sawOpaque && returned !== EN && returned !== MN) throw outOfStep('a response without its opaque came');
    if (request.returnCas && status === Status.Ok && !this.sawCas && op !== Op.Delete) throw noCas();
    this.reply.reset(status);
    return this.answer(request);
  }

  /** `VA <size> f<flags> O<opaque>`, the response to a plain get; all that is odd about it is left to {@link line}. */
  protected override commonLine(bytes: Buffer, start: number, end: number): number {
    if (bytes[start] !== UPPER_V || bytes[start + 1] !== UPPER_A || bytes[start + 2] !== SPACE) return start;
    const request = this.queue.head();
    if (request === undefined || request.op !== Op.Get || request.returnCas) return start;
    const size = readDigits(bytes, start + 3, end);
    let at = digitsEnd;
    if (size === NO_NUMBER || bytes[at] !== SPACE || bytes[at + 1] !== LOWER_F) return start;
    const flags = readDigits(bytes, at + 2, end);
    at = digitsEnd;
    if (flags === NO_NUMBER || flags > MAX_FLAGS || bytes[at] !== SPACE || bytes[at + 1] !== UPPER_O) return start;
    const opaque = readDigits(bytes, at + 2, end);
    at = digitsEnd;
    if (opaque !== request.opaque || at + 2 > end || bytes[at] !== CR || bytes[at + 1] !== LF) return start;
    this.expectBlock(size);
    this.flags = flags;
    this.won = false;
    this.busy = false;
    this.marked = false;
    this.timeLeft = -1;
    return at + 2;
  }

  protected override block(bytes: Buffer, start: number, end: number, owned: boolean): boolean {
    const request = this.queue.head();
    if (request === undefined) throw outOfStep('a value came that nothing was waiting for');
    this.reply.reset(Status.Ok);
    if (isCounter(request.op)) {
      this.reply.counter = readCounter(bytes, start, end);
    } else if (this.isStub(request, end - start)) {
      this.reply.reset(Status.Miss);
    } else {
      this.fillValue(bytes, start, end, owned);
      this.reply.won = this.won;
      this.reply.busy = this.busy;
      this.reply.timeLeft = this.timeLeft;
    }
    return this.answer(request);
  }

  /** What another's lease has put in the place of a value is no value; only a lease wants to know of it. */
  private isStub({ op }: Request, length: number): boolean {
    return length === 0 && this.busy && !this.marked && op !== Op.Lease;
  }

  /** `VA <size> <flags>*`. */
  private valueLine(request: Request, op: Op, opaque: number, bytes: Buffer, start: number, end: number): boolean {
    const counts = isCounter(op);
    if (!counts && op !== Op.Get && op !== Op.GetAndTouch && op !== Op.Lease) throw unexpected();
    this.expectBlock(readNextNumber(bytes, start + 3, end));
    this.readFlags(opaque, bytes, digitsEnd, end);
    if (!this.sawOpaque) throw outOfStep('a response without its opaque came');
    if (!this.sawFlags && !counts) throw outOfStep('a value without its client flags came');
    if (!this.sawCas && request.returnCas) throw noCas();
    return true;
  }

  /** Reads the flags that were asked for and passes over any other; each has a space in front. */
  private readFlags(opaque: number, bytes: Buffer, start: number, end: number): void {
    this.sawOpaque = false;
    this.sawFlags = false;
    this.sawCas = false;
    this.won = false;
    this.busy = false;
    this.marked = false;
    let at = start;
    while (at < end) {
      const tokenAt = at + 2;
      switch (bytes[at + 1]) {
        case UPPER_O:
          if (readNextNumber(bytes, tokenAt, end) !== opaque) throw outOfStep('a response with another opaque came');
          at = digitsEnd;
          this.sawOpaque = true;
          break;
        case LOWER_F:
          this.flags = readNextNumber(bytes, tokenAt, end);
          at = digitsEnd;
          if (this.flags === NO_NUMBER || this.flags > MAX_FLAGS) throw outOfStep('client flags are no number');
          this.sawFlags = true;
          break;
        case LOWER_C:
          at = wordEnd(bytes, tokenAt, end);
          this.reply.cas = BigInt(readUint64(bytes, tokenAt, at, 'a CAS'));
          this.sawCas = true;
          break;
        case LOWER_T:
          // "-1" is no number of seconds, and for ever.
          this.timeLeft = readNextNumber(bytes, tokenAt, end);
          at = digitsEnd;
          break;
        default:
          // A mark, or not asked for.
          this.readMark(bytes[at + 1]);
          at = wordEnd(bytes, at + 1, end);
      }
    }
  }

  /** Marks come unasked: the item is old, or somebody has won the right to compute its value. */
  private readMark(letter: number | undefined): void {
    if (letter === UPPER_W) this.won = true;
    else if (letter === UPPER_Z) this.busy = true;
    else if (letter === UPPER_X) this.marked = true;
  }

  /** An error, or the response to a command that is the classic protocol's. */
  private textLine(request: Request, op: Op, bytes: Buffer, start: number, end: number): boolean {
    const { reply } = this;
    if (op === Op.Stat && readStatistic(bytes, start, end, reply)) return this.queue.deliver(reply);
    const status = CLASSIC_OPS.has(op) ? wordStatus(op, bytes, start, end) : undefined;
    if (status !== undefined) {
      reply.reset(status);
      return this.queue.deliver(reply);
    }
    if (readError(op, bytes, start, end, reply)) return this.answer(request);
    const version = op === Op.Version ? readVersion(bytes, start, end) : undefined;
    if (version === undefined) throw unexpected();
    reply.reset(Status.Ok).value = version;
    return this.queue.deliver(reply);
  }

  /** A batch that nothing could be sent for has a no-op in its place. */
  private emptyBatch(keys: readonly WireKey[], bytes: Buffer, start: number, end: number): boolean {
    if (isText(bytes, start, end, 'MN')) return this.batch.end(keys);
    if (!readError(Op.Noop, bytes, start, end, this.reply)) throw unexpected();
    return this.batch.fail();
  }

  /** Hands on the reply; in a batch, if it has something to say about its key. */
  private answer(request: Request): boolean {
    return request.keys === undefined ? this.queue.deliver(this.reply) : this.batch.next(request, request.keys);
  }
}

function isCounter(op: Op): boolean {
  return op === Op.Increment || op === Op.Decrement;
}

type StatusByOp = Readonly<Partial<Record<Op, Status>>>;

/** What a return code means as the response to an op, in the binary protocol's terms; undefined when it is none. */
function statusOf(returned: number, op: Op): Status | undefined {
  switch (returned) {
    case HD:
      return DONE[op];
    case EN:
      return NO_ITEM[op];
    case NF:
      return NOT_FOUND[op];
    case NS:
      return NOT_STORED[op];
    case EX:
      return EXISTS[op];
    case MN:
      return op === Op.Noop ? Status.Ok : undefined;
    default:
      return undefined;
  }
}

const DONE: StatusByOp = { [Op.Touch]: Status.Ok, [Op.Delete]: Status.Ok, ...stores(Status.Ok) };
const NO_ITEM: StatusByOp = { [Op.Get]: Status.Miss, [Op.GetAndTouch]: Status.Miss, [Op.Touch]: Status.Miss };
const NOT_FOUND: StatusByOp = {
  ...changes(Status.Miss),
  [Op.Append]: Status.NotStored,
  [Op.Prepend]: Status.NotStored,
};
const NOT_STORED: StatusByOp = {
  ...stores(Status.NotStored),
  [Op.Add]: Status.Exists,
  [Op.Replace]: Status.Miss,
  [Op.Increment]: Status.NotStored,
  [Op.Decrement]: Status.NotStored,
};

const EXISTS: StatusByOp = changes(Status.Exists);

function stores(status: Status): StatusByOp {
  return {
    [Op.Set]: status,
    [Op.Add]: status,
    [Op.Replace]: status,
    [Op.Append]: status,
    [Op.Prepend]: status,
  };
}

function changes(status: Status): StatusByOp {
  return { ...stores(status), [Op.Delete]: status, [Op.Increment]: status, [Op.Decrement]: status };
}

/** What the encoder may have sent in the classic form. */
const CLASSIC_OPS: ReadonlySet<Op> = new Set<Op>([
  Op.Add,
  Op.Replace,
  Op.Append,
  Op.Prepend,
  Op.Flush,
  Op.Stat,
  Op.TextAuth,
]);

function noCas(): MemcacheError {
  return outOfStep('a response without the CAS that was asked for came');
}
