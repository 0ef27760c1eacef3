import { clearTimeout, monotonicNow, programNow, setTimeout, wallNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import { encode } from '../protocol/binary/encode.ts';
import type { Response } from '../protocol/binary/message.ts';
import { factsOf, Op } from '../protocol/op.ts';
import type { Output } from '../protocol/protocol.ts';
import { type Holder, Reply, Request, type WireKey } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import { DEFAULT_TIMEOUT } from './connection-options.ts';
import type { FrameNumbers } from './frame-numbers.ts';
import type { FrameTransport, ResponseListener, TransportMessage } from './frame-transport.ts';
import { QuitRequest } from './handshake-request.ts';
import type { ServerStatus } from './status.ts';

/** How long an attempt may take, in seconds. */
export interface TransportLimits {
  timeout?: number | undefined;
  conntimeout?: number | undefined;
}

/** How long a transport may take to answer a quit, in milliseconds. */
const QUIT_TIMEOUT = 1500;

/** A server whose `write` the caller has made: each request goes out as one whole frame, a batch as one for each key. */
export class Transport {
  readonly protocol = 'binary';
  readonly tellsAge = false;
  /** Nothing is known of it that its responses don't say. */
  readonly down = false;
  /** What its silence means is for its maker to say. */
  readonly hung = false;
  readonly answeredAt = Number.NEGATIVE_INFINITY;
  readonly maxTtl = undefined;
  readonly server: FrameTransport;
  readonly #numbers: FrameNumbers;
  readonly #limits: TransportLimits;
  /** When the frames that wait for a response were sent, oldest first, on the clock of `performance.now()`. */
  readonly #sentAt = new Map<Exchange, number>();
  #answered = false;
  #lastError: MemcacheError | undefined;
  #downSince = 0;

  constructor(transport: FrameTransport, numbers: FrameNumbers, limits: TransportLimits) {
    this.server = transport;
    this.#numbers = numbers;
    this.#limits = limits;
  }

  get name(): string {
    return `${this.server.host}:${this.server.port}`;
  }

  /** Its `wakeupAt` is on the clock of `Date.now()`, as in MemJS. */
  get ejected(): boolean {
    const { wakeupAt } = this.server;
    return Boolean(wakeupAt) && (wakeupAt as number) > programNow();
  }

  /** In milliseconds. */
  get timeout(): number {
    const { timeout = DEFAULT_TIMEOUT, conntimeout = 2 * timeout } = this.#limits;
    return (timeout + conntimeout) * 1000;
  }

  send(request: Request): void {
    const { keys } = request;
    const patience = request.timeout || this.timeout;
    if (keys === undefined) this.#exchange(request).start(patience);
    else new BatchExchange(request, keys).start((part) => this.#exchange(part), patience);
  }

  async connect(): Promise<void> {}

  /** Sends a quit, and closes when it is answered. */
  async quit(): Promise<void> {
    await new Promise<void>((resolve) => this.send(new QuitRequest(QUIT_TIMEOUT, resolve)));
    this.close();
  }

  close(): void {
    this.server.close();
  }

  /** Nothing is known of its connections. */
  status(): ServerStatus {
    const { ejected } = this;
    const [oldest] = this.#sentAt.values();
    return {
      state: ejected ? 'down' : this.#answered ? 'up' : 'idle',
      protocol: this.protocol,
      version: null,
      connections: 0,
      waiting: this.#sentAt.size,
      oldest: oldest === undefined ? 0 : (monotonicNow() - oldest) / 1000,
      lastError: this.#lastError ?? null,
      downSince: ejected ? this.#downSince : null,
    };
  }

  eject(seconds: number): void {
    if (!this.ejected) this.#downSince = wallNow();
    this.server.wakeupAt = programNow() + seconds * 1000;
  }

  /** It is not known when it last answered. */
  failingFor(): undefined {}

  #exchange(request: Request): Exchange {
    if (request.op !== Op.Raw) request.opaque = this.#numbers.of(request);
    const exchange = new Exchange(this.server, this.name, request, (error) => this.#ended(exchange, error));
    this.#sentAt.set(exchange, monotonicNow());
    return exchange;
  }

  #ended(exchange: Exchange, error: MemcacheError | null | undefined): void {
    this.#sentAt.delete(exchange);
    if (error === undefined) return;
    this.#answered = error === null;
    if (error !== null) this.#lastError = error;
  }
}

/** A batch, whose keys are asked for one by one. */
class BatchExchange implements Holder {
  readonly #batch: Request;
  readonly #keys: readonly WireKey[];
  #exchanges: Exchange[] = [];
  #open = true;
  #left: number;

  constructor(batch: Request, keys: readonly WireKey[]) {
    this.#batch = batch;
    this.#keys = keys;
    this.#left = keys.length;
  }

  start(exchange: (part: Request) => Exchange, patience: number): void {
    this.#batch.holder = this;
    for (const index of this.#keys.keys()) {
      // One may have failed from inside write.
      if (!this.#open) return;
      const part = new BatchPart(this.#batch, index, this);
      const one = exchange(part);
      this.#exchanges.push(one);
      one.start(patience);
    }
  }

  answered(index: number, reply: Reply): void {
    if (!this.#open) return;
    reply.index = index;
    reply.more = true;
    this.#batch.settle(reply);
    this.#left--;
    if (!this.#open || this.#left > 0) return;
    this.#end();
    this.#batch.settle(new Reply().reset(Status.Ok));
  }

  failed(error: MemcacheError): void {
    if (!this.#open) return;
    this.#end();
    this.#batch.fail(error, true);
  }

  drop(): void {
    this.#end();
  }

  #end(): void {
    this.#open = false;
    this.#batch.holder = undefined;
    for (const exchange of this.#exchanges) exchange.drop();
    this.#exchanges = [];
  }
}

/** What a batch asks for one of its keys. */
class BatchPart extends Request {
  readonly #index: number;
  readonly #exchange: BatchExchange;

  constructor(batch: Request, index: number, exchange: BatchExchange) {
    super(factsOf(batch.op).single, batch.keys?.[index] as WireKey);
    this.#index = index;
    this.#exchange = exchange;
    this.returnCas = batch.returnCas;
    const store = batch.stores?.[index];
    if (store === undefined) return;
    this.value = store.value;
    this.flags = store.flags;
    this.expiration = store.expiration;
  }

  override settle(reply: Reply): void {
    this.#exchange.answered(this.#index, reply);
  }

  override fail(error: MemcacheError): void {
    this.#exchange.failed(error);
  }
}

/** One frame and its response. */
class Exchange implements Holder {
  #open = true;
  #timer: NodeJS.Timeout | undefined;
  readonly #transport: FrameTransport;
  readonly #name: string;
  readonly #request: Request;
  readonly #ended: (error?: MemcacheError | null) => void;

  /** `ended` gets the error, `null` after a response, or nothing when it was dropped. */
  constructor(
    transport: FrameTransport,
    name: string,
    request: Request,
    ended: (error?: MemcacheError | null) => void,
  ) {
    this.#transport = transport;
    this.#name = name;
    this.#request = request;
    this.#ended = ended;
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
    return new MemcacheError('ERR_TIMEOUT', 'socket timed out waiting on response.', { server: this.#name });
  }

  #respond(message: TransportMessage): void {
    if (!this.#open) return;
    const reply = toReply(message, this.#request);
    if (!reply.more) this.#end(null);
    this.#request.settle(reply);
  }

  #fail(error: Error): void {
    if (!this.#open) return;
    // The error is the transport's own and goes to the caller as it is, whatever its class.
    this.#end(error as MemcacheError);
    this.#request.fail(error as MemcacheError, true);
  }

  #end(error?: MemcacheError | null): void {
    if (this.#open) this.#ended(error);
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
