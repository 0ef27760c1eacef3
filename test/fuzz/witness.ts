import type { MemcacheError } from '../../src/errors.ts';
import { Op } from '../../src/protocol/op.ts';
import type { ReplyQueue } from '../../src/protocol/protocol.ts';
import type { Reply } from '../../src/protocol/request.ts';
import { Request, type WireKey } from '../../src/protocol/request.ts';
import { Status } from '../../src/protocol/status.ts';
import { Violation } from './guards.ts';

/** A request that remembers what it got, as numbers that are quickly compared. */
export class Witness extends Request {
  readonly outcomes: number[] = [];
  readonly values: { value: Buffer; hash: number; index: number }[] = [];
  settled = false;
  /** Which keys of a batch a response has come for. */
  readonly #reported = new Set<number>();

  override settle(reply: Reply): void {
    if (this.settled) throw new Violation('a request was settled twice');
    this.settled = !reply.more;
    if (reply.more && this.keys !== undefined) this.#checkIndex(reply.index, this.keys);
    this.outcomes.push(this.#summary(reply));
  }

  override fail(_error: MemcacheError): void {}

  /** Whether what was lent for keeping is still what it was. */
  checkValues(): void {
    for (const { value, hash } of this.values) {
      if (hashBytes(value, 0) !== hash) throw new Violation('a value changed after it was handed over');
    }
  }

  get isRead(): boolean {
    return this.op === Op.Get || this.op === Op.GetAndTouch || this.op === Op.GetMulti;
  }

  /** The key that a response with this index is about. */
  keyAt(index: number): WireKey | undefined {
    return this.keys === undefined ? this.key : this.keys[index];
  }

  #checkIndex(index: number, keys: readonly WireKey[]): void {
    if (index >= keys.length) throw new Violation('a batch got a response about a key that it has not');
    if (this.#reported.has(index)) throw new Violation('a batch got two responses about a key');
    this.#reported.add(index);
  }

  #summary(reply: Reply): number {
    const { status, value, extras, key, cas, counter, index, more, frame, stale, timeLeft } = reply;
    let hash = mix(status, more ? 1 : 0);
    if (value !== null) hash = hashBytes(value, mix(hash, 2));
    if (extras !== null) hash = hashBytes(extras, mix(hash, 3));
    if (key !== null) hash = hashBytes(key, mix(hash, 4));
    if (frame !== null) hash = hashBytes(frame.val, hashBytes(frame.key, mix(hash, 5)));
    if (this.keys !== undefined) hash = mix(hash, index);
    if (status !== Status.Ok) return hash;
    if (this.returnCas && this.keys === undefined) hash = mix(hash, Number(BigInt.asIntN(32, cas)));
    if (this.op === Op.Increment || this.op === Op.Decrement) hash = mix(hash, Number(counter) | 0);
    if (this.returnTimeLeft) hash = mix(hash, (stale ? 1 : 0) + (timeLeft ?? -2) * 2);
    if (this.isRead && value !== null && extras !== null) {
      this.values.push({ value, hash: hashBytes(value, 0), index });
    }
    return hash;
  }
}

function mix(hash: number, number: number): number {
  return Math.imul(hash ^ number, 0x01000193) ^ (hash >>> 15);
}

/** Looks at no more than some bytes of the beginning, the middle and the end: values are long, and inputs many. */
function hashBytes(bytes: Uint8Array, seed: number): number {
  const { length } = bytes;
  let hash = mix(seed, length);
  const step = length > 64 ? length >> 6 : 1;
  for (let at = 0; at < length; at += step) hash = mix(hash, bytes[at] as number);
  if (length > 0) hash = mix(hash, bytes[length - 1] as number);
  return hash;
}

/** Witnesses that wait, as a connection has them. */
export class WitnessQueue implements ReplyQueue {
  readonly #waiting: readonly Witness[];
  #at = 0;
  #over = false;
  #left: number;

  /** `left` is after how many answers the connection is over. */
  constructor(waiting: readonly Witness[], left: number) {
    this.#waiting = waiting;
    this.#left = left;
  }

  get over(): boolean {
    return this.#over;
  }

  head(): Request | undefined {
    return this.#waiting[this.#at];
  }

  deliver(reply: Reply): boolean {
    if (this.#over) throw new Violation('an answer was delivered after the connection was over');
    const request = this.#waiting[this.#at];
    if (request === undefined) throw new Violation('an answer was delivered that nobody waits for');
    if (!reply.more) this.#at++;
    request.settle(reply);
    this.#over = --this.#left <= 0;
    return !this.#over;
  }
}
