import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKey, NO_NUMBER, readCounter, readNumber, readUint64 } from '../../../../src/protocol/text/decoder.ts';
import { valueBytes, writeDecimal } from '../../../../src/protocol/text/write.ts';

const bytesOf = (text: string) => Buffer.from(`#${text}#`, 'latin1');
const number = (text: string) => readNumber(bytesOf(text), 1, text.length + 1);
const uint64 = (text: string) => readUint64(bytesOf(text), 1, text.length + 1, 'it');

describe('numbers in text', () => {
  const anyNumber = fc.oneof(
    fc.nat(0xffffffff),
    fc.nat(200),
    fc.nat(20_000),
    fc.maxSafeNat(),
    fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
    fc.constantFrom(0, 9, 10, 99, 100, 4294967295, 4294967296, 2147483647, 2147483648, 0n, 18446744073709551615n),
  );

  it('are written as String writes them', () => {
    fc.assert(
      fc.property(anyNumber, (value) => {
        const buffer = Buffer.alloc(24, 0x23);
        const end = writeDecimal(buffer, value, 1);
        expect(buffer.toString('latin1', 0, end + 1)).toBe(`#${value}#`);
      }),
      { numRuns: 2000 },
    );
  });

  it('are read as what they are, past 2^53 − 1 as a bigint', () => {
    fc.assert(
      fc.property(anyNumber, (value) => {
        const expected = BigInt(value) > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(value) : Number(value);
        expect(uint64(String(value))).toBe(expected);
        expect(number(String(value))).toBe(String(value).length > 15 ? NO_NUMBER : expected);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['', '-1', '+1', ' 1', '1 ', '1.5', '1e3', '0x1', 'x', '/', ':', '18446744073709551616', '1'.repeat(21)])(
    'are not to be found in %j',
    (text) => {
      expect(number(text)).toBe(NO_NUMBER);
      expect(() => uint64(text)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }));
    },
  );

  it('may have spaces behind them as counters', () => {
    expect(readCounter(bytesOf('12   '), 1, 6)).toBe(12);
    expect(() => readCounter(bytesOf('   '), 1, 4)).toThrow('desynchronised');
  });
});

describe('a key in a response', () => {
  it('is recognised whatever its form', () => {
    const anyKey = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.uint8Array({ minLength: 1 }));
    fc.assert(
      fc.property(anyKey, anyKey, (key, other) => {
        const bytes = Buffer.concat([Buffer.from('#'), Buffer.from(key), Buffer.from('#')]);
        expect(isKey(bytes, 1, bytes.length - 1, key)).toBe(true);
        expect(isKey(bytes, 1, bytes.length - 1, Buffer.from(key))).toBe(true);
        expect(isKey(bytes, 1, bytes.length - 1, other)).toBe(Buffer.from(other).equals(Buffer.from(key)));
        expect(isKey(bytes, 1, bytes.length - 2, key)).toBe(false);
        expect(isKey(bytes, 1, bytes.length, key)).toBe(false);
      }),
    );
  });
});

describe('the size of a value', () => {
  it('is counted in bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(valueBytes(text)).toBe(Buffer.byteLength(text));
        expect(valueBytes(Buffer.from(text))).toBe(Buffer.byteLength(text));
      }),
    );
  });
});
