import type { Gathered, Gathering } from './gathering.ts';
import type { Op } from './op.ts';
import type { Reply, Request } from './request.ts';

/** Where a request's bytes go. `buffer` and `position` may change at each `reserve`. */
export interface Output {
  readonly buffer: Buffer;
  /** Where the next byte belongs in `buffer`; moved on by whoever writes. */
  position: number;
  /** Makes sure that `bytes` more bytes fit into `buffer` from `position` on. */
  reserve(bytes: number): void;
  /** Puts a large chunk behind what has been written so far, without a copy. */
  attach(chunk: Uint8Array): void;
}

/** The requests that wait for a response on a connection, oldest first, as a decoder sees them. */
export interface ReplyQueue {
  /** The request that the next response belongs to. */
  head(): Request | undefined;
  /**
   * Hands the head its response and, unless `reply.more`, takes it off the queue. False when the connection has come to
   * its end meanwhile, so that nothing further may be decoded.
   */
  deliver(reply: Reply): boolean;
}

/** Turns the bytes of one connection into replies, in whatever pieces they come. */
export interface Decoder {
  /**
   * Takes `chunk` from `start` to `end`; keeps no reference to it, unless it is what {@link room} gave last, from 0 on.
   * Throws a `MemcacheError` with `ERR_PROTOCOL` when the bytes can't be a response to the head of the queue: the stream is
   * desynchronised then and the connection is over.
   */
  decode(chunk: Buffer, start: number, end: number): void;
  /** Memory that the next bytes of the connection are to be read into, in one synchronous step. */
  room(): Buffer;
  /** Nothing more is decoded: gives up its memory. */
  close(): void;
  /** Nothing further comes: hands on the response at the head of the queue if only its end is missing. */
  ended?(): void;
}

/** The protocols that there are. */
export const PROTOCOL_NAMES = ['binary', 'meta', 'classic'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** One wire protocol: pure functions from requests to bytes and from bytes to replies. */
export interface Protocol {
  readonly name: ProtocolName;
  /** How a client logs in. */
  readonly login: 'sasl' | 'text';
  /** Whether the server answers a request to close the connection. */
  readonly answersQuit: boolean;
  /** Whether it tells how long an item has left, and marks items as stale. */
  readonly tellsAge: boolean;
  /** What only a server that speaks it answers in its form, and how often that is asked; meta has a probe of its own. */
  readonly proof?: { readonly op: Op; readonly times: number };
  /** The first opaque of a connection, and the one after which they begin again from 0. */
  readonly opaques: { readonly first: number; readonly last: number };
  /**
   * Writes one request. Throws a `MemcacheError` with `ERR_UNSUPPORTED`, with nothing written, for what the protocol
   * can't say.
   */
  encode(request: Request, output: Output): void;
  createDecoder(queue: ReplyQueue): Decoder;
  /** The form of it for one connection to a server of which too little is known yet. */
  unproven?(): Protocol;
  /**
   * For a protocol that has to say some requests in several steps: returns what to send in place of `request`, which is
   * most often the request itself; `send` is called with each further step.
   */
  split?(request: Request, send: (step: Request) => void): Request;
  /**
   * For a protocol that says several commands in one: puts `request` into the output together with `last`, which was written
   * there last in `lineBytes`, and returns what stands for both; `undefined`, with nothing written, where that can't be.
   */
  gather?(
    last: Request,
    lineBytes: number,
    request: Request,
    output: Output,
    gathering: Gathering,
    queue: Gathered,
  ): Request | undefined;
}
