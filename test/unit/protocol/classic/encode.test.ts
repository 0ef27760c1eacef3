import { describe, expect, it } from 'vitest';
import { classic } from '../../../../src/protocol/classic/index.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { encoded, type Fields, KeptOutput, make } from '../harness.ts';

const MAX_UINT64 = 18446744073709551615n;

describe('the classic encoder', () => {
  it.each<[string, Op, string, Fields, string]>([
    ['a get', Op.Get, 'k', {}, 'get k\r\n'],
    ['a get with its CAS', Op.Get, 'k', { returnCas: true }, 'gets k\r\n'],
    ['a get and touch', Op.GetAndTouch, 'k', { expiration: 60 }, 'gat 60 k\r\n'],
    ['a get and touch with its CAS', Op.GetAndTouch, 'k', { returnCas: true }, 'gats 0 k\r\n'],
    ['a touch', Op.Touch, 'k', { expiration: 2147483647 }, 'touch k 2147483647\r\n'],
    ['a set', Op.Set, 'k', { value: 'abc' }, 'set k 0 0 3\r\nabc\r\n'],
    ['a set of nothing', Op.Set, 'k', {}, 'set k 0 0 0\r\n\r\n'],
    [
      'a set with flags and expiration',
      Op.Set,
      'é',
      { value: '€', flags: 4294967295, expiration: 60 },
      'set Ã© 4294967295 60 3\r\nâ\x82¬\r\n',
    ],
    ['a set with a CAS', Op.Set, 'k', { value: 'a', flags: 1, cas: MAX_UINT64 }, `cas k 1 0 1 ${MAX_UINT64}\r\na\r\n`],
    ['an add', Op.Add, 'k', { value: 'a' }, 'add k 0 0 1\r\na\r\n'],
    ['an add with a CAS', Op.Add, 'k', { value: 'a', cas: 5n }, 'cas k 0 0 1 5\r\na\r\n'],
    ['a replace', Op.Replace, 'k', { value: 'a' }, 'replace k 0 0 1\r\na\r\n'],
    ['a replace with a CAS', Op.Replace, 'k', { value: 'a', cas: 5n }, 'cas k 0 0 1 5\r\na\r\n'],
    ['an append', Op.Append, 'k', { value: 'a' }, 'append k 0 0 1\r\na\r\n'],
    ['a prepend', Op.Prepend, 'k', { value: 'a' }, 'prepend k 0 0 1\r\na\r\n'],
    ['a delete', Op.Delete, 'k', {}, 'delete k\r\n'],
    ['a delete of the word noreply', Op.Delete, 'noreply', {}, 'touch noreply 2592001\r\n'],
    ['an increment', Op.Increment, 'k', { amount: MAX_UINT64 }, `incr k ${MAX_UINT64}\r\n`],
    ['a decrement', Op.Decrement, 'k', { amount: 0 }, 'decr k 0\r\n'],
    ['a no-op', Op.Noop, '', {}, 'version\r\n'],
    ['a flush', Op.Flush, '', {}, 'flush_all\r\n'],
    ['a flush later', Op.Flush, '', { expiration: 10 }, 'flush_all 10\r\n'],
    ['statistics', Op.Stat, '', {}, 'stats\r\n'],
    ['a group of statistics', Op.Stat, 'items', {}, 'stats items\r\n'],
    ['a version', Op.Version, '', {}, 'version\r\n'],
    ['a quit', Op.Quit, '', {}, 'quit\r\n'],
    ['a login', Op.TextAuth, 'user', { value: 'päss' }, 'set user 0 0 5\r\npÃ¤ss\r\n'],
    ['a long key', Op.Get, 'k'.repeat(250), {}, `get ${'k'.repeat(250)}\r\n`],
  ])('writes %s', (_, op, key, fields, expected) => {
    expect(encoded(classic, make(op, key, fields))).toBe(expected);
  });

  it('reads a batch in lines of eight keys, without those that it has no form for', () => {
    const keys = ['1', ' ', '2', '3', '4', '5', '6', '7', '8', Buffer.from('9')];
    expect(encoded(classic, make(Op.GetMulti, '', { keys }))).toBe('get 1 2 3 4 5 6 7 8\r\nget 9\r\nversion\r\n');
    expect(encoded(classic, make(Op.GetMulti, '', { keys: ['é', 'b'], returnCas: true }))).toBe(
      'gets Ã© b\r\nversion\r\n',
    );
    expect(encoded(classic, make(Op.GetMulti, '', { keys: [' '] }))).toBe('version\r\n');
  });

  it('lets no key stand where a word of the protocol may', () => {
    for (const key of ['noreply', Buffer.from('noreply')]) {
      expect(encoded(classic, make(Op.Delete, key))).toBe('touch noreply 2592001\r\n');
      expect(encoded(classic, make(Op.GetMulti, '', { keys: [key] }))).toBe('get noreply noreply\r\nversion\r\n');
    }
  });

  it('stores and deletes a batch key by key', () => {
    const stores = ['1', '22', ''].map((value) => ({ value, flags: 2, expiration: 3 }));
    expect(encoded(classic, make(Op.SetMulti, '', { keys: ['a', ' ', 'c'], stores }))).toBe(
      'set a 2 3 1\r\n1\r\nset c 2 3 0\r\n\r\n',
    );
    expect(encoded(classic, make(Op.DeleteMulti, '', { keys: ['a', 'b'] }))).toBe('delete a\r\ndelete b\r\n');
    expect(encoded(classic, make(Op.DeleteMulti, '', { keys: ['\t'] }))).toBe('version\r\n');
  });

  it.each(['a b', 'a\n', '\0', 'é\x7f', Buffer.from([0x41, 0x0d])])('refuses the key %j', (key) => {
    for (const op of [Op.Get, Op.Set, Op.Add, Op.Delete, Op.Increment, Op.Touch, Op.GetAndTouch, Op.Append]) {
      expectRefusal(op, key, {}, 'ERR_INVALID_KEY', /needs the binary or meta protocol$/);
    }
  });

  it('refuses what it has no command for, and says which protocol does', () => {
    const others = /needs the binary or meta protocol$/;
    for (const op of [Op.Append, Op.Prepend, Op.Delete, Op.Increment, Op.Decrement]) {
      expectRefusal(op, 'k', { value: 'x', cas: 1n }, 'ERR_UNSUPPORTED', others);
    }
    expectRefusal(Op.Increment, 'k', { initial: 0 }, 'ERR_UNSUPPORTED', others);
    expectRefusal(Op.Set, 'k', { value: 'x', returnCas: true }, 'ERR_UNSUPPORTED', others);
    const binary = /needs the binary protocol$/;
    expectRefusal(Op.Raw, '', { value: Buffer.alloc(24) }, 'ERR_UNSUPPORTED', /^perform needs the binary protocol$/);
    expectRefusal(Op.SaslList, '', {}, 'ERR_UNSUPPORTED', binary);
    expectRefusal(Op.Stat, 'sizes_disable', {}, 'ERR_UNSUPPORTED', binary);
    expectRefusal(Op.Stat, 'items\n', {}, 'ERR_INVALID_KEY', /control character$/);
    expectRefusal(Op.TextAuth, 'a b', { value: 'x' }, 'ERR_AUTH', /user name/);
  });
});

function expectRefusal(op: Op, key: string | Uint8Array, fields: Fields, code: string, message: RegExp): void {
  const output = new KeptOutput();
  const refusal = expect.objectContaining({ code, message: expect.stringMatching(message) });
  expect(() => classic.encode(make(op, key, fields), output)).toThrow(refusal);
  expect(output.bytes().length).toBe(0);
}
