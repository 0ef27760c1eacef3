import type { MemcacheError } from '../../errors.ts';
import { desynchronised } from '../desynchronised.ts';
import { MAX_UINT32 } from '../limits.ts';
import { factsOf, Op } from '../op.ts';
import { SPACE } from '../plain-key.ts';
import type { ReplyQueue } from '../protocol.ts';
import type { ItemFacts, Request, WireKey } from '../request.ts';
import { Status } from '../status.ts';
import { BatchProgress } from '../text/batch.ts';
import {
  digitsEnd,
  isText,
  NO_NUMBER,
  readCounter,
  readDigits,
  readUint64,
  TextDecoder,
  wordEnd,
} from '../text/decoder.ts';
import { readError, unasked, unexpected } from '../text/errors.ts';
import { readStatistic, readVersion, wordStatus } from '../text/simple-replies.ts';
import { CR, LF } from '../text/write.ts';
import { canSay } from './encode.ts';
import { readUse } from './facts.ts';

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
const UPPER_X = 0x58;
const UPPER_Z = 0x5a;

/** What the flags of one line may say. */
const Said = {
  Opaque: 1,
  WrongOpaque: 2,
  Flags: 4,
  /** A number is none, or too large. */
  NoNumber: 8,
  Cas: 16,
  TimeLeft: 32,
  /** Another client computes the value, by a lease. */
  Leased: 64,
  Stale: 128,
  /** A word that is passed over. */
  Other: 256,
} as const;

/** What is asked of an item whose value is not. */
const ASKED_OF_ITEM = Said.Flags | Said.Cas | Said.TimeLeft;

/** What the flags of a value say in the most common case. */
const PLAIN = Said.Opaque | Said.Flags;

/** Decodes responses in the meta protocol, and those in text to the commands that it has no form of its own for. */
export class MetaDecoder extends TextDecoder {
  readonly #batch: BatchProgress;
  /** What the flags of the line that came last said, of {@link Said}; the others hold only where that says so. */
  #said = 0;
  #casStart = 0;
  #casEnd = 0;
  #timeLeft = -1;

  constructor(queue: ReplyQueue) {
    super(queue);
    this.#batch = new BatchProgress(queue, this.reply, canSay);
  }

