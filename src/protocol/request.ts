import { MemcacheError } from '../errors.ts';
import type { Response } from './binary/message.ts';
import { MAX_KEY_BYTES } from './limits.ts';
import { Op } from './op.ts';
import { Status } from './status.ts';

/** A value as it goes on the wire. */
export type WireValue = string | Uint8Array;

/** A key as it goes on the wire; checked already by {@link checkKey}. */
export type WireKey = string | Uint8Array;

/** A string this short can't be over the limit: a UTF-16 unit takes at most three bytes of UTF-8. */
const SURELY_SHORT = Math.floor(MAX_KEY_BYTES / 3);

const LONE_SURROGATE = 'it holds a lone surrogate, which UTF-8 does not have';

/** The number of bytes of a key on the wire. */
export function keyBytes(key: WireKey): number {
  return typeof key === 'string' ? Buffer.byteLength(key) : key.length;
}

/**
 * Throws `ERR_INVALID_KEY` unless the key has 1 to 250 bytes. Text with a lone surrogate is refused too: it has no
 * UTF-8 form of its own, so two such keys would be one on the server.
 */
export function checkKey(key: unknown): asserts key is WireKey {
  if (typeof key === 'string') {
    if (key.length === 0) throw invalidKey('it is empty');
    if (key.length > SURELY_SHORT) checkLength(Buffer.byteLength(key));
    if (!key.isWellFormed()) throw invalidKey(LONE_SURROGATE);
  } else if (key instanceof Uint8Array) {
    if (key.length === 0) throw invalidKey('it is empty');
    checkLength(key.length);
  } else {
    throw invalidKey(`it is of type ${key === null ? 'null' : typeof key}`);
  }
}

/** Throws `ERR_INVALID_KEY` for text that has no UTF-8 form of its own. */
export function checkWellFormed(key: string): void {
  if (!key.isWellFormed()) throw invalidKey(LONE_SURROGATE);
}

function checkLength(bytes: number): void {
  if (bytes > MAX_KEY_BYTES) throw invalidKey(`it has ${bytes} bytes`);
}

function invalidKey(found: string): MemcacheError {
  return new MemcacheError(
    'ERR_INVALID_KEY',
    `Invalid key: expected a string or Buffer of 1 to ${MAX_KEY_BYTES} bytes of UTF-8, but ${found}`,
  );
}

/** What a batch stores under one key. */
export interface StoreItem {
  value: WireValue;
  flags: number;
  expiration: number;
  /** Store only if the item's CAS is this one. */
  cas?: bigint | undefined;
}

/** An attempt at a write that nobody waits for any more, though the server may still carry it out. */
export interface Unanswered {
  /** Whether anybody has to hear of it. */
  readonly needed: boolean;
  /** The server has answered it or closed the connection, so that it does nothing more with it. */
  over(): void;
  /** Nobody will hear when that is so. */
  lost(): void;
}

/** Where a request waits, so that an abort can find it there. */
export interface Holder {
  /** Forgets the request; a reply that still comes for it is thrown away. */
  drop(request: Request): void;
}

/**
 * One command on its way, the same for every protocol. The fields of the first group go on the wire; the others are
 * the connection's. An attempt at a request ends in exactly one call of `settle` (the last one, where a response has
 * several parts) or of `fail`.
 *
 * What each request has is set by constructors, and declared only: fields of every class on the way to a command are
 * defined by a step of their own, which shows where a million are made in a second.
 */
