import { Op } from '../op.ts';
import type { ReplyQueue } from '../protocol.ts';
import type { Reply, Request, WireKey } from '../request.ts';
import { Status } from '../status.ts';

/**
 * How far the response to the batch at the head of the queue has come. The keys are answered one after the other, except
 * those that the protocol can't say, for which nothing was sent.
 */
export class BatchProgress {
  /** The key that the next response is about. */
  index = 0;
  readonly #queue: ReplyQueue;
  readonly #reply: Reply;
  readonly #canSay: (key: WireKey) => boolean;

  constructor(queue: ReplyQueue, reply: Reply, canSay: (key: WireKey) => boolean) {
    this.#queue = queue;
    this.#reply = reply;
    this.#canSay = canSay;
  }

  /** Passes over the keys that nothing was sent for; false when the connection is over. */
  skip(keys: readonly WireKey[]): boolean {
    while (this.index < keys.length && !this.#canSay(keys[this.index] as WireKey)) {
      this.#reply.reset(Status.InvalidKey);
      if (!this.#deliver(this.index)) return false;
      this.index++;
    }
    return true;
  }

  /** Takes the reply about the current key; false when the connection is over. */
  next(request: Request, keys: readonly WireKey[]): boolean {
    const expected = request.op === Op.GetMulti ? Status.Miss : Status.Ok;
    if (this.#reply.status !== expected && !this.#deliver(this.index)) return false;
    this.index++;
    if (!this.skip(keys)) return false;
    return this.index < keys.length || this.end(keys);
  }

  /** Hands on the end of the response. */
  end(keys: readonly WireKey[]): boolean {
    this.index = 0;
    this.#reply.reset(Status.Ok).index = keys.length;
    return this.#queue.deliver(this.#reply);
  }

  /** Hands on the reply as the end of the whole batch. */
  fail(): boolean {
    this.index = 0;
    return this.#queue.deliver(this.#reply);
  }

  #deliver(index: number): boolean {
    this.#reply.index = index;
    this.#reply.more = true;
    return this.#queue.deliver(this.#reply);
  }
}
