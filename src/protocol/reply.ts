import type { Response } from './binary/message.ts';
import { Status } from './status.ts';

/** What a server says of an item without its value. */
export interface ItemFacts {
  /** How long it has left, in seconds; −1 for ever. */
  timeLeft: number;
  /** The bytes of its value. */
  size: number;
  /** The seconds since it was last used. */
  idle: number;
  fetched: boolean;
  flags: number;
  cas: bigint;
  /** Whether it is marked as old. */
  stale: boolean;
  /** Whether another client computes the value, by a lease. */
  leased: boolean;
}

/**
 * One answer, the same for every protocol. A decoder has a single one, which it fills for each response and lends to
 * `Request.settle`; buffers in it are copies of their own, so they may be kept.
 */
export class Reply {
  status: Status = Status.Ok;
  /** The value, or for a server's error its own words. */
  value: Buffer | null = null;
  /** The four bytes of the client flags, in front of a value. */
  extras: Buffer | null = null;
  /** The name of a statistic. */
  key: Buffer | null = null;
  /** The item's CAS, where the request asked for it. */
  cas = 0n;
  /** A counter's value; a bigint past 2^53 − 1. */
  counter: number | bigint = 0;
  /** The whole response to a frame that the caller built. */
  frame: Response | null = null;
  /** How long the item has left, in seconds; −1 for ever. Where the request asked for it and the protocol can say it. */
  timeLeft: number | undefined = undefined;
  /** Whether the item is marked as stale. */
  stale = false;
  /** What the item is. Only of answers to an inspection. */
  facts: ItemFacts | undefined;
  /** Which key of a batch this is about. */
  index = 0;
  /** Whether further parts of the same answer follow. */
  more = false;

  reset(status: Status): this {
    this.status = status;
    this.value = null;
    this.extras = null;
    this.key = null;
    this.frame = null;
    this.more = false;
    this.stale = false;
    return this;
  }
}
