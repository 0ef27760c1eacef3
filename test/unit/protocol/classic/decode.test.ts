import { describe, expect, it } from 'vitest';
import { classic } from '../../../../src/protocol/classic/index.ts';
import { Op } from '../../../../src/protocol/op.ts';

import { proveTextDecoder } from '../decoder-proofs.ts';
import { decodePieces, KeptQueue, make } from '../harness.ts';
import { expectDesynchronised, timeToDecode } from '../refusals.ts';
import { CLASSIC_EXCHANGES } from './exchanges.ts';

describe('the classic decoder', () => {
  proveTextDecoder(classic, CLASSIC_EXCHANGES);

  it.each([
    ['a value for another key', Op.Get, 'VALUE l 0 1\r\nx\r\nEND\r\n'],
    ['a value for a longer key', Op.Get, 'VALUE kk 0 1\r\nx\r\nEND\r\n'],
    ['a value without a key', Op.Get, 'VALUE  0 1\r\nx\r\nEND\r\n'],
    ['a second value', Op.Get, 'VALUE k 0 1\r\nx\r\nVALUE k 0 1\r\ny\r\nEND\r\n'],
    ['an error behind a value', Op.Get, 'VALUE k 0 1\r\nx\r\nSERVER_ERROR oops\r\n'],
    ['another answer behind a value', Op.Get, 'VALUE k 0 1\r\nx\r\nSTORED\r\n'],
    ['a value shorter than announced', Op.Get, 'VALUE k 0 2\r\nx\r\nEND\r\n'],
    ['a value longer than announced', Op.Get, 'VALUE k 0 1\r\nxyz\r\nEND\r\n'],
    ['a negative length', Op.Get, 'VALUE k 0 -1\r\n'],
    ['a length of over 1 GiB', Op.Get, 'VALUE k 0 1073741825\r\n'],
    ['no length', Op.Get, 'VALUE k 0\r\n'],
    ['flags of over 32 bits', Op.Get, 'VALUE k 4294967296 1\r\n'],
    ['flags that are no number', Op.Get, 'VALUE k x 1\r\n'],
    ['a CAS that is no number', Op.Get, 'VALUE k 0 1 x\r\n'],
    ['too many words', Op.Get, 'VALUE k 0 1 2 3\r\n'],
    ['the answer to a set', Op.Get, 'STORED\r\n'],
    ['the answer to a get', Op.Set, 'END\r\n'],
    ['a value', Op.Set, 'VALUE k 0 1\r\nx\r\nEND\r\n'],
    ['a counter', Op.Touch, '12\r\n'],
    ['a counter of over 64 bits', Op.Increment, '18446744073709551616\r\n'],
    ['a counter of 21 digits', Op.Increment, '000000000000000000001\r\n'],
    ['a counter with something behind it', Op.Increment, '12 x\r\n'],
    ['the answer to a touch', Op.Delete, 'TOUCHED\r\n'],
    ['an answer to quit', Op.Quit, 'OK\r\n'],
    ['a word that only begins right', Op.Set, 'STOREDX\r\n'],
    ['a word that only begins', Op.Set, 'STORE\r\n'],
    ['an error that only begins right', Op.Set, 'ERRORS\r\n'],
    ['a statistic', Op.Version, 'STAT a b\r\n'],
    ['a version', Op.Stat, 'VERSION 1\r\n'],
  ])('refuses %s', (_, op, answer) => {
    expectDesynchronised(classic, () => make(op, 'k'), answer);
  });

  it('refuses a value without the CAS that was asked for', () => {
    expectDesynchronised(classic, () => make(Op.Get, 'k', { returnCas: true }), 'VALUE k 0 1\r\nx\r\nEND\r\n');
  });

  it.each([
    ['that was not asked for', 'VALUE c 0 1\r\nx\r\nEND\r\n'],
    ['that came already', 'VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n'],
    ['of a later line', 'VALUE 8 0 1\r\nx\r\nEND\r\n'],
  ])('refuses a value in a batch for a key %s', (_, answer) => {
    const keys = ['a', '1', '2', '3', '4', '5', '6', '7', '8'];
    const request = make(Op.GetMulti, 'a', { keys });
    expect(() => decodePieces(classic, new KeptQueue([request]), [Buffer.from(answer)])).toThrow(
      expect.objectContaining({ code: 'ERR_PROTOCOL' }),
    );
  });

  it('takes linear time for a large value', () => {
    const value = Buffer.alloc(20_000_000, 0x0d);
    const stream = Buffer.concat([Buffer.from(`VALUE k 1 ${value.length}\r\n`), value, Buffer.from('\r\nEND\r\n')]);
    const request = make(Op.Get, 'k');
    expect(timeToDecode(classic, request, stream, 1460)).toBeLessThan(2000);
    expect(request.replies[0]?.value?.length).toBe(value.length);
    expect(request.replies[0]?.value === value.toString('latin1')).toBe(true);
  });
});
