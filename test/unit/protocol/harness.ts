import type { MemcacheError } from '../../../src/errors.ts';
import { Op } from '../../../src/protocol/op.ts';
import type { Output, Protocol, ReplyQueue } from '../../../src/protocol/protocol.ts';
import type { ItemFacts, Reply } from '../../../src/protocol/request.ts';
import { Request, type WireKey } from '../../../src/protocol/request.ts';

/** Output that keeps everything; its block is small, so that `reserve` has to get new ones. */
export class KeptOutput implements Output {
  buffer: Buffer;
  position = 0;
  private readonly pieces: Uint8Array[] = [];

  constructor(block = 64) {
    this.buffer = Buffer.alloc(block, 0xee);
  }

  reserve(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    this.seal();
    this.buffer = Buffer.alloc(Math.max(bytes, 64), 0xee);
    this.position = 0;
  }

  attach(chunk: Uint8Array): void {
    this.seal();
    this.pieces.push(chunk);
  }

  bytes(): Buffer {
    return Buffer.concat([...this.pieces, this.buffer.subarray(0, this.position)]);
  }

  private seal(): void {
    this.pieces.push(Buffer.from(this.buffer.subarray(0, this.position)));
    this.buffer = this.buffer.subarray(this.position);
    this.position = 0;
  }
}

/** What a request got, with the parts of a reply that say something. */
export interface KeptReply {
  status: number;
  value?: string;
  flags?: number;
  name?: string;
  cas?: bigint;
  counter?: number | bigint;
  facts?: ItemFacts;
  /** Of a whole frame. */
  opcode?: number;
  index?: number;
  more?: true;
}

export type Fields = Partial<
  Pick<
    Request,
    | 'value'
    | 'flags'
    | 'expiration'
    | 'cas'
    | 'amount'
    | 'initial'
    | 'returnCas'
    | 'returnTimeLeft'
    | 'opaque'
    | 'keys'
    | 'stores'
    | 'timeout'
  >
>;

/** A request that remembers what it got. */
export class KeptRequest extends Request {
  readonly replies: KeptReply[] = [];
  failure: MemcacheError | undefined;
  written: boolean | undefined;
  onDone: (() => void) | undefined;

  override settle(reply: Reply): void {
    this.replies.push(this.#keep(reply));
    if (!reply.more) this.onDone?.();
  }

  override fail(error: MemcacheError, written: boolean): void {
    this.failure = error;
    this.written = written;
    this.onDone?.();
  }

  #keep(reply: Reply): KeptReply {
    const replies: KeptReply = { status: reply.status };
    if (reply.value !== null) replies.value = reply.value.toString('latin1');
    if (reply.extras !== null) replies.flags = reply.extras.readUInt32BE(0);
    if (reply.key !== null) replies.name = reply.key.toString('latin1');
    if (this.returnCas && reply.status === 0) replies.cas = reply.cas;
    if ((this.op === Op.Increment || this.op === Op.Decrement) && reply.status === 0) replies.counter = reply.counter;
    if (this.op === Op.Inspect && reply.facts !== undefined && reply.status === 0) replies.facts = reply.facts;
    if (reply.frame !== null) replies.opcode = reply.frame.header.opcode;
    if (this.keys !== undefined) replies.index = reply.index;
    if (reply.more) replies.more = true;
    return replies;
  }
}

export function make(op: Op, key: WireKey = '', fields: Fields = {}): KeptRequest {
  return Object.assign(new KeptRequest(op, key), fields);
}

/** The bytes of one request, as latin1 text. */
export function encoded(protocol: Protocol, request: Request): string {
  const output = new KeptOutput();
  protocol.encode(request, output);
  return output.bytes().toString('latin1');
}

/** Requests that wait; it goes on as a connection does. */
export class KeptQueue implements ReplyQueue {
  readonly requests: Request[];
  closed = false;

  constructor(requests: Iterable<Request>) {
    this.requests = [...requests];
  }

  head(): Request | undefined {
    return this.requests[0];
  }

  deliver(reply: Reply): boolean {
    const request = reply.more ? this.requests[0] : this.requests.shift();
    request?.settle(reply);
    return !this.closed;
  }
}

/**
 * Decodes pieces as a connection would: each in the same buffer, which is overwritten as soon as it has been decoded.
 */
export function decodePieces(protocol: Protocol, queue: ReplyQueue, pieces: Iterable<Uint8Array>): void {
  const decoder = protocol.createDecoder(queue);
  for (const piece of pieces) {
    const chunk = Buffer.alloc(piece.length + 6, 0x0a);
    chunk.set(piece, 3);
    decoder.decode(chunk, 3, 3 + piece.length);
    chunk.fill(0x41);
  }
}

/** A request and the bytes that answer it. */
export interface Exchange {
  request: () => KeptRequest;
  /** In text `O?` stands for the opaque, `O?+n` for that of a batch's n-th key. */
  answer: string | ((opaque: number) => Buffer);
  replies: KeptReply[];
}

/** The responses of all exchanges in one stream, and what a decoder makes of it in these pieces. */
export function replay(
  protocol: Protocol,
  exchanges: readonly Exchange[],
  pieces: Iterable<Uint8Array>,
): KeptReply[][] {
  const requests = exchanges.map(({ request }, index) => {
    const made = request();
    made.opaque = index * 1000 + 7;
    return made;
  });
  const queue = new KeptQueue(requests);
  decodePieces(protocol, queue, pieces);
  return requests.map(({ replies }) => replies);
}

/** The stream that `replay` reads. */
export function streamOf(exchanges: readonly Exchange[]): Buffer {
  return Buffer.concat(exchanges.map(({ answer }, index) => bytesOf(answer, index * 1000 + 7)));
}

function bytesOf(answer: Exchange['answer'], opaque: number): Buffer {
  if (typeof answer === 'function') return answer(opaque);
  return Buffer.from(
    answer.replace(/O\?(?:\+(\d+))?/g, (_, offset) => `O${opaque + Number(offset ?? 0)}`),
    'latin1',
  );
}

/** Cuts a buffer before each of these offsets. */
export function cut(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const sorted = [...new Set(offsets)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
  return [0, ...sorted].map((at, i) => bytes.subarray(at, sorted[i] ?? bytes.length));
}
