import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompressOptions, compressed } from '../../../src/serializers/compress.ts';
import { type JsonInput, jsonSerializer } from '../../../src/serializers/json.ts';
import { noopSerializer, type Serializer } from '../../../src/serializers/serializer.ts';
import type { CompressionAlgorithm } from '../../../src/serializers/zlib.ts';
import { append, expectSame, load, roundTrip, store, thrown } from './support.ts';

const hasZstd = 'zstdCompressSync' in zlib;
const CODES: Record<CompressionAlgorithm, number> = { gzip: 1, deflate: 2, brotli: 3, zstd: 4 };
const ALGORITHMS = (Object.keys(CODES) as CompressionAlgorithm[]).filter((name) => name !== 'zstd' || hasZstd);
const MARK = 0x6d000000;
const LONG = 'memcached '.repeat(1000);
const small = (options: CompressOptions = {}) => compressed(jsonSerializer(), { threshold: 10, ...options });

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const serializer = small({ algorithm });
  const compression = CODES[algorithm] << 20;

  it('gives back what went in, and says so in the flags', () => {
    const stored = store(serializer, LONG, 0xbeef);
    expect(stored.flags).toBe(MARK + compression + 0x20000 + 0xbeef);
    expect(stored.bytes.length).toBeLessThan(LONG.length / 10);
    expect(load(serializer, stored)).toBe(LONG);
    expect(load(small(), stored)).toBe(LONG);
  });

  it('keeps the types', () => {
    for (const value of [Buffer.alloc(5000), { list: Array(500).fill('x') }, 10n ** 500n, Array(99).fill(null)]) {
      expect(store(serializer, value).flags & 0xf00000).toBe(compression);
      expect(roundTrip(serializer, value)).toEqual(value);
    }
  });

  it('gives any value back', () => {
    const value = fc.oneof(
      fc.string({ size: 'large' }),
      fc.uint8Array({ size: 'large' }).map((b) => Buffer.from(b)),
    );
    const run = (any: JsonInput) => expectSame(roundTrip(serializer, any), any);
    fc.assert(fc.property(value, run), { numRuns: 30 });
  });

  it('stops a bomb at its bound', () => {
    const bomb = store(small({ algorithm }), '0'.repeat(3_000_000));
    expect(bomb.bytes.length).toBeLessThan(20_000);
    const bounded = small({ maxOutputLength: 2_999_999 });
    const { message } = thrown('ERR_VALUE_TOO_LARGE', () => load(bounded, bomb));
    expect(message).toContain('2999999');
    expect(load(small({ maxOutputLength: 3_000_000 }), bomb)).toHaveLength(3_000_000);
  });

  it('refuses what is cut off, changed or continued', () => {
    const { bytes, flags } = store(serializer, LONG);
    for (let length = 0; length < bytes.length; length++) {
      thrown('ERR_UNSUPPORTED', () => load(serializer, { bytes: bytes.subarray(0, length), flags }));
    }
    for (const more of ['x', '\0', '\0\0\0\0', 'memcached']) {
      const continued = Buffer.concat([bytes, Buffer.from(more)]);
      thrown('ERR_UNSUPPORTED', () => load(serializer, { bytes: continued, flags }));
    }
    thrown('ERR_UNSUPPORTED', () => load(serializer, { bytes: Buffer.from('hunter2'), flags }));
  });

  it('takes levels of its own scale', () => {
    expect(roundTrip(small({ algorithm, level: 1 }), LONG)).toBe(LONG);
    // Text for a level is what plain JavaScript may hand over.
    for (const wrong of [1e6, -1e6, 1.5, '1' as unknown as number]) {
      thrown('ERR_INVALID_ARGUMENT', () => small({ algorithm, level: wrong }));
    }
  });
});

