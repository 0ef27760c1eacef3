import { isPlainKey } from '../plain-key.ts';
import type { ReplyQueue } from '../protocol.ts';
import type { Reply, WireKey } from '../request.ts';
import { Status } from '../status.ts';
import { isKey } from '../text/decoder.ts';
import { isNoreply } from './encode.ts';

/** An error that stands for keys of a batch. */
interface Failure {
  status: Status;
  value: Buffer | null;
}

/**
 * How far the responses to the lines that a batch of reads was sent as have come; the response to a `version` behind them
 * ends it.
 *
 * An error in a line of several keys may stand in place of its `END` (memcached, mcrouter), or in place of one value and
 * before that `END` (memcached's own proxy). So whatever comes after it is taken, up to the version, and the error is
 * that of each key that no value has come for.
 */
export class GetBatchProgress {
  /** The keys that are asked for by the line under way, and that no value has come for; a proxy may change their order. */
  #open: number[] = [];
  /** The first key behind that line. */
  #next = 0;
  #keysPerLine = 0;
  /** Whether the `END` of a line is missing. */
  #lineOpen = false;
  /** Whether an error in that line ends it, since it asks for one key alone. */
  #lineOfOne = false;
  #failure: Failure | undefined;
  readonly #queue: ReplyQueue;
  readonly #reply: Reply;

  constructor(queue: ReplyQueue, reply: Reply) {
    this.#queue = queue;
    this.#reply = reply;
  }

  /** Finds out what the first line is about, of at most so many keys; false when the connection is over. */
  begin(keys: readonly WireKey[], keysPerLine: number): boolean {
    if (this.#next > 0) return true;
    this.#keysPerLine = keysPerLine;
    return this.#take(keys);
  }

  /** Whether values and the end of a line may come. */
  get lineOpen(): boolean {
    return this.#lineOpen;
  }

  /** Whether an error came, and what it is about will be known at the end. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** The index of the key that a value came for; −1 when it is none that is asked for. */
  find(keys: readonly WireKey[], bytes: Buffer, start: number, end: number): number {
    const first = this.#open[0];
    // Most servers keep the order of the keys.
    if (first !== undefined && isKey(bytes, start, end, keys[first] as WireKey)) return this.#open.shift() as number;
    const place = this.#open.findIndex((index) => isKey(bytes, start, end, keys[index] as WireKey));
    if (place >= 0) return this.#open.splice(place, 1)[0] as number;
    // Asked for twice where it would stand alone.
    return keys.findIndex((key) => isNoreply(key) && isKey(bytes, start, end, key));
  }

  /** Goes on to the next line; false when the connection is over. */
  endLine(keys: readonly WireKey[]): boolean {
    return this.failed || this.#take(keys);
  }

  /** Takes the error in the reply; false when the connection is over. */
  failLine(keys: readonly WireKey[]): boolean {
    if (this.failed) return true;
    const { status, value } = this.#reply;
    if (this.#lineOfOne) return this.#deliverFailure({ status, value }) && this.#take(keys);
    this.#failure = { status, value };
    return this.#takeRest(keys);
  }

  /** Hands on what is left of the response, and its end. */
  end(keys: readonly WireKey[]): boolean {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined && !this.#deliverFailure(failure)) return false;
    this.#next = 0;
    this.#lineOpen = false;
    this.#open = [];
    this.#reply.reset(Status.Ok).index = keys.length;
    return this.#queue.deliver(this.#reply);
  }

  /** Hands on the reply as what is about one key. */
  deliver(index: number): boolean {
    this.#reply.index = index;
    this.#reply.more = true;
    return this.#queue.deliver(this.#reply);
  }

  #deliverFailure({ status, value }: Failure): boolean {
    for (const index of this.#open) {
      this.#reply.reset(status).value = value;
      if (!this.deliver(index)) return false;
    }
    return true;
  }

  /** Takes the keys of the next line; false when the connection is over. */
  #take(keys: readonly WireKey[]): boolean {
    this.#open = [];
    while (this.#next < keys.length && this.#open.length < this.#keysPerLine) {
      if (!this.#takeKey(keys)) return false;
    }
    this.#lineOpen = this.#open.length > 0;
    this.#lineOfOne = this.#open.length === 1 && !isNoreply(keys[this.#open[0] as number] as WireKey);
    return true;
  }

  /** Takes the keys of all lines that are left, with those that are still open. */
  #takeRest(keys: readonly WireKey[]): boolean {
    while (this.#next < keys.length) {
      if (!this.#takeKey(keys)) return false;
    }
    return true;
  }

  #takeKey(keys: readonly WireKey[]): boolean {
    const index = this.#next++;
    if (isPlainKey(keys[index] as WireKey)) {
      this.#open.push(index);
      return true;
    }
    this.#reply.reset(Status.InvalidKey);
    return this.deliver(index);
  }
}
