import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemcacheError } from '../../../../src/errors.ts';
import { BinaryDecoder } from '../../../../src/protocol/binary/decode.ts';
import { makeRequestBuffer } from '../../../../src/protocol/binary/message.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { thrownBy } from '../../../support/outcomes.ts';
import { conversation, counter, decode, frame, Queue, request, type Seen } from './frames.ts';

const { requests, bytes, expected } = conversation();

/** Of replies, those fields that are expected; as text, which is compared much faster. */
function shown(replies: readonly Partial<Seen>[]): string[] {
  return replies.map((reply, index) => {
    const fields = Object.keys(expected[index] ?? {}) as (keyof Seen)[];
    return fields
      .map((field) => `${field}: ${Buffer.isBuffer(reply[field]) ? hex(reply[field]) : reply[field]}`)
      .join();
  });
}

function hex(bytes: unknown): string {
  return `<${(bytes as Buffer).toString('hex')}>`;
}

const SHOWN = shown(expected).join('\n');

function check(seen: Seen[]): void {
  if (seen.length === expected.length && shown(seen).join('\n') === SHOWN) return;
  expect(shown(seen)).toEqual(shown(expected));
}

describe('the decoder', () => {
  it('takes everything in one piece', () => {
    check(decode(requests, [bytes]));
  });

  it('takes its input split in two anywhere', () => {
    for (let at = 0; at <= bytes.length; at++) check(decode(requests, [bytes.subarray(0, at), bytes.subarray(at)]));
  });

  it('takes its input split in three, around every header', () => {
    for (let at = 0; at + 30 <= bytes.length; at++) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at, at + 30), bytes.subarray(at + 30)];
      check(decode(requests, pieces));
    }
  });

  it('takes its input in single bytes', () => {
    check(
      decode(
        requests,
        [...bytes].map((byte) => Uint8Array.of(byte)),
      ),
    );
  });

  it('takes its input in pieces of one length', () => {
    for (let size = 2; size < 100; size++)
      check(
        decode(
          requests,
          pieces(bytes, () => size),
        ),
      );
  });

  it('takes its input in random pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        let turn = 0;
        check(
          decode(
            requests,
            pieces(bytes, () => sizes[turn++ % sizes.length] as number),
          ),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('takes any values in any pieces', () => {
    const value = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 10 }), fc.integer({ min: 1, max: 60 }), (values, size) => {
        const asked = values.map((_, index) => request(Op.Get, 'a', { opaque: index }));
        const answers = values.map((each, opaque) => frame({ opaque, extras: Buffer.alloc(4, opaque), value: each }));
        const seen = decode(
          asked,
          pieces(Buffer.concat(answers), () => size),
        );
        expect(seen.map((reply) => reply.value?.toString('hex'))).toEqual(
          values.map((each) => Buffer.from(each).toString('hex')),
        );
        expect(seen.map((reply) => reply.extras)).toEqual(values.map((_, opaque) => Buffer.alloc(4, opaque)));
      }),
      { numRuns: 200 },
    );
  });

  it('stops where the connection has come to its end', () => {
    const queue = new Queue(requests);
    queue.endAfter = 2;
    new BinaryDecoder(queue).decode(bytes, 0, bytes.length);
    expect(queue.seen).toHaveLength(2);
  });

  it("hands over a caller's own frame whole, and its further answers", () => {
    const get = makeRequestBuffer(0x0c, 'key', '', '', 7);
    const stat = makeRequestBuffer(0x10, '', '', '', 8);
    const asked = [
      request(Op.Raw, '', { value: get, opaque: 7 }),
      request(Op.Raw, '', { value: stat, opaque: 8 }),
      request(Op.Get, 'a', { opaque: 9 }),
    ];
    const input = Buffer.concat([
      frame({ opcode: 0x0c, opaque: 7, extras: Buffer.alloc(4), key: 'key', value: 'value' }),
      frame({ opcode: 0x10, opaque: 8, key: 'pid', value: '1' }),
      frame({ opcode: 0x10, opaque: 8 }),
      frame({ opaque: 9, status: 1 }),
    ]);
    for (const size of [1, 7, 24, 1000]) {
      const seen = decode(
        asked,
        pieces(input, () => size),
      );
      expect(seen.map(({ opcode, more }) => [opcode, more])).toEqual([
        [0x0c, false],
        [0x10, true],
        [0x10, false],
        [undefined, false],
      ]);
    }
  });

  it.each([
    [0n, 0],
    [1n, 1],
    [0xffffffffn, 0xffffffff],
    [0x100000000n, 0x100000000],
    [2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
    [2n ** 53n, 2n ** 53n],
    [2n ** 63n, 2n ** 63n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
  ])('reads the counter %s', (value, result) => {
    const [seen] = decode([request(Op.Increment, 'n')], [frame({ opcode: 5, value: counter(value) })]);
    expect(seen?.counter).toBe(result);
  });
});

