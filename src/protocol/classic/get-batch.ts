import type { ReplyQueue } from '../protocol.ts';
import type { Reply } from '../reply.ts';
import type { WireKey } from '../request.ts';
import { Status } from '../status.ts';
import { isKey } from '../text/read.ts';
import { isPlainKey } from '../text/write.ts';
import { KEYS_PER_LINE } from './encode.ts';

/** How far the answers to the lines that a batch of reads was sent as have come. */
export class GetBatchProgress {
  /** The keys of the line under way that no value has come for; a proxy need not keep their order. */
  #line: number[] = [];
  /** The first key behind that line. */
  #next = 0;
  /** Whether a value has come for the line under way. */
  #begun = false;
  readonly #queue: ReplyQueue;
  readonly #reply: Reply;

  constructor(queue: ReplyQueue, reply: Reply) {
    this.#queue = queue;
    this.#reply = reply;
  }

  /** Whether an error may come now in place of the line's values. */
  get untouched(): boolean {
    return !this.#begun;
  }

  /** Finds out what the first line is about; false when the connection is over. */
  begin(keys: readonly WireKey[]): boolean {
    return this.#next > 0 || this.#take(keys);
  }

  /** Whether no line was sent at all, and a `version` in place of them. */
  nothingSent(keys: readonly WireKey[]): boolean {
    return this.#line.length === 0 && !this.#begun && this.#next === keys.length;
  }

  /** The index of the key that a value came for; −1 when it is none of the line's. */
  find(keys: readonly WireKey[], bytes: Buffer, start: number, end: number): number {
    const place = this.#line.findIndex((index) => isKey(bytes, start, end, keys[index] as WireKey));
    if (place < 0) return -1;
    this.#begun = true;
    return this.#line.splice(place, 1)[0] as number;
  }

  /** Goes on to the next line, or ends the answer; false when the connection is over. */
  endLine(keys: readonly WireKey[]): boolean {
    this.#begun = false;
    if (!this.#take(keys)) return false;
    return this.#line.length > 0 || this.end(keys);
  }

  /** The error in the reply stands for all keys of the line; false when the connection is over. */
  failLine(keys: readonly WireKey[]): boolean {
    const { status, value } = this.#reply;
    for (const index of this.#line) {
      this.#reply.reset(status).value = value;
      if (!this.tell(index)) return false;
    }
    return this.endLine(keys);
  }

  /** Hands on the end of the answer. */
  end(keys: readonly WireKey[]): boolean {
    this.#reply.reset(Status.Ok).index = keys.length;
    return this.finish();
  }

  /** Hands on the reply as the end of the answer. */
  finish(): boolean {
    this.#next = 0;
    this.#line = [];
    return this.#queue.deliver(this.#reply);
  }

  /** Hands on the reply as what is about one key. */
  tell(index: number): boolean {
    this.#reply.index = index;
    this.#reply.more = true;
    return this.#queue.deliver(this.#reply);
  }

  #take(keys: readonly WireKey[]): boolean {
    this.#line = [];
    while (this.#next < keys.length && this.#line.length < KEYS_PER_LINE) {
      const index = this.#next++;
      if (isPlainKey(keys[index] as WireKey)) {
        this.#line.push(index);
      } else {
        this.#reply.reset(Status.InvalidKey);
        if (!this.tell(index)) return false;
      }
    }
    return true;
  }
}
