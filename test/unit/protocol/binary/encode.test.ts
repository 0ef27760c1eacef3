import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputBuffer } from '../../../../src/connection/output-buffer.ts';
import { binary } from '../../../../src/protocol/binary/index.ts';
import { makeRequestBuffer } from '../../../../src/protocol/binary/message.ts';
import { Op } from '../../../../src/protocol/op.ts';
import type { Request } from '../../../../src/protocol/request.ts';
import { Writes } from '../../connection/writes.ts';
import { type Fields, make } from '../harness.ts';

/** The bytes of requests that are sent one behind the other, as hexadecimal digits. */
function encoded(...requests: Request[]): string {
  const output = new OutputBuffer();
  for (const each of requests) binary.encode(each, output);
  const writes = new Writes();
  output.flush(writes);
  return writes.bytes.toString('hex');
}

const hex = (...parts: string[]): string => parts.join('').replaceAll(' ', '');

const KEY = '6b6579';
const VALUE = '76616c';

const FRAMES: [name: string, op: Op, fields: Fields, frame: string][] = [
  ['get', Op.Get, {}, hex('80 00 0003 00 00 0000 00000003 00000000 0000000000000000', KEY)],
  [
    'get with an opaque past 2^31',
    Op.Get,
    { opaque: 0xfedcba98 },
    hex('80 00 0003 00 00 0000 00000003 fedcba98 0000000000000000', KEY),
  ],
  [
    'set',
    Op.Set,
    { value: 'val', flags: 0xdeadbeef, expiration: 3600, opaque: 1 },
    hex('80 01 0003 08 00 0000 0000000e 00000001 0000000000000000 deadbeef 00000e10', KEY, VALUE),
  ],
  [
    'set with a CAS',
    Op.Set,
    { value: Buffer.from('val'), cas: 0xfedcba9876543210n },
    hex('80 01 0003 08 00 0000 0000000e 00000000 fedcba9876543210 00000000 00000000', KEY, VALUE),
  ],
  [
    'add',
    Op.Add,
    { value: 'val' },
    hex('80 02 0003 08 00 0000 0000000e 00000000 0000000000000000 00000000 00000000', KEY, VALUE),
  ],
  [
    'replace',
    Op.Replace,
    { value: new Uint8Array([0x76, 0x61, 0x6c]) },
    hex('80 03 0003 08 00 0000 0000000e 00000000 0000000000000000 00000000 00000000', KEY, VALUE),
  ],
  ['append', Op.Append, { value: 'val' }, hex('80 0e 0003 00 00 0000 00000006 00000000 0000000000000000', KEY, VALUE)],
  [
    'prepend',
    Op.Prepend,
    { value: 'val' },
    hex('80 0f 0003 00 00 0000 00000006 00000000 0000000000000000', KEY, VALUE),
  ],
  ['delete', Op.Delete, { cas: 5n }, hex('80 04 0003 00 00 0000 00000003 00000000 0000000000000005', KEY)],
  [
    'increment',
    Op.Increment,
    { amount: 5_000_000_000, initial: 7, expiration: 60 },
    hex('80 05 0003 14 00 0000 00000017 00000000 0000000000000000', '000000012a05f200 0000000000000007 0000003c', KEY),
  ],
  [
    'decrement that creates nothing',
    Op.Decrement,
    { amount: 0xffffffffffffffffn, initial: null, expiration: 60 },
    hex('80 06 0003 14 00 0000 00000017 00000000 0000000000000000', 'ffffffffffffffff 0000000000000000 ffffffff', KEY),
  ],
  [
    'increment from a large initial value',
    Op.Increment,
    { amount: Number.MAX_SAFE_INTEGER, initial: 2n ** 63n },
    hex('80 05 0003 14 00 0000 00000017 00000000 0000000000000000', '001fffffffffffff 8000000000000000 00000000', KEY),
  ],
  [
    'touch',
    Op.Touch,
    { expiration: 0x7fffffff },
    hex('80 1c 0003 04 00 0000 00000007 00000000 0000000000000000 7fffffff', KEY),
  ],
];

describe('the encoder', () => {
  it.each(FRAMES)('writes %s', (_name, op, fields, expected) => {
    expect(encoded(make(op, 'key', fields))).toBe(expected);
    expect(encoded(make(op, Buffer.from('key'), fields))).toBe(expected);
  });

  it('writes what has no key', () => {
    expect(encoded(make(Op.Quit))).toBe(hex('80 07 0000 00 00 0000 00000000 00000000 0000000000000000'));
    expect(encoded(make(Op.Flush))).toBe(hex('80 08 0000 00 00 0000 00000000 00000000 0000000000000000'));
    expect(encoded(make(Op.Flush, '', { expiration: 5 }))).toBe(
      hex('80 08 0000 04 00 0000 00000004 00000000 0000000000000000 00000005'),
    );
    expect(encoded(make(Op.Stat))).toBe(hex('80 10 0000 00 00 0000 00000000 00000000 0000000000000000'));
    expect(encoded(make(Op.Stat, 'items'))).toBe(
      hex('80 10 0005 00 00 0000 00000005 00000000 0000000000000000 6974656d73'),
    );
  });

  it("writes a caller's own frame as it is", () => {
    const frame = makeRequestBuffer(0x0c, 'key', '', '', 7);
    expect(encoded(make(Op.Raw, '', { value: frame }))).toBe(frame.toString('hex'));
    const large = makeRequestBuffer(0x01, 'key', Buffer.alloc(8), Buffer.alloc(100_000, 1), 7);
    expect(encoded(make(Op.Raw, '', { value: large }))).toBe(large.toString('hex'));
  });

  it('writes keys in UTF-8, counted in bytes', () => {
    const key = 'schlüssel-🔑-鍵';
    const bytes = Buffer.from(key).toString('hex');
    const length = (bytes.length / 2).toString(16).padStart(4, '0');
    expect(encoded(make(Op.Get, key))).toBe(
      hex(`80 00 ${length} 00 00 0000 0000${length} 00000000 0000000000000000`, bytes),
    );
  });

  it('writes requests one behind the other', () => {
    const requests = FRAMES.map(([, op, fields]) => make(op, 'key', fields));
    expect(encoded(...requests)).toBe(FRAMES.map(([, , , frame]) => frame).join(''));
  });

  it('writes values of any length and kind, wherever they begin in the buffer', () => {
    const edges = [0, 1, 47, 48, 49, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000];
    for (const length of edges) {
      for (const text of ['x'.repeat(length), 'ü'.repeat(length), `${'x'.repeat(length)}€`]) {
        for (const value of [text, Buffer.from(text)]) {
          const frames = encoded(make(Op.Set, 'a', { value: 'first' }), make(Op.Set, 'key', { value }));
          const expected = makeRequestBuffer(1, 'key', Buffer.alloc(8), value, 0).toString('hex');
          expect(frames.slice((24 + 8 + 1 + 5) * 2) === expected).toBe(true);
        }
      }
    }
  });

  it('agrees with MemJS about every frame', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
      fc.string({ minLength: 1, maxLength: 250 }),
    );
    const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 5000 }), fc.uint8Array({ maxLength: 5000 }));
    const uint32 = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(text, value, uint32, uint32, uint32, (key, content, flags, expiration, opaque) => {
        const extras = Buffer.alloc(8);
        extras.writeUInt32BE(flags, 0);
        extras.writeUInt32BE(expiration, 4);
        const expected = makeRequestBuffer(1, key, extras, content, opaque).toString('hex');
        expect(encoded(make(Op.Set, key, { value: content, flags, expiration, opaque })) === expected).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