describe('when', () => {
  it('only from the threshold on, in bytes', () => {
    const serializer = compressed(jsonSerializer(), { threshold: 1000 });
    expect(store(serializer, 'x'.repeat(999)).flags).toBe(MARK + 0x20000);
    expect(store(serializer, 'x'.repeat(1000)).flags).toBe(MARK + 0x120000);
    expect(store(serializer, 'é'.repeat(499)).flags).toBe(MARK + 0x20000);
    expect(store(serializer, 'é'.repeat(500)).flags).toBe(MARK + 0x120000);
  });

  it('4,096 bytes if nothing is said', () => {
    // A number is what the client has to refuse behind the serializer.
    const serializer = compressed(noopSerializer);
    expect(store(serializer, 'x'.repeat(4095)).flags).toBe(0);
    expect(store(serializer, 'x'.repeat(4096)).flags).toBe(MARK + 0x100000);
  });

  it('not when it gets larger', () => {
    const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff));
    const packed = zlib.brotliCompressSync(noise);
    expect(store(small(), packed)).toEqual({ bytes: packed, flags: MARK + 0x10000 });
  });

  it('not what could not be read again', () => {
    const serializer = small({ maxOutputLength: 1000 });
    expect(store(serializer, 'x'.repeat(1001)).flags).toBe(MARK + 0x20000);
    expect(roundTrip(serializer, 'x'.repeat(1001))).toBe('x'.repeat(1001));
    expect(roundTrip(serializer, 'x'.repeat(1000))).toBe('x'.repeat(1000));
  });
});

describe('around other serializers', () => {
  it('restores the flags of one without a mark', () => {
    const seen: number[] = [];
    const inner: Serializer<string, string> = {
      serialize: (_opcode, value, extras) => ({ value, extras }),
      deserialize(_opcode, value, extras) {
        seen.push(extras.readUInt32BE(0));
        return { value: String(value), extras };
      },
    };
    expect(roundTrip(compressed(inner), LONG, 0x1234)).toBe(LONG);
    expect(roundTrip(compressed(inner), 'short', 0x1234)).toBe('short');
    expect(seen).toEqual([0x1234, 0x1234]);
  });

  it('passes on extras that the inner one has made', () => {
    const extras = Buffer.from('mine');
    const inner: Serializer<string, string> = {
      serialize: (_opcode, value, given) => ({ value, extras: given }),
      deserialize: () => ({ value: 'x', extras }),
    };
    const flags = Buffer.alloc(4);
    const { bytes, flags: stored } = store(compressed(inner), LONG);
    flags.writeUInt32BE(stored);
    expect(compressed(inner).deserialize(0, bytes, flags).extras).toBe(extras);
  });

  it('refuses flags in its half, whether it compresses or not', () => {
    for (const value of ['short', LONG]) {
      for (const flags of [0x10000, 0xff000000, MARK + 0x100000]) {
        thrown('ERR_INVALID_ARGUMENT', () => store(compressed(noopSerializer), value, flags));
      }
    }
    thrown('ERR_INVALID_ARGUMENT', () => store(compressed(compressed(noopSerializer)), LONG));
  });

  it('lets the client refuse what is no value', () => {
    const extras = Buffer.alloc(8);
    const serializer = compressed(noopSerializer) as unknown as Serializer<number, unknown>;
    expect(serializer.serialize(1, 5, extras).value).toBe(5);
  });

  it('leaves misses and values of other clients alone', () => {
    const serializer = compressed(noopSerializer);
    expect(serializer.deserialize(0, null, Buffer.alloc(0)).value).toBeNull();
    for (const flags of [0, 0x100000, 0x6c100000, 0xdeadbeef]) {
      expect(load(serializer, { bytes: Buffer.from('x'), flags })).toEqual(Buffer.from('x'));
    }
  });

  it('refuses compressions of the future', () => {
    for (let compression = 5; compression < 16; compression++) {
      const flags = (MARK | (compression << 20)) >>> 0;
      thrown('ERR_UNSUPPORTED', () => load(small(), { bytes: Buffer.from('x'), flags }));
    }
  });
});

it('has no append and no prepend', () => {
  thrown('ERR_UNSUPPORTED', () => append(small(), 'x'));
  thrown('ERR_UNSUPPORTED', () => append(compressed(noopSerializer), 'x'));
});

it('refuses invalid options', () => {
  const wrong = [
    { threshold: -1 },
    { threshold: Number.NaN },
    // Plain JavaScript may hand over text.
    { threshold: '1' as unknown as number },
    { maxOutputLength: -1 },
    { algorithm: 'lzma' as 'gzip' },
    { algorithm: 'toString' as 'gzip' },
  ];
  for (const options of wrong) thrown('ERR_INVALID_ARGUMENT', () => compressed(noopSerializer, options));
  expect(() => compressed(noopSerializer, { threshold: Number.POSITIVE_INFINITY })).not.toThrow();
});

it.skipIf(hasZstd)('says when Node has no zstd', () => {
  thrown('ERR_UNSUPPORTED', () => small({ algorithm: 'zstd' }));
  const stored = { bytes: Buffer.from('28b52ffd', 'hex'), flags: MARK + 0x420000 };
  thrown('ERR_UNSUPPORTED', () => load(small(), stored));
});
