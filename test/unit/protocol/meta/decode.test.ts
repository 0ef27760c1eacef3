import { describe, expect, it } from 'vitest';
import { meta } from '../../../../src/protocol/meta/index.ts';
import { Op } from '../../../../src/protocol/op.ts';

import { DESYNCHRONISED, proveTextDecoder } from '../decoder-proofs.ts';
import { decodePieces, KeptQueue, make } from '../harness.ts';
import { expectDesynchronised, timeToDecode } from '../refusals.ts';
import { META_EXCHANGES } from './exchanges.ts';

describe('the meta decoder', () => {
  proveTextDecoder(meta, META_EXCHANGES);

  it.each([
    ['another opaque', Op.Get, 'VA 1 f0 O8\r\nx\r\n'],
    ['another opaque of a miss', Op.Get, 'EN O8\r\n'],
    ['another opaque of a store', Op.Set, 'HD O8\r\n'],
    ['an opaque that is no number', Op.Set, 'HD Ox7\r\n'],
    ['an empty opaque', Op.Set, 'HD O\r\n'],
    ['two opaques', Op.Set, 'HD O7 O8\r\n'],
    ['a value without an opaque', Op.Get, 'VA 1 f0\r\nx\r\n'],
    ['a store without an opaque', Op.Set, 'HD\r\n'],
    ['a refusal without an opaque', Op.Set, 'NS\r\n'],
    ['a value without client flags', Op.Get, 'VA 1 O7\r\nx\r\n'],
    ['client flags of over 32 bits', Op.Get, 'VA 1 f4294967296 O7\r\nx\r\n'],
    ['client flags that are no number', Op.Get, 'VA 1 f O7\r\nx\r\n'],
    ['a value shorter than announced', Op.Get, 'VA 2 f0 O7\r\nx\r\n\r\n'],
    ['a value longer than announced', Op.Get, 'VA 1 f0 O7\r\nxyz\r\n'],
    ['no length', Op.Get, 'VA f0 O7\r\n'],
    ['no length at all', Op.Get, 'VA\r\n'],
    ['a negative length', Op.Get, 'VA -1 f0 O7\r\n'],
    ['a length of over 1 GiB', Op.Get, 'VA 1073741825 f0 O7\r\n'],
    ['a CAS that is no number', Op.Get, 'VA 1 f0 c1x O7\r\n'],
    ['no value for a get', Op.Get, 'HD O7\r\n'],
    ['a value for a set', Op.Set, 'VA 1 f0 O7\r\nx\r\n'],
    ['a value for a touch', Op.Touch, 'VA 1 f0 O7\r\nx\r\n'],
    ['a miss of a set', Op.Set, 'EN\r\n'],
    ['a miss of a delete', Op.Delete, 'EN\r\n'],
    ['not found for a get', Op.Get, 'NF O7\r\n'],
    ['exists for a get', Op.Get, 'EX O7\r\n'],
    ['a no-op that nobody sent', Op.Get, 'MN\r\n'],
    ['an answer to quit', Op.Quit, 'HD O7\r\n'],
    ['an empty counter', Op.Increment, 'VA 0 O7\r\n\r\n'],
    ['a counter that is no number', Op.Increment, 'VA 2 O7\r\n1x\r\n'],
    ['a counter of over 64 bits', Op.Increment, 'VA 20 O7\r\n18446744073709551616\r\n'],
    ['a counter without a number', Op.Increment, 'HD O7\r\n'],
    ['a set in the classic form', Op.Set, 'STORED\r\n'],
    ['a value in the classic form', Op.Get, 'VALUE k 0 1\r\nx\r\nEND\r\n'],
    ['no more than that an item is there', Op.Inspect, 'HD O7\r\n'],
    ['an item without its size', Op.Inspect, 'HD t1 l0 h0 f0 c1 O7\r\n'],
    ['an item without its expiration', Op.Inspect, 'HD s1 l0 h0 f0 c1 O7\r\n'],
    ['an item without its CAS', Op.Inspect, 'HD t1 s1 l0 h0 f0 O7\r\n'],
    ['an item whose size is no number', Op.Inspect, 'HD t1 sx l0 h0 f0 c1 O7\r\n'],
    ['an item whose idle time is negative', Op.Inspect, 'HD t1 s1 l-1 h0 f0 c1 O7\r\n'],
    ['an item that was fetched somehow', Op.Inspect, 'HD t1 s1 l0 h f0 c1 O7\r\n'],
    ['the value of an item that was inspected', Op.Inspect, 'VA 1 t1 s1 l0 h0 f0 c1 O7\r\nx\r\n'],
    ['an unknown code', Op.Set, 'XX O7\r\n'],
    ['a code in small letters', Op.Set, 'hd O7\r\n'],
    ['one letter', Op.Set, 'H\r\n'],
    ['a code with something behind it', Op.Set, 'HDO7\r\n'],
  ])('refuses %s', (_, op, answer) => {
    expectDesynchronised(meta, () => make(op, 'k'), answer);
  });

  it.each([
    ['has another CAS', 'HD f0 c6 O7\r\n'],
    ['has no CAS', 'HD f0 O7\r\n'],
    ['has none that is a number', 'HD f0 c O7\r\n'],
  ])('refuses an unchanged item that %s', (_, answer) => {
    expectDesynchronised(meta, () => make(Op.GetIfChanged, 'k', { returnCas: true, cas: 5n }), answer);
  });

  it('refuses a response without the CAS that was asked for', () => {
    expectDesynchronised(meta, () => make(Op.Get, 'k', { returnCas: true }), 'VA 1 f0 O7\r\nx\r\n');
    expectDesynchronised(meta, () => make(Op.Set, 'k', { returnCas: true }), 'HD O7\r\n');
  });

  it('refuses the response to another key of a batch', () => {
    expectDesynchronised(meta, () => make(Op.GetMulti, 'a', { keys: ['a', 'b'] }), 'VA 1 f0 O8\r\nx\r\n');
    expectDesynchronised(meta, () => make(Op.GetMulti, 'a', { keys: ['a', 'b'] }), 'EN O7\r\nEN O9\r\n');
  });

  it.each([
    ['another opaque', 'VA 1 f0 O7\r\ny\r\n'],
    ['no opaque', 'VA 1 f0\r\ny\r\n'],
    ['no client flags', 'VA 1 O8\r\ny\r\n'],
    ['a CR within its line', 'VA 1 f0 O8\rk\r\ny\r\n'],
    ['a LF within its line', 'VA 1 f0 kx\nk O8\r\ny\r\n'],
    ['a line without end', `VA 1 f0 O8 k${'x'.repeat(9000)}\r\ny\r\n`],
  ])('refuses a further hit of a batch that has %s', (_, hit) => {
    for (const pieces of [[`VA 1 f0 O7\r\nx\r\n${hit}`], ['VA 1 f0 O7\r\nx\r\n', ...hit]]) {
      const request = make(Op.GetMulti, 'a', { keys: ['a', 'b', 'c'], opaque: 7 });
      const bytes = pieces.map((piece) => Buffer.from(piece));
      expect(() => decodePieces(meta, new KeptQueue([request]), bytes)).toThrow(DESYNCHRONISED);
      expect(request.replies).toHaveLength(1);
    }
  });

  it('takes linear time for a large value', () => {
    const value = Buffer.alloc(20_000_000, 0x0d);
    const stream = Buffer.concat([Buffer.from(`VA ${value.length} f1 O7\r\n`), value, Buffer.from('\r\n')]);
    const request = make(Op.Get, 'k', { opaque: 7 });
    expect(timeToDecode(meta, request, stream, 1460)).toBeLessThan(2000);
    expect(request.replies[0]?.value === value.toString('latin1')).toBe(true);
  });

  it('takes no more memory than has come for a value that is only announced', () => {
    const stream = Buffer.from(`VA 1073741824 f1 O7\r\n${'x'.repeat(100)}`);
    const before = process.memoryUsage().arrayBuffers;
    const decoder = meta.createDecoder(new KeptQueue([make(Op.Get, 'k', { opaque: 7 })]));
    decoder.decode(stream, 0, stream.length);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });
});
