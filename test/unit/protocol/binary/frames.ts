import type { MemcacheError } from '../../../../src/errors.ts';
import { BinaryDecoder } from '../../../../src/protocol/binary/decode.ts';
import { Op } from '../../../../src/protocol/op.ts';
import type { ReplyQueue } from '../../../../src/protocol/protocol.ts';
import type { Reply } from '../../../../src/protocol/reply.ts';
import { Request } from '../../../../src/protocol/request.ts';

/** A request that keeps nothing but what it is given. */
export class PlainRequest extends Request {
  override settle(): void {}
  override fail(_error: MemcacheError): void {}
}

export interface RequestFields extends Partial<Omit<Request, 'op' | 'key' | 'settle' | 'fail'>> {}

export function request(op: Op, key: string | Uint8Array = '', fields: RequestFields = {}): Request {
  return Object.assign(new PlainRequest(op, key), fields);
}

export interface FrameFields {
  magic?: number;
  opcode?: number;
  status?: number;
  opaque?: number;
  cas?: bigint;
  dataType?: number;
  extras?: Uint8Array;
  key?: string;
  value?: string | Uint8Array;
  /** Instead of the right lengths. */
  bodyLength?: number;
  keyLength?: number;
  extrasLength?: number;
}

/** A response frame, put together byte by byte from memcached's protocol-binary.txt. */
export function frame(fields: FrameFields = {}): Buffer {
  const { magic = 0x81, opcode = 0, status = 0, opaque = 0, cas = 0n, dataType = 0 } = fields;
  const extras = Buffer.from(fields.extras ?? []);
  const key = Buffer.from(fields.key ?? '');
  const value = Buffer.from(fields.value ?? '');
  const header = Buffer.alloc(24);
  header[0] = magic;
  header[1] = opcode;
  header.writeUInt16BE(fields.keyLength ?? key.length, 2);
  header[4] = fields.extrasLength ?? extras.length;
  header[5] = dataType;
  header.writeUInt16BE(status, 6);
  header.writeUInt32BE(fields.bodyLength ?? extras.length + key.length + value.length, 8);
  header.writeUInt32BE(opaque, 12);
  header.writeBigUInt64BE(cas, 16);
  return Buffer.concat([header, extras, key, value]);
}

/** A reply as it was when it was lent. */
export interface Seen {
  status: number;
  value: Buffer | null;
  extras: Buffer | null;
  key: Buffer | null;
  cas: bigint;
  counter: number | bigint;
  more: boolean;
  opcode: number | undefined;
}

/** A queue of requests that keeps the replies. */
export class Queue implements ReplyQueue {
  readonly seen: Seen[] = [];
  readonly requests: Request[];
  /** After how many replies the connection is over. */
  endAfter = Number.POSITIVE_INFINITY;

  constructor(requests: readonly Request[]) {
    this.requests = [...requests];
  }

  head(): Request | undefined {
    return this.requests[0];
  }

  deliver(reply: Reply): boolean {
    const { status, value, extras, key, cas, counter, more, frame: message } = reply;
    this.seen.push({ status, value, extras, key, cas, counter, more, opcode: message?.header.opcode });
    if (!more) this.requests.shift();
    return this.seen.length < this.endAfter;
  }
}

/** What a decoder makes of input that comes in those chunks. Each chunk is overwritten once it has been read. */
export function decode(requests: readonly Request[], chunks: readonly Uint8Array[]): Seen[] {
  const queue = new Queue(requests);
  const decoder = new BinaryDecoder(queue);
  for (const chunk of chunks) {
    const lent = Buffer.concat([Buffer.from('before'), chunk, Buffer.from('behind')]);
    decoder.decode(lent, 6, 6 + chunk.length);
    lent.fill(0xee);
  }
  return queue.seen;
}

/** A conversation with an answer of every kind: what was asked, and what came. */
export function conversation(): { requests: Request[]; bytes: Buffer; expected: Partial<Seen>[] } {
  const flags = Buffer.from([1, 2, 3, 4]);
  const entries: [Request, FrameFields[], Partial<Seen>[]][] = [
    [
      request(Op.Get, 'a'),
      [{ extras: flags, value: 'value', cas: 9n }],
      [{ status: 0, value: Buffer.from('value'), extras: flags, more: false }],
    ],
    [request(Op.Get, 'a'), [{ status: 1, value: 'Not found' }], [{ status: 1, value: Buffer.from('Not found') }]],
    [request(Op.Set, 'a'), [{ cas: 5n }], [{ status: 0, value: null }]],
    [
      request(Op.Get, 'a', { returnCas: true }),
      [{ extras: flags, value: '', cas: 2n ** 64n - 1n }],
      [{ status: 0, value: Buffer.alloc(0), extras: flags, cas: 2n ** 64n - 1n }],
    ],
    [request(Op.Increment, 'n'), [{ value: counter(5_000_000_000n) }], [{ status: 0, counter: 5_000_000_000 }]],
    [request(Op.Decrement, 'n'), [{ value: counter(2n ** 64n - 1n) }], [{ status: 0, counter: 2n ** 64n - 1n }]],
    [
      request(Op.Stat, ''),
      [{ key: 'pid', value: '42' }, { key: 'empty', value: '' }, {}],
      [
        { status: 0, key: Buffer.from('pid'), value: Buffer.from('42'), more: true },
        { status: 0, key: Buffer.from('empty'), value: Buffer.alloc(0), more: true },
        { status: 0, more: false },
      ],
    ],
    [request(Op.Add, 'a'), [{ status: 2, value: 'Data exists for key.' }], [{ status: 2 }]],
    [request(Op.Touch, 'a'), [{ extras: flags }], [{ status: 0 }]],
    [
      request(Op.Get, 'a'),
      [{ extras: flags, value: Buffer.alloc(300, 'ü\r\nEND\r\n') }],
      [{ status: 0, value: Buffer.alloc(300, 'ü\r\nEND\r\n'), extras: flags }],
    ],
    [request(Op.Delete, 'a'), [{}], [{ status: 0 }]],
  ];
  const frames = entries.flatMap(([asked, answers], index) => {
    asked.opaque = 0xfffffff8 + index > 0xffffffff ? index : 0xfffffff8 + index;
    return answers.map((fields) => frame({ opcode: asked.op, opaque: asked.opaque, ...fields }));
  });
  return {
    requests: entries.map(([asked]) => asked),
    bytes: Buffer.concat(frames),
    expected: entries.flatMap(([, , seen]) => seen),
  };
}

export function counter(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(value);
  return buffer;
}
