import { clearTimeout, setTimeout } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import { encode } from '../protocol/binary/encode.ts';
import type { Response } from '../protocol/binary/message.ts';
import { Op } from '../protocol/op.ts';
import type { Output } from '../protocol/protocol.ts';
import { Reply } from '../protocol/reply.ts';
import type { Holder, Request } from '../protocol/request.ts';

/** What a custom transport may answer with: MemJS's message, of which only the opaque is sure. */
export interface TransportMessage {
  header: { opaque?: number; status?: number; totalBodyLength?: number; cas?: Buffer };
  key?: unknown;
  extras?: unknown;
  val?: unknown;
}

/** Takes the response to a frame. With `quiet` it takes further ones, until one whose `totalBodyLength` is 0. */
export interface ResponseListener {
  (message: Response): void;
  quiet?: boolean;
}

export type ErrorListener = (error: Error) => void;

/** MemJS's server contract: whole binary frames go in by `write`, answers come by the frame's opaque. */
export interface FrameTransport {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Until when the server is ejected, as `Date.now()` has it. */
  wakeupAt?: number | undefined;
  write(frame: Buffer): void;
  onResponse(seq: number, fn: ResponseListener): void;
  onError(seq: number, fn: ErrorListener): void;
  close(): void;
}

/** Who waits for which answer, by opaque: the half of the contract that every server of memts has. */
export class FrameListeners {
  readonly #responses = new Map<number, ResponseListener>();
  readonly #errors = new Map<number, ErrorListener>();

  onResponse(seq: number, fn: ResponseListener): void {
    this.#responses.set(seq, fn);
  }

  onError(seq: number, fn: ErrorListener): void {
    this.#errors.set(seq, fn);
  }

  /** Hands a response to who waits for it; nobody may. */
  respond(message: TransportMessage): void {
    const seq = message.header.opaque as number;
    const listener = this.#responses.get(seq);
    if (listener === undefined) return;
    if (!listener.quiet || message.header.totalBodyLength === 0) {
      this.#responses.delete(seq);
      this.#errors.delete(seq);
    }
    // What a transport answers with is as much of a Response as it makes it.
    listener(message as Response);
  }

  /** Fails everyone who waits. */
  failAll(error: Error): void {
    const listeners = [...this.#errors.values()];
    this.#responses.clear();
    this.#errors.clear();
    for (const listener of listeners) listener(error);
  }

  /** Fails the one that waits for `seq`. */
  fail(seq: number, error: Error): void {
    const listener = this.#errors.get(seq);
    this.#responses.delete(seq);
    this.#errors.delete(seq);
    listener?.(error);
  }
}

/** Sends a request as one whole frame through a custom transport. `patience` is in milliseconds. */
export function sendFrame(transport: FrameTransport, request: Request, seq: number, patience: number): void {
  if (request.op !== Op.Raw) request.opaque = seq;
  new Exchange(transport, request).start(patience);
}

/** One frame and its response. */
class Exchange implements Holder {
  #open = true;
  #timer: NodeJS.Timeout | undefined;
  readonly #transport: FrameTransport;
  readonly #request: Request;

  constructor(transport: FrameTransport, request: Request) {
    this.#transport = transport;
    this.#request = request;
  }

  start(patience: number): void {
    const request = this.#request;
    const transport = this.#transport;
    request.holder = this;
    const onResponse: ResponseListener = (message) => this.#respond(message);
    if (request.op === Op.Stat) onResponse.quiet = true;
    transport.onResponse(request.opaque, onResponse);
    transport.onError(request.opaque, (error) => this.#fail(error));
    this.#timer = setTimeout(() => {
      this.#fail(this.#timedOut());
    }, patience);
    const frame = frameOf(request);
    try {
      transport.write(frame);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  drop(): void {
    this.#end();
  }

  #timedOut(): MemcacheError {
    const server = `${this.#transport.host}:${this.#transport.port}`;
    return new MemcacheError('ERR_TIMEOUT', 'socket timed out waiting on response.', { server });
  }

  #respond(message: TransportMessage): void {
    if (!this.#open) return;
    const reply = toReply(message, this.#request);
    if (!reply.more) this.#end();
    this.#request.settle(reply);
  }

  #fail(error: Error): void {
    if (!this.#open) return;
    this.#end();
    // The error is the transport's own and goes to the caller as it is, whatever its class.
    this.#request.fail(error as MemcacheError, true);
  }

  #end(): void {
    this.#open = false;
    this.#request.holder = undefined;
    clearTimeout(this.#timer);
  }
}

function frameOf(request: Request): Buffer {
  if (request.op === Op.Raw) return request.value as Buffer;
  const output = new FrameOutput();
  encode(request, output);
  return output.take();
}

/** Gathers one frame. */
class FrameOutput implements Output {
  buffer = Buffer.alloc(0);
  position = 0;
  readonly #parts: Uint8Array[] = [];

  reserve(bytes: number): void {
    this.#seal();
    this.buffer = Buffer.alloc(bytes);
    this.position = 0;
  }

  attach(chunk: Uint8Array): void {
    this.#seal();
    this.#parts.push(chunk);
  }

  take(): Buffer {
    this.#seal();
    return Buffer.concat(this.#parts);
  }

  #seal(): void {
    if (this.position > 0) this.#parts.push(this.buffer.subarray(0, this.position));
    this.position = 0;
  }
}

/** Whatever the transport calls value, extras and key goes on as it is: the caller's serializer may expect just that. */
function toReply(message: TransportMessage, request: Request): Reply {
  const { header } = message;
  const reply = new Reply().reset(header.status ?? 0);
  reply.value = (message.val ?? null) as Buffer | null;
  reply.extras = (message.extras ?? null) as Buffer | null;
  reply.key = (message.key ?? null) as Buffer | null;
  if (request.returnCas && header.cas) reply.cas = header.cas.readBigUInt64BE();
  if (request.op === Op.Raw) reply.frame = message as Response;
  if (request.op === Op.Stat) reply.more = reply.status === 0 && header.totalBodyLength !== 0;
  if ((request.op === Op.Increment || request.op === Op.Decrement) && Buffer.isBuffer(message.val)) {
    const counter = message.val.length === 8 ? message.val.readBigUInt64BE() : 0n;
    reply.counter = counter <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(counter) : counter;
  }
  return reply;
}