describe('a desynchronised stream', () => {
  const get = request(Op.Get, 'key', { opaque: 1 });
  const good = frame({ opaque: 1, extras: Buffer.alloc(4), value: 'v' });
  const wrong: [what: string, bytes: Buffer][] = [
    ['another opaque', frame({ opaque: 2, extras: Buffer.alloc(4), value: 'v' })],
    ['an opaque that differs in its highest bit', frame({ opaque: 0x80000001 })],
    ['another opcode', frame({ opcode: 1, opaque: 1 })],
    ["a request's magic", frame({ magic: 0x80, opaque: 1 })],
    ['text', Buffer.from('VALUE key 0 1\r\nv\r\nEND\r\n')],
    ['a line of HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['zeros', Buffer.alloc(24)],
    ['an answer that nobody waits for', Buffer.concat([good, good])],
    ['garbage behind a good answer', Buffer.concat([good, Buffer.from('garbage')])],
    ['a key longer than the body', frame({ opaque: 1, keyLength: 10, bodyLength: 5, value: '12345' })],
    ['extras longer than the body', frame({ opaque: 1, extrasLength: 10, bodyLength: 5, value: '12345' })],
    ['a body of 4 GiB', frame({ opaque: 1, bodyLength: 0xffffffff })],
    ['a body of 2 GiB', frame({ opaque: 1, bodyLength: 0x80000000 })],
    ['a key in a response to GET', frame({ opaque: 1, extras: Buffer.alloc(4), key: 'key', value: 'v' })],
  ];

  it.each(wrong)('shows in %s', (_what, input) => {
    expect(thrownBy(() => decode([get], [input])).code).toBe('ERR_PROTOCOL');
    for (let at = 1; at < input.length; at++) {
      const error = thrownBy(() => decode([get], [input.subarray(0, at), input.subarray(at)]));
      expect(error.code).toBe('ERR_PROTOCOL');
    }
  });

  it.each([[7], [9], [0]])('shows in a counter of %i bytes', (length) => {
    const input = frame({ opcode: 5, value: Buffer.alloc(length) });
    expect(thrownBy(() => decode([request(Op.Increment, 'n')], [input])).code).toBe('ERR_PROTOCOL');
  });

  it('shows before the body has come', () => {
    const header = frame({ opaque: 1, bodyLength: 0xffffffff });
    expect(header).toHaveLength(24);
    expect(thrownBy(() => decode([get], [header])).code).toBe('ERR_PROTOCOL');
  });

  it('is not what a random stream passes for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 200 }), fc.boolean(), (input, magic) => {
        if (magic) input[0] = 0x81;
        const queue = new Queue([request(Op.Get, 'key', { opaque: 0x12345678 })]);
        try {
          new BinaryDecoder(queue).decode(Buffer.from(input), 0, input.length);
        } catch (error) {
          expect((error as MemcacheError).code).toBe('ERR_PROTOCOL');
        }
        expect(queue.seen).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('differs from a server that is full', () => {
    const line = Buffer.from('ERROR Too many open connections\r\n');
    const error = thrownBy(() => decode([get], [line]));
    expect(error.message).toMatch(/too many open connections/i);
    expect(thrownBy(() => decode([], [line])).message).toMatch(/too many open connections/i);
    for (let at = 1; at < line.length; at++) {
      expect(thrownBy(() => decode([get], [line.subarray(0, at), line.subarray(at)]))).toBeInstanceOf(MemcacheError);
    }
  });
});

function pieces(input: Buffer, size: () => number): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const end = at + size();
    cut.push(input.subarray(at, end));
    at = end;
  }
  return cut;
}