  protected override line(bytes: Buffer, start: number, end: number): boolean {
    const request = this.queue.head();
    if (request === undefined) throw unasked(bytes, start, end);
    let { op, opaque } = request;
    if (request.keys !== undefined) {
      if (this.#batch.index === 0 && !this.#batch.skip(request.keys)) return false;
      if (this.#batch.index === request.keys.length) return this.#emptyBatch(request.keys, bytes, start, end);
      op = factsOf(op).single;
      opaque = (opaque + this.#batch.index) >>> 0;
    }
    if (end - start > 2 && bytes[start + 2] !== SPACE) return this.#textLine(request, op, bytes, start, end);

    const returned = end - start < 2 ? 0 : ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
    if (returned === VA) {
      if (this.#valueLine(request, op, opaque, bytes, start, end + 2) === start) throw unexpected();
      return true;
    }
    const status = statusOf(returned, op);
    if (status === undefined) return this.#textLine(request, op, bytes, start, end);
    if (this.#readFlags(opaque, bytes, start + 2, end + 1) !== end) throw unexpected();
    this.#checkFlags(bytes);
    // Not every server echoes the opaque of a miss, and none that of a no-op.
    if ((this.#said & Said.Opaque) === 0 && returned !== EN && returned !== MN)
      throw desynchronised('a response without its opaque came');
    if (returned === HD) this.#checkDone(request, op, bytes, start + 2, end);
    this.reply.reset(status);
    return this.#answer(request);
  }

  /** Takes what is said of an item without its value. One that nobody waits for has no CAS any more. */
  #checkDone({ returnCas, cas }: Request, op: Op, bytes: Buffer, start: number, end: number): void {
    const { reply } = this;
    const said = this.#said;
    if (returnCas && (said & Said.Cas) === 0 && op !== Op.Delete) throw noCas();
    if (op === Op.Inspect) reply.facts = this.#readFacts(bytes, start, end);
    else if (op === Op.GetIfChanged) {
      if (cas !== undefined && cas !== reply.cas) throw notUnchanged();
      reply.timeLeft = this.#timeLeftSaid();
    }
  }

  #timeLeftSaid(): number | undefined {
    return (this.#said & Said.TimeLeft) === 0 ? undefined : this.#timeLeft;
  }

  /** What the flags of a line say, beside those that every line may have. */
  #readFacts(bytes: Buffer, start: number, end: number): ItemFacts {
    const { flags, reply } = this;
    const said = this.#said;
    if ((said & ASKED_OF_ITEM) !== ASKED_OF_ITEM)
      throw desynchronised('an item without the flags that were asked for came');
    const facts = {
      timeLeft: this.#timeLeft,
      flags,
      cas: reply.cas,
      stale: (said & Said.Stale) !== 0,
      leased: (said & Said.Leased) !== 0,
    };
    return { ...facts, ...readUse(bytes, start, end) };
  }

  protected override commonLine(bytes: Buffer, start: number, end: number): number {
    if (bytes[start] !== UPPER_V || bytes[start + 1] !== UPPER_A || bytes[start + 2] !== SPACE) return start;
    const request = this.queue.head();
    if (request === undefined) return start;
    if (request.keys === undefined) return this.#valueLine(request, request.op, request.opaque, bytes, start, end);
    const { index } = this.#batch;
    // What comes before the first response of a batch, and behind the last one, is for line to find out.
    if (index === 0 || index === request.keys.length) return start;
    return this.#valueLine(request, factsOf(request.op).single, (request.opaque + index) >>> 0, bytes, start, end);
  }

  protected override block(bytes: Buffer, start: number, end: number, owned: boolean): boolean {
    const request = this.queue.head();
    if (request === undefined) throw desynchronised('a value came that nothing was waiting for');
    this.reply.reset(Status.Ok);
    if (request.op !== Op.Get && isCounter(request.op)) {
      this.reply.counter = readCounter(bytes, start, end);
    } else if (end === start && this.#isLease()) {
      this.reply.reset(Status.Miss);
    } else {
      this.window.fill(this.reply, this.flags, bytes, start, end, owned);
      this.reply.stale = (this.#said & Said.Stale) !== 0;
    }
    if (request.returnTimeLeft) this.reply.timeLeft = this.#timeLeftSaid();
    return this.#answer(request);
  }

  /** Whether an empty value is what another client's lease (the vivify flag) has put in the place of one. */
  #isLease(): boolean {
    return (this.#said & (Said.Leased | Said.Stale)) === Said.Leased;
  }

  /**
   * Reads `VA <size> <flags>*` and returns where the value begins; `start` when that is no response to this, or the line's
   * end has not come. Until it has, nothing is refused: what is split in two is read as if it were not.
   */
  #valueLine(request: Request, op: Op, opaque: number, bytes: Buffer, start: number, end: number): number {
    if (op !== Op.Get && !isRead(op) && !isCounter(op)) return start;
    const size = readDigits(bytes, start + 3, end);
    const lineEnd = this.#readFlags(opaque, bytes, digitsEnd, end);
    if (lineEnd + 1 >= end || bytes[lineEnd + 1] !== LF) return start;
    if (this.#said !== PLAIN || request.returnCas) {
      // A word may hide the end of a line, which is for the next look at it to refuse.
      const lineFeed = bytes.indexOf(LF, start);
      if (lineFeed <= lineEnd) return start;
      this.#checkValueFlags(request, op, bytes);
    }
    this.expectBlock(size);
    return lineEnd + 2;
  }

  #checkValueFlags(request: Request, op: Op, bytes: Buffer): void {
    this.#checkFlags(bytes);
    if ((this.#said & Said.Opaque) === 0) throw desynchronised('a response without its opaque came');
    if ((this.#said & Said.Flags) === 0 && !isCounter(op))
      throw desynchronised('a value without its client flags came');
    if ((this.#said & Said.Cas) === 0 && request.returnCas) throw noCas();
  }

  /**
   * Reads the flags that were asked for and passes over any other; each has a space in front. Returns where the CR
   * behind them is, or `end` or more when it has not come. What they say is to be checked by {@link #checkFlags}.
   */
  #readFlags(opaque: number, bytes: Buffer, start: number, end: number): number {
    let said = 0;
    let at = start;
    while (at < end) {
      const byte = bytes[at];
      if (byte !== SPACE) {
        if (byte === CR) break;
        // Something stands behind a number.
        said |= Said.NoNumber;
        at = wordEnd(bytes, at, end);
        continue;
      }
      const tokenAt = at + 2;
      switch (bytes[at + 1]) {
        case UPPER_O:
          said |= readDigits(bytes, tokenAt, end) === opaque ? Said.Opaque : Said.WrongOpaque;
          at = digitsEnd;
          break;
        case LOWER_F:
          this.flags = readDigits(bytes, tokenAt, end);
          at = digitsEnd;
          said |= this.flags === NO_NUMBER || this.flags > MAX_UINT32 ? Said.NoNumber : Said.Flags;
          break;
        case LOWER_C:
          at = wordEnd(bytes, tokenAt, end);
          this.#casStart = tokenAt;
          this.#casEnd = at;
          said |= Said.Cas;
          break;
        case LOWER_T:
          // "-1" is no number of seconds, and for ever.
          this.#timeLeft = readDigits(bytes, tokenAt, end);
          at = wordEnd(bytes, digitsEnd, end);
          said |= Said.TimeLeft;
          break;
        default:
          // A mark, or not asked for.
          said |= markOf(bytes[at + 1]);
          at = wordEnd(bytes, at + 1, end);
      }
    }
    this.#said = said;
    return at;
  }

  /** Refuses flags that can't be right, of a line that has come as a whole, and takes their CAS. */
  #checkFlags(bytes: Buffer): void {
    const said = this.#said;
    if ((said & Said.WrongOpaque) !== 0) throw desynchronised('a response with another opaque came');
    if ((said & Said.NoNumber) !== 0) throw desynchronised('a length or a flag is no number');
    if ((said & Said.Cas) !== 0) this.reply.cas = BigInt(readUint64(bytes, this.#casStart, this.#casEnd, 'a CAS'));
  }

  /** An error, or the response to a command that is the classic protocol's. */
  #textLine(request: Request, op: Op, bytes: Buffer, start: number, end: number): boolean {
    const { reply } = this;
    if (op === Op.Stat && readStatistic(bytes, start, end, reply)) return this.queue.deliver(reply);
    const status = CLASSIC_OPS.has(op) ? wordStatus(op, bytes, start, end) : undefined;
    if (status !== undefined) {
      reply.reset(status);
      return this.queue.deliver(reply);
    }
    if (readError(op, bytes, start, end, reply)) return this.#answer(request);
    const version = op === Op.Version ? readVersion(bytes, start, end) : undefined;
    if (version === undefined) throw unexpected();
    reply.reset(Status.Ok).value = version;
    return this.queue.deliver(reply);
  }

  /** A batch that nothing could be sent for has a no-op in its place. */
  #emptyBatch(keys: readonly WireKey[], bytes: Buffer, start: number, end: number): boolean {
    if (isText(bytes, start, end, 'MN')) return this.#batch.end(keys);
    if (!readError(Op.Noop, bytes, start, end, this.reply)) throw unexpected();
    return this.#batch.fail();
  }

  /** Hands on the reply; in a batch, if it has something to say about its key. */
  #answer(request: Request): boolean {
    return request.keys === undefined ? this.queue.deliver(this.reply) : this.#batch.next(request, request.keys);
  }
}

/** Marks come unasked. */
function markOf(letter: number | undefined): number {
  if (letter === UPPER_Z) return Said.Leased;
  return letter === UPPER_X ? Said.Stale : Said.Other;
}

/** Whether an op other than the plain read is answered with a value. */
function isRead(op: Op): boolean {
  return op === Op.GetAndTouch || op === Op.GetIfChanged;
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

const DONE: StatusByOp = {
  [Op.Touch]: Status.Ok,
  [Op.Delete]: Status.Ok,
  [Op.GetIfChanged]: Status.Ok,
  [Op.Inspect]: Status.Ok,
  [Op.Invalidate]: Status.Ok,
  ...stores(Status.Ok),
};
const NO_ITEM: StatusByOp = {
  [Op.Get]: Status.Miss,
  [Op.GetIfChanged]: Status.Miss,
  [Op.GetAndTouch]: Status.Miss,
  [Op.Touch]: Status.Miss,
  [Op.Inspect]: Status.Miss,
};
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
  return {
    ...stores(status),
    [Op.Delete]: status,
    [Op.Invalidate]: status,
    [Op.Increment]: status,
    [Op.Decrement]: status,
  };
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

function notUnchanged(): MemcacheError {
  return desynchronised('an item with another CAS is called unchanged');
}

function noCas(): MemcacheError {
  return desynchronised('a response without the CAS that was asked for came');
}