export abstract class Request {
  declare readonly op: Op;
  declare key: WireKey;
  declare value: WireValue | undefined;
  /** The client flags of a store, uint32. */
  declare flags: number;
  /** In seconds or, over 30 days, as a Unix time. */
  declare expiration: number;
  /** Carry out only if the item's CAS is this one. */
  declare cas: bigint | undefined;
  /** By how much a counter moves, 0 to 2^64 − 1. */
  declare amount: number | bigint;
  /** What a missing counter starts at; `null` leaves it missing. */
  declare initial: number | bigint | null;
  /** Whether the reply has to tell the item's CAS. */
  declare returnCas: boolean;
  /** Whether the reply is to tell how long the item has left, where the protocol can. */
  declare returnTimeLeft: boolean;
  /** The keys of a batch, which stand in for `key` on the wire. */
  declare keys: readonly WireKey[] | undefined;
  /** What a batch stores, in the order of its keys. */
  declare stores: readonly StoreItem[] | undefined;
  /** Identifies the request to the server where the protocol has such a field, uint32. A batch has one for each key, counting on from this, and
   * one for its end. */
  declare opaque: number;

  /** Whether it stands for several commands, whose keys have one line. */
  declare gathered: boolean;
  /** Whether it is to be sent without others. */
  declare alone: boolean;

  /** How long an attempt may take once it is on a connection, in milliseconds; 0 for the server's default. */
  declare timeout: number;
  /** When the attempt under way ends, on the clock of `performance.now()`. */
  declare deadline: number;
  /** Where the request waits now. */
  declare holder: Holder | undefined;
  /** What hears of the attempt on this connection that nobody waits for any more. */
  declare unanswered: Unanswered | undefined;
  /** Whether a later write of its key has been sent, so that it is not sent again. */
  declare overtaken: boolean;

  constructor(op: Op, key: WireKey) {
    this.op = op;
    this.key = key;
    this.opaque = 0;
    this.timeout = 0;
    // No integer, as no deadline is one: each of many in one turn would get another shape when it is stamped.
    this.deadline = -0;
    this.holder = undefined;
  }

  /**
   * The CAS of the value that the asker has already, so that it need not be sent again; asked where the protocol can say
   * it, with an object that stands for the connection.
   */
  knownCas(_connection: object): bigint | undefined {
    return undefined;
  }

  /** Nobody waits any more for the attempt that `on` has sent; what is returned hears when the server has done with it. */
  leave(_on: Holder): Unanswered | undefined {
    return undefined;
  }

  /** Its connection takes no more commands: later ones may overtake it. */
  leftBehind(): void {}

  /**
   * Takes the response. The reply is only lent: the decoder fills the same object again for the next response.
   * A request that is answered in several parts (statistics) is called for each; `reply.more` is false on the last.
   */
  abstract settle(reply: Reply): void;

  /**
   * Takes the failure of an attempt. `written` is whether any byte of the request may have reached the server, `answering`
   * whether its connection has answered others while it waited.
   */
  abstract fail(error: MemcacheError, written: boolean, answering?: boolean): void;
}

/** What few requests set stands here instead of in each of them: the less there is to a command, the faster it is made. */
Object.assign(Request.prototype, {
  value: undefined,
  flags: 0,
  expiration: 0,
  cas: undefined,
  amount: 0,
  initial: null,
  returnCas: false,
  returnTimeLeft: false,
  keys: undefined,
  stores: undefined,
  gathered: false,
  alone: false,
  unanswered: undefined,
  overtaken: false,
});

/** Keeps the place of a request that needs no response any more, so that its late reply is recognised and thrown away. */
export class AbandonedRequest extends Request {
  constructor(request: Request) {
    super(request.op, request.key);
    if (request.op === Op.Raw) this.value = request.value;
    this.keys = request.keys;
    this.gathered = request.gathered;
    this.returnCas = request.returnCas;
    this.opaque = request.opaque;
    this.timeout = Number.POSITIVE_INFINITY;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  override settle(): void {}

  override fail(): void {}
}

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
 * One response, the same for every protocol. A decoder has a single one, which it fills for each response and lends to
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
  /** What the item is. Only of responses to an inspection. */
  facts: ItemFacts | undefined;
  /** Which key of a batch this is about. */
  index = 0;
  /** Whether further parts of the same response follow. */
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
