import { monotonicNow } from '../../clock.ts';
import type { MemcacheError } from '../../errors.ts';
import type { Gathered, Gathering } from '../gathering.ts';
import { Op } from '../op.ts';
import { SPACE } from '../plain-key.ts';
import type { Output, Protocol } from '../protocol.ts';
import type { Reply } from '../request.ts';
import { type Holder, Request } from '../request.ts';
import { Status } from '../status.ts';
import { Step } from '../step.ts';
import { NOT_PLAIN, writeAscii, writePlainKey } from '../text/write.ts';

/** So many keys go into one line. */
const MOST_KEYS = 64;

/** Every server reads lines of this length. */
const MOST_LINE_BYTES = 2048;

/** The end of a line of several keys: whatever comes before the response to this belongs to them. */
const END_OF_SEVERAL = '\r\nversion\r\n';
const END_OF_ONE = '\r\n';

/** Gets that leave in one line; each ends by itself, as if it had been sent alone. */
export class GatheredGet extends Request implements Holder {
  readonly #gathering: Gathering;
  readonly #queue: Gathered;
  /** By the index of the key; those that have ended are left out. */
  readonly #members: (Request | undefined)[] = [];
  /** Who has asked for the same key after another. */
  readonly #further = new Map<number, Request[]>();
  readonly #indexes = new Map<string, number>();
  readonly #keys: string[] = [];
  #left = 0;
  #lineBytes: number;
  /** How the line ends that has been written. */
  #lineEnd = END_OF_ONE;
  /** Whether the server has answered with an error. */
  #refused = false;

  /** Begins with the get that was written last, in a line of so many bytes. */
  constructor(first: Request, lineBytes: number, gathering: Gathering, queue: Gathered) {
    super(Op.GetMulti, '');
    this.#gathering = gathering;
    this.#queue = queue;
    this.#lineBytes = lineBytes;
    this.keys = this.#keys;
    this.gathered = true;
    this.returnCas = first.returnCas;
    this.timeout = first.timeout;
    this.#take(first);
  }

