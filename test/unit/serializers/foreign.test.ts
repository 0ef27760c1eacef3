import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dalliSerializer } from '../../../src/serializers/foreign/dalli.ts';
import { phpSerializer } from '../../../src/serializers/foreign/php.ts';
import { pylibmcSerializer, pymemcacheSerializer } from '../../../src/serializers/foreign/python.ts';
import type { Serializer } from '../../../src/serializers/serializer.ts';
import { append, expectSame, load, roundTrip, store, thrown } from './support.ts';

type AnySerializer = Serializer<unknown, unknown>;
const any = (serializer: Serializer<never, unknown>) => serializer as AnySerializer;

const text = fc.string({ unit: 'grapheme' });
// What is stored without an encoding comes back as a string where it can.
const binary = fc.uint8Array().map((bytes) => Buffer.concat([bytes, Buffer.from([0xff])]));
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value))),
);
const int64 = integer.filter((value) => BigInt.asIntN(64, BigInt(value)) === BigInt(value));
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
// A lone integer past 2^53 − 1 that is written in digits alone comes back as a bigint, whatever it went in as.
const digits = /^-?\d+$/;
const exactJson = json.filter((value) => !digits.test(JSON.stringify(value)) || Number.isSafeInteger(value));
const flat = fc.oneof(fc.boolean(), fc.constant(null));
const smallPool = { threshold: 20 };

describe.each<[string, AnySerializer, fc.Arbitrary<unknown>, number]>([
  ['pylibmc', any(pylibmcSerializer()), fc.oneof(text, binary, integer), 0xffffffe0],
  ['pylibmc, compressed', any(pylibmcSerializer(smallPool)), fc.oneof(text, binary, integer), 0xffffffe0],
  ['pymemcache', any(pymemcacheSerializer()), fc.oneof(text, binary, integer), 0xffffffe0],
  ['dalli', any(dalliSerializer()), fc.oneof(text, binary, integer, flat, fc.double()), 0xfffffffc],
  ['dalli, compressed', any(dalliSerializer(smallPool)), fc.oneof(text, binary, integer, fc.double()), 0xfffffffc],
  ['dalli, gzip', any(dalliSerializer({ ...smallPool, compressor: 'gzip' })), fc.oneof(text, binary), 0xfffffffc],
  ['dalli, JSON', any(dalliSerializer({ serializer: 'json' })), fc.oneof(text, integer, exactJson), 0xfffffffc],
  ['dalli, raw', any(dalliSerializer({ raw: true })), fc.oneof(text, binary), 0xfffffffc],
  ['php', any(phpSerializer()), fc.oneof(text, binary, int64, flat, fc.double(), json), 0xffff0000],
  ['php, compressed', any(phpSerializer(smallPool)), fc.oneof(text, binary, int64, fc.double(), json), 0xffff0000],
])('%s', (_name, serializer, values, callers) => {
  it('gives back what went in, with the caller’s own flags', () => {
    fc.assert(
      fc.property(values, fc.nat(0xffffffff), (value, bits) => {
        const own = (bits & callers) >>> 0;
        const stored = store(serializer, value, own);
        expect((stored.flags & callers) >>> 0).toBe(own);
        expectSame(load(serializer, stored), value);
      }),
    );
  });

  it('refuses the caller’s flags in its bits', () => {
    thrown('ERR_INVALID_ARGUMENT', () => store(serializer, 'x', 1));
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
  ])('refuses %s', (_kind, value) => {
    thrown('ERR_INVALID_ARGUMENT', () => store(serializer, value));
  });

  it('refuses half a surrogate pair, or gives it back', () => {
    if (_name === 'dalli, JSON') expect(roundTrip(serializer, '\ud800')).toBe('\ud800');
    else thrown('ERR_INVALID_ARGUMENT', () => store(serializer, '\ud800'));
  });
});

it('appends and prepends strings and bytes, but not where it compresses', () => {
  for (const make of [pylibmcSerializer, pymemcacheSerializer, dalliSerializer, phpSerializer]) {
    expect(append(make(), 'x')).toBe('x');
    expect(append(make(), Buffer.from('x'))).toEqual(Buffer.from('x'));
    thrown('ERR_INVALID_ARGUMENT', () => append(any(make()), 1));
    thrown('ERR_UNSUPPORTED', () => append(make({ threshold: 5000 }), 'x'));
  }
});

it('refuses what the other language would keep in a format of its own', () => {
  const refuses = (serializer: Serializer<never, unknown>, ...values: unknown[]) => {
    for (const value of values) thrown('ERR_INVALID_ARGUMENT', () => store(any(serializer), value));
  };
  refuses(pylibmcSerializer(), 1.5, Number.NaN, 2 ** 53, true, null, [], {});
  refuses(pymemcacheSerializer(), 1.5, Number.POSITIVE_INFINITY, false, null, [], {});
  refuses(dalliSerializer(), [], {}, new Date());
  refuses(dalliSerializer({ raw: true }), 1.5, true, null, {});
  refuses(dalliSerializer({ serializer: 'json' }), Number.NaN, Number.POSITIVE_INFINITY, new Map(), Buffer.alloc(1));
  refuses(phpSerializer(), 2n ** 63n, -(2n ** 63n) - 1n, new Set());
});

