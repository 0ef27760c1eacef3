import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import memts, { Client, Header, Server, Utils } from '../../../src/index.ts';

const memjs = createRequire(import.meta.url)('memjs') as { Utils: typeof Utils; Header: typeof Header };

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);

describe('the default export', () => {
  it("holds what MemJS's has", () => {
    expect(memts).toEqual({ Client, Header, Server, Utils });
  });
});

describe('Utils.makeRequestBuffer', () => {
  it("is MemJS's", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        piece,
        piece,
        piece,
        fc.integer({ min: 0, max: 0x7fffffff }),
        (...args) => {
          const ours = Utils.makeRequestBuffer(...args);
          expect(ours.toString('hex')).toBe(memjs.Utils.makeRequestBuffer(...args).toString('hex'));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    [undefined, 0],
    [2 ** 31, 2 ** 31],
    [2 ** 32 - 1, 2 ** 32 - 1],
    [-1, 2 ** 32 - 1],
    [-(2 ** 31), 2 ** 31],
    [2 ** 32, 0],
  ])('takes the opaque %s for %i', (opaque, written) => {
    expect(Utils.makeRequestBuffer(0, 'key', '', '', opaque).readUInt32BE(12)).toBe(written);
  });
});

describe('Utils.parseMessage', () => {
  it('reads what makeRequestBuffer writes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        piece,
        piece,
        piece,
        uint32,
        (opcode, key, extras, value, opaque) => {
          const frame = Utils.makeRequestBuffer(opcode, key, extras, value, opaque);
          const message = Utils.parseMessage(Buffer.concat([frame, Buffer.from('what follows')]));
          expect(message.header).toMatchObject({ magic: 0x80, opcode, opaque, totalBodyLength: frame.length - 24 });
          expect(message.key).toEqual(Buffer.from(key));
          expect(message.extras).toEqual(Buffer.from(extras));
          expect(message.val).toEqual(Buffer.from(value));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('answers false for what is not whole', () => {
    const frame = Utils.makeRequestBuffer(1, 'key', 'extras', 'value', 1);
    for (let length = 0; length < frame.length; length++)
      expect(Utils.parseMessage(frame.subarray(0, length))).toBe(false);
    expect(Utils.parseMessage(frame)).not.toBe(false);
  });

  it('answers false where key and extras are longer than the whole', () => {
    const frame = Utils.makeRequestBuffer(1, 'key', '', '', 1);
    frame.writeUInt16BE(100, 2);
    expect(Utils.parseMessage(frame)).toBe(false);
  });
});

describe('Header', () => {
  it('comes back as it was', () => {
    const cas = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes));
    const byte = fc.integer({ min: 0, max: 255 });
    const uint16 = fc.integer({ min: 0, max: 0xffff });
    const header = fc.record({
      magic: byte,
      opcode: byte,
      keyLength: uint16,
      extrasLength: byte,
      dataType: byte,
      status: uint16,
      totalBodyLength: uint32,
      opaque: uint32,
      cas,
    });
    fc.assert(
      fc.property(header, (fields) => {
        const buffer = Header.toBuffer(fields);
        expect(buffer).toHaveLength(24);
        expect(Header.fromBuffer(buffer)).toEqual(fields);
        expect(Header.fromBuffer(buffer)).toEqual(memjs.Header.fromBuffer(buffer));
      }),
      { numRuns: 200 },
    );
  });

  it('takes what is left out for 0, as MemJS does', () => {
    const fields = { magic: 0x80, opcode: 1, keyLength: 3, extrasLength: 8, totalBodyLength: 16 };
    const buffer = Header.toBuffer(fields);
    expect(buffer.toString('hex')).toBe('800100030800000000000010000000000000000000000000');
    expect(buffer).toEqual(memjs.Header.toBuffer(fields));
  });

  it('of nothing is an empty object', () => {
    expect(Header.fromBuffer(undefined as never)).toEqual({});
  });
});

describe('Utils', () => {
  it('makeExpiration and makeAmountInitialAndExpiration write big-endian numbers', () => {
    expect(Utils.makeExpiration(0x01020304).toString('hex')).toBe('01020304');
    expect(Utils.makeExpiration(0xffffffff).toString('hex')).toBe('ffffffff');
    expect(Utils.makeAmountInitialAndExpiration(5_000_000_000, 2n ** 64n - 1n, 60).toString('hex')).toBe(
      '000000012a05f200ffffffffffffffff0000003c',
    );
    expect(Utils.makeAmountInitialAndExpiration(1, 2, 3)).toEqual(memjs.Utils.makeAmountInitialAndExpiration(1, 2, 3));
  });

  it('merge puts in what is missing', () => {
    const original = { a: 1, b: undefined, c: null, d: 0, e: '', f: false };
    const merged = Utils.merge(original, { a: 9, b: 2, c: 3, d: 9, e: 'x', f: true, g: 7 });
    expect(merged).toBe(original);
    expect(merged).toEqual({ a: 1, b: 2, c: 3, d: 0, e: '', f: false, g: 7 });
    const theirs = memjs.Utils.merge(
      { a: 1, b: undefined, c: null, d: 0, e: '', f: false },
      { a: 9, b: 2, c: 3, d: 9, e: 'x', f: true, g: 7 },
    );
    expect(merged).toEqual(theirs);
  });

  it('timestamp counts milliseconds and never goes back', () => {
    const start = Utils.timestamp();
    const until = performance.now() + 20;
    let last = start;
    while (performance.now() < until) {
      const now = Utils.timestamp();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
    expect(Utils.timestamp() - start).toBeGreaterThanOrEqual(18);
    expect(Utils.timestamp() - start).toBeLessThan(2000);
  });

  it("errors holds MemJS's words, by status", async () => {
    const { errors } = createRequire(import.meta.url)('memjs/lib/memjs/protocol') as { errors: Record<number, string> };
    expect(Object.keys(errors).length).toBeGreaterThan(5);
    expect(Utils.errors).toMatchObject(errors);
  });
});