  /** Adds a get to the line, which is the last thing that was written; false when that can't be. */
  add(request: Request, output: Output): boolean {
    const key = request.key as string;
    if (!(this.#indexes.has(key) ? this.#writeEnd(output) : this.#write(key, output))) return false;
    this.#take(request);
    return true;
  }

  override settle(reply: Reply): void {
    if (!reply.more) {
      this.#end(reply);
    } else if (reply.status !== Status.Ok) {
      this.#refused = true;
    } else {
      reply.more = false;
      this.#tell(reply.index, reply);
    }
  }

  override fail(error: MemcacheError, written: boolean, answering?: boolean): void {
    const ended = written && error.code === 'ERR_CONNECT';
    if (ended || error.code === 'ERR_TIMEOUT') this.#gathering.failed();
    for (const member of this.#unanswered()) {
      if (ended) this.#sendAlone(member, false);
      else if (this.#release(member)) member.fail(error, written, answering);
    }
  }

  drop(request: Request): void {
    this.#release(request);
    if (this.#left === 0) this.holder?.drop(this);
  }

  #take(request: Request): void {
    const key = request.key as string;
    const known = this.#indexes.get(key);
    request.holder = this;
    if (this.#left++ > 0) this.#queue.gathered++;
    if (known === undefined) {
      this.#indexes.set(key, this.#keys.length);
      this.#keys.push(key);
      this.#members.push(request);
    } else {
      const others = this.#further.get(known);
      if (others === undefined) this.#further.set(known, [request]);
      else others.push(request);
    }
  }

  #write(key: string, output: Output): boolean {
    const { buffer, position } = output;
    const start = position - this.#lineEnd.length;
    const most = key.length * 3 + 1;
    if (this.#keys.length === MOST_KEYS || this.#lineBytes + most > MOST_LINE_BYTES) return false;
    if (start + most + END_OF_SEVERAL.length > buffer.length) return false;
    const at = writePlainKey(buffer, key, start + 1);
    if (at === NOT_PLAIN) {
      writeAscii(buffer, this.#lineEnd, start);
      return false;
    }
    buffer[start] = SPACE;
    this.#lineBytes += at - start;
    this.#endLine(output, at);
    return true;
  }

  /** Has the line answered as one of several, also where all ask for the same key. */
  #writeEnd(output: Output): boolean {
    if (this.#lineEnd === END_OF_SEVERAL) return true;
    const at = output.position - END_OF_ONE.length;
    if (at + END_OF_SEVERAL.length > output.buffer.length) return false;
    this.#endLine(output, at);
    return true;
  }

  #endLine(output: Output, at: number): void {
    this.#lineEnd = END_OF_SEVERAL;
    output.position = writeAscii(output.buffer, END_OF_SEVERAL, at);
  }

  /** Hands the value of a key to all who asked for it, to each in memory that nobody else has. */
  #tell(index: number, reply: Reply): void {
    const member = this.#members[index];
    const further = this.#further
      .get(index)
      ?.map((request) => ({ request, value: copy(reply.value), extras: copy(reply.extras) }));
    this.#members[index] = undefined;
    if (further !== undefined) this.#further.delete(index);
    if (member !== undefined && this.#release(member)) member.settle(reply);
    if (further === undefined) return;
    for (const { request, value, extras } of further) {
      if (!this.#release(request)) continue;
      reply.value = value;
      reply.extras = extras;
      request.settle(reply);
    }
  }

  /** Nothing more comes: what no value has come for is a miss, unless the server has refused something. */
  #end(reply: Reply): void {
    const refused = this.#refused;
    if (refused) this.#gathering.failed();
    else this.#gathering.worked();
    for (const member of this.#unanswered()) {
      if (refused) this.#sendAlone(member, true);
      else if (this.#release(member)) member.settle(reply.reset(Status.Miss));
    }
  }

  #unanswered(): Request[] {
    const members = this.#members.filter((member) => member !== undefined);
    return this.#further.size === 0 ? members : [...members, ...[...this.#further.values()].flat()];
  }

  /** Sends one again as part of the same attempt. */
  #sendAlone(member: Request, mayEnd: boolean): void {
    if (!this.#release(member)) return;
    this.#gathering.send(new GetAlone(member, this.#gathering.send, this.deadline, mayEnd));
  }

  /** Lets go of one that ends or goes elsewhere; false where it is not here any more. */
  #release(member: Request): boolean {
    if (member.holder !== this) return false;
    member.holder = undefined;
    member.deadline = this.deadline;
    if (--this.#left > 0) this.#queue.gathered--;
    return true;
  }
}

/**
 * Stands for a get that had no response in a line with others, for the rest of its time. A proxy may hang up behind an error,
 * so the end of the connection that comes first is part of the same failure.
 */
class GetAlone extends Step {
  readonly #mayEnd: boolean;
  readonly #until: number;

  constructor(whole: Request, send: (step: Request) => void, deadline: number, mayEnd: boolean) {
    super(Op.Get, whole, send, undefined);
    this.returnCas = whole.returnCas;
    this.alone = true;
    this.timeout = Math.max(1, deadline - monotonicNow());
    this.#mayEnd = mayEnd;
    this.#until = deadline;
  }

  override settle(reply: Reply): void {
    this.finish(reply);
  }

  override fail(error: MemcacheError, written: boolean, answering?: boolean): void {
    if (!this.#mayEnd || error.code !== 'ERR_CONNECT') super.fail(error, written, answering);
    else this.send(new GetAlone(this.whole, this.send, this.#until, false));
  }
}

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

/** Puts a get into the line of the one before, where both can stand there; returns what stands for both. */
export const gather: NonNullable<Protocol['gather']> = (last, lineBytes, request, output, gathering, queue) => {
  if (!mayGather(request) || request.returnCas !== last.returnCas || request.timeout !== last.timeout) return undefined;
  if (last instanceof GatheredGet) return last.add(request, output) ? last : undefined;
  if (!mayGather(last)) return undefined;
  const { holder } = last;
  const both = new GatheredGet(last, lineBytes, gathering, queue);
  if (both.add(request, output)) return both;
  last.holder = holder;
  return undefined;
};

function mayGather({ op, key, alone }: Request): boolean {
  return op === Op.Get && !alone && typeof key === 'string';
}