it('counts integers that got shorter', () => {
  expect(load(pylibmcSerializer(), { bytes: Buffer.from('9 '), flags: 4 })).toBe(9);
  expect(load(pymemcacheSerializer(), { bytes: Buffer.from('9 '), flags: 2 })).toBe(9);
  expect(load(phpSerializer(), { bytes: Buffer.from('9 '), flags: 1 })).toBe(9);
});

describe('compressed data', () => {
  const long = Buffer.alloc(100_000, 'x');
  const deflated = deflateSync(long);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(long.length);
  const php = Buffer.concat([length, deflated]);

  it('is bounded', () => {
    const bound = { maxOutputLength: 99_999 };
    thrown('ERR_VALUE_TOO_LARGE', () => load(pylibmcSerializer(bound), { bytes: deflated, flags: 8 }));
    thrown('ERR_VALUE_TOO_LARGE', () => load(dalliSerializer(bound), { bytes: deflated, flags: 2 }));
    thrown('ERR_VALUE_TOO_LARGE', () => load(dalliSerializer(bound), { bytes: gzipSync(long), flags: 2 }));
    thrown('ERR_VALUE_TOO_LARGE', () => load(phpSerializer(bound), { bytes: php, flags: 0x30 }));
    thrown('ERR_VALUE_TOO_LARGE', () => load(phpSerializer(bound), { bytes: php, flags: 0x50 }));
  });

  it('of PHP has to come to the length that stands before it', () => {
    expect(load(phpSerializer(), { bytes: php, flags: 0x30 })).toBe(String(long));
    for (const wrong of [0, 99_999, 100_001]) {
      const bytes = Buffer.from(php);
      bytes.writeUInt32LE(wrong);
      thrown('ERR_UNSUPPORTED', () => load(phpSerializer(), { bytes, flags: 0x30 }));
    }
    thrown('ERR_UNSUPPORTED', () => load(phpSerializer(), { bytes: Buffer.alloc(3), flags: 0x30 }));
  });

  it('of PHP is zlib or FastLZ', () => {
    for (const flags of [0x10, 0x20, 0x40, 0x70, 0x90, 0x100]) {
      thrown('ERR_UNSUPPORTED', () => load(phpSerializer(), { bytes: php, flags }));
    }
  });

  it('of PHP without a type is zlib without a length, as its extension wrote before version 2', () => {
    expect(load(phpSerializer(), { bytes: deflated, flags: 0x10 })).toBe(String(long));
    expect(load(phpSerializer(), { bytes: deflateSync('17'), flags: 0x11 })).toBe(17);
    thrown('ERR_VALUE_TOO_LARGE', () =>
      load(phpSerializer({ maxOutputLength: 99_999 }), { bytes: deflated, flags: 0x10 }),
    );
    for (const bytes of [Buffer.alloc(0), Buffer.from('plain text'), deflated.subarray(0, 50), Buffer.alloc(8, 0xff)]) {
      thrown('ERR_UNSUPPORTED', () => load(phpSerializer(), { bytes, flags: 0x10 }));
    }
  });

  it('of FastLZ never claims memory that its bytes can not fill', () => {
    const claim = Buffer.from([0xff, 0xff, 0xff, 0x03, 0x00, 0x41]);
    thrown('ERR_UNSUPPORTED', () => load(phpSerializer(), { bytes: claim, flags: 0x50 }));
  });
});

it('reads only the plain part of Marshal', () => {
  const dalli = dalliSerializer();
  const marshal = (body: string) => ({ bytes: Buffer.from(`\x04\x08${body}`, 'latin1'), flags: 1 });
  expect(load(dalli, marshal('I"\x06a\x06:\x06EF'))).toBe('a');
  expect(load(dalli, marshal('"\x06a'))).toEqual(Buffer.from('a'));
  const broken = ['', 'i', 'i\x04abc', 'i\x06x', 'I"\x06', '"\xff', 'l*\x06aa', 'l+\x00', 'f\x061x', 'f\x06x', 'T!'];
  for (const body of broken)
    thrown('ERR_UNSUPPORTED', () => load(dalliSerializer({ native: 'buffer' }), marshal(body)));
  for (const body of ['[\x00', '{\x00', ':\x06a', 'I/\x06a\x00', 'I"\x06a\x06:\x0dencoding"\x08KOI', 'o:\x06A\x00']) {
    thrown('ERR_UNSUPPORTED', () => load(dalli, marshal(body)));
    expect(load(dalliSerializer({ native: 'buffer' }), marshal(body))).toEqual(marshal(body).bytes);
  }
  thrown('ERR_UNSUPPORTED', () => load(dalli, { bytes: Buffer.from('\x04\x09T'), flags: 1 }));
});

it('refuses invalid options', () => {
  thrown('ERR_INVALID_ARGUMENT', () => pylibmcSerializer({ native: 'raw' as 'buffer' }));
  thrown('ERR_INVALID_ARGUMENT', () => pymemcacheSerializer({ threshold: -1 }));
  thrown('ERR_INVALID_ARGUMENT', () => dalliSerializer({ serializer: 'yaml' as 'json' }));
  thrown('ERR_INVALID_ARGUMENT', () => dalliSerializer({ compressor: 'lzo' as 'gzip' }));
  thrown('ERR_INVALID_ARGUMENT', () => phpSerializer({ maxOutputLength: 1.5 }));
});
