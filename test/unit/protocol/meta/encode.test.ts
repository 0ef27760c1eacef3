import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemcacheError } from '../../../../src/errors.ts';
import { meta } from '../../../../src/protocol/meta/index.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { encoded, type Fields, KeptOutput, make } from '../harness.ts';

const LARGE = 'x'.repeat(513);
const MAX_UINT64 = 18446744073709551615n;

describe('the meta encoder', () => {
  it.each<[string, Op, string, Fields, string]>([
    ['a get', Op.Get, 'k', {}, 'mg k v f O7\r\n'],
    ['a get with its CAS', Op.Get, 'k', { returnCas: true }, 'mg k v f c O7\r\n'],
    ['a get of what may not have changed', Op.GetIfChanged, 'k', { returnCas: true, cas: 5n }, 'mg k v f C5 c O7\r\n'],
    ['an inspection', Op.Inspect, 'k', {}, 'mg k t s l h f c u O7\r\n'],
    ['an inspection of a key with a space', Op.Inspect, 'a b', {}, 'mg YSBi b t s l h f c u O7\r\n'],
    ['a get and touch', Op.GetAndTouch, 'k', { expiration: 60 }, 'mg k v f T60 O7\r\n'],
    ['a get and touch for ever', Op.GetAndTouch, 'k', { returnCas: true }, 'mg k v f T0 c O7\r\n'],
    ['a touch', Op.Touch, 'k', { expiration: 2147483647 }, 'mg k T2147483647 O7\r\n'],
    ['a set', Op.Set, 'k', { value: 'abc' }, 'ms k 3 O7\r\nabc\r\n'],
    [
      'a set with all that it may have',
      Op.Set,
      'k',
      { value: 'abc', flags: 4294967295, expiration: 60, cas: MAX_UINT64, returnCas: true },
      'ms k 3 F4294967295 T60 C18446744073709551615 c O7\r\nabc\r\n',
    ],
    ['an empty set', Op.Set, 'k', { value: '' }, 'ms k 0 O7\r\n\r\n'],
    ['an add', Op.Add, 'k', { value: 'a', flags: 1, expiration: 2 }, 'ms k 1 F1 T2 ME O7\r\na\r\n'],
    ['an add with a CAS', Op.Add, 'k', { value: 'a', cas: 5n }, 'ms k 1 C5 O7\r\na\r\n'],
    ['a replace', Op.Replace, 'k', { value: 'a' }, 'ms k 1 MR O7\r\na\r\n'],
    ['a replace with a CAS', Op.Replace, 'k', { value: 'a', cas: 5n }, 'ms k 1 C5 O7\r\na\r\n'],
    ['an append', Op.Append, 'k', { value: 'a' }, 'ms k 1 MA O7\r\na\r\n'],
    ['an append with a CAS', Op.Append, 'k', { value: 'a', cas: 5n }, 'ms k 1 MA C5 O7\r\na\r\n'],
    ['a prepend', Op.Prepend, 'k', { value: 'a' }, 'ms k 1 MP O7\r\na\r\n'],
    ['a prepend with a CAS', Op.Prepend, 'k', { value: 'a', cas: 5n }, 'ms k 1 MP C5 O7\r\na\r\n'],
    ['a delete', Op.Delete, 'k', {}, 'md k O7\r\n'],
    ['a delete with a CAS', Op.Delete, 'k', { cas: 5n }, 'md k C5 O7\r\n'],
    ['an increment', Op.Increment, 'k', { amount: 1 }, 'ma k v O7\r\n'],
    ['an increment by nothing', Op.Increment, 'k', { amount: 0 }, 'ma k v D0 O7\r\n'],
    [
      'an increment with all that it may have',
      Op.Increment,
      'k',
      { amount: MAX_UINT64, initial: MAX_UINT64, expiration: 60, cas: 5n, returnCas: true },
      'ma k v D18446744073709551615 N60 J18446744073709551615 C5 c O7\r\n',
    ],
    ['a decrement', Op.Decrement, 'k', { amount: 2, initial: 0 }, 'ma k v MD D2 N0 J0 O7\r\n'],
    ['a number past 32 bits', Op.Increment, 'k', { amount: 4294967296 }, 'ma k v D4294967296 O7\r\n'],
    ['a no-op', Op.Noop, '', {}, `${'mn'.padEnd(24)}\r\n`],
    ['a flush', Op.Flush, '', {}, 'flush_all\r\n'],
    ['a flush later', Op.Flush, '', { expiration: 10 }, 'flush_all 10\r\n'],
    ['statistics', Op.Stat, '', {}, 'stats\r\n'],
    ['a group of statistics', Op.Stat, 'detail on', {}, 'stats detail on\r\n'],
    ['a version', Op.Version, '', {}, 'version\r\n'],
    ['a quit', Op.Quit, '', {}, 'quit\r\n'],
    ['a login', Op.TextAuth, 'x', { value: 'user pass' }, 'set x 0 0 9\r\nuser pass\r\n'],
    ['a key of several bytes a character', Op.Get, 'é', {}, 'mg Ã© v f O7\r\n'],
    ['a get with a space', Op.Get, 'a b', {}, 'mg YSBi b v f O7\r\n'],
    ['a set with a line end', Op.Set, '\r\n', { value: 'x', flags: 3 }, 'ms DQo= 1 b F3 O7\r\nx\r\n'],
    ['a delete with a NUL', Op.Delete, '\0', {}, 'md AA== b O7\r\n'],
    ['a counter with DEL', Op.Increment, 'é\x7f', { amount: 1 }, 'ma w6l/ b v O7\r\n'],
    // An oversize `ms` would delete the item, in whatever mode.
    ['a larger set', Op.Set, 'k', { value: LARGE }, `ms k 513 O7\r\n${LARGE}\r\n`],
    ['a larger add', Op.Add, 'k', { value: LARGE, flags: 3, expiration: 4 }, `add k 3 4 513\r\n${LARGE}\r\n`],
    ['a larger replace', Op.Replace, 'k', { value: LARGE }, `replace k 0 0 513\r\n${LARGE}\r\n`],
    ['a larger append', Op.Append, 'k', { value: LARGE }, `append k 0 0 513\r\n${LARGE}\r\n`],
    ['a larger prepend', Op.Prepend, 'k', { value: LARGE }, `prepend k 0 0 513\r\n${LARGE}\r\n`],
    ['a larger add with a CAS', Op.Add, 'k', { value: LARGE, cas: 5n }, `cas k 0 0 513 5\r\n${LARGE}\r\n`],
    ['a larger append with a CAS', Op.Append, 'k', { value: LARGE, cas: 5n }, `ms k 513 MA C5 O7\r\n${LARGE}\r\n`],
    ['a larger add with a space', Op.Add, 'a b', { value: LARGE }, `ms YSBi 513 b ME O7\r\n${LARGE}\r\n`],
  ])('writes %s', (_, op, key, fields, expected) => {
    expect(encoded(meta, make(op, key, { ...fields, opaque: 7 }))).toBe(expected);
  });

  it('writes a batch as one command for each key that it can say', () => {
    const unsayable = ` ${'x'.repeat(186)}`;
    expect(encoded(meta, make(Op.GetMulti, 'a', { keys: ['a', unsayable, 'b c'], opaque: 4294967294 }))).toBe(
      'mg a v f O4294967294\r\nmg YiBj b v f O0\r\n',
    );
    const stores = ['1', 'é', ''].map((value) => ({ value, flags: 2, expiration: 3 }));
    expect(encoded(meta, make(Op.SetMulti, 'a', { keys: ['a', 'b', 'c'], stores, opaque: 7 }))).toBe(
      'ms a 1 F2 T3 O7\r\n1\r\nms b 2 F2 T3 O8\r\nÃ©\r\nms c 0 F2 T3 O9\r\n\r\n',
    );
    expect(encoded(meta, make(Op.DeleteMulti, 'a', { keys: ['a', 'b'], opaque: 7 }))).toBe('md a O7\r\nmd b O8\r\n');
    expect(encoded(meta, make(Op.DeleteMulti, 'a', { keys: [unsayable], opaque: 7 }))).toBe('mn\r\n');
  });

  it('writes any value as it is, and any opaque', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6000 }),
      fc.string({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(40_000).map((length) => Buffer.alloc(length, 7)),
    );
    fc.assert(
      fc.property(value, fc.nat(0xffffffff), (sent, opaque) => {
        const output = new KeptOutput();
        meta.encode(make(Op.Set, 'key', { value: sent, opaque }), output);
        const bytes = Buffer.from(sent);
        const expected = Buffer.concat([
          Buffer.from(`ms key ${bytes.length} O${opaque}\r\n`),
          bytes,
          Buffer.from('\r\n'),
        ]);
        expect(output.bytes().equals(expected)).toBe(true);
      }),
    );
  });

  it('writes any key so that it is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 186 }), (key) => {
        const [, word, flag] = encoded(meta, make(Op.Get, key)).split(' ');
        const raw = Buffer.from(word as string, flag === 'b' ? 'base64' : 'latin1');
        expect(raw.equals(key)).toBe(true);
        expect(word).toMatch(/^[^\0-\x20\x7f]{1,250}$/);
      }),
    );
  });

  it('takes keys of up to 250 bytes, or 186 where they go in base64', () => {
    expect(encoded(meta, make(Op.Get, 'k'.repeat(250)))).toBe(`mg ${'k'.repeat(250)} v f O0\r\n`);
    expect(encoded(meta, make(Op.Get, ` ${'k'.repeat(185)}`))).toMatch(/^mg .{248} b v f O0\r\n$/);
    for (const key of [` ${'k'.repeat(186)}`, Buffer.alloc(187), `é\n${'k'.repeat(184)}`]) {
      for (const op of [Op.Get, Op.Set, Op.Increment, Op.Delete]) expectNothingWritten(op, key, {}, 'ERR_INVALID_KEY');
    }
  });

  it('refuses what only the binary protocol has', () => {
    expectNothingWritten(Op.Raw, '', { value: Buffer.alloc(24) }, 'ERR_UNSUPPORTED');
    expectNothingWritten(Op.SaslList, '', {}, 'ERR_UNSUPPORTED');
    expectNothingWritten(Op.SaslAuth, 'PLAIN', { value: 'x' }, 'ERR_UNSUPPORTED');
    expectNothingWritten(Op.Stat, 'sizes_enable', {}, 'ERR_UNSUPPORTED');
    expectNothingWritten(Op.Stat, 'items\r\nflush_all', {}, 'ERR_INVALID_KEY');
    expectNothingWritten(Op.TextAuth, 'two words', { value: 'x' }, 'ERR_AUTH');
  });
});

function expectNothingWritten(op: Op, key: string | Uint8Array, fields: Fields, code: string): void {
  const output = new KeptOutput();
  try {
    meta.encode(make(op, key, fields), output);
  } catch (error) {
    expect(error).toBeInstanceOf(MemcacheError);
    expect((error as MemcacheError).code).toBe(code);
    expect((error as MemcacheError).message).not.toContain('kkk');
    expect(output.bytes().length).toBe(0);
    return;
  }
  expect.fail('It was written');
}
