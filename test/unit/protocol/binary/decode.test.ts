import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemcacheError } from '../../../../src/errors.ts';
import { binary } from '../../../../src/protocol/binary/index.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { response } from '../../../support/binary-frames.ts';
import { DESYNCHRONISED, proveDecoder } from '../decoder-proofs.ts';
import { cut, decodePieces, KeptQueue, make } from '../harness.ts';
import { expectDesynchronised } from '../refusals.ts';
import { BINARY_EXCHANGES, flagBytes } from './exchanges.ts';

const GOOD = response(Op.Get, { extras: Buffer.alloc(4), value: 'v' });

describe('the binary decoder', () => {
  proveDecoder(binary, BINARY_EXCHANGES);

  it('takes any values in any pieces', () => {
    const value = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 10 }), fc.integer({ min: 1, max: 60 }), (values, size) => {
        const requests = values.map((_, opaque) => make(Op.Get, 'a', { opaque }));
        const bytes = Buffer.concat(
          values.map((each, opaque) => response(Op.Get, { opaque, extras: flagBytes(opaque), value: each })),
        );
        const offsets = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => index * size);
        decodePieces(binary, new KeptQueue(requests), cut(bytes, offsets));
        expect(requests.map(({ replies }) => replies)).toEqual(
          values.map((each, flags) => [{ status: 0, value: Buffer.from(each).toString('latin1'), flags }]),
        );
      }),
      { numRuns: 200 },
    );
  });

  it.each([0, 0x7fffffff, 0x80000000, 0xffffffff])('tells a response by its opaque, also by %i', (opaque) => {
    const request = make(Op.Get, 'a', { opaque });
    decodePieces(binary, new KeptQueue([request]), [response(Op.Get, { opaque, extras: Buffer.alloc(4), value: 'v' })]);
    expect(request.replies).toEqual([{ status: 0, value: 'v', flags: 0 }]);
  });

  it.each([
    ['another opaque', response(Op.Get, { opaque: 2, extras: Buffer.alloc(4), value: 'v' })],
    ['an opaque that differs in its highest bit', response(Op.Get, { opaque: 0x80000007 })],
    ['another opcode', response(Op.Set)],
    ["a request's magic", response(Op.Get, { magic: 0x80 })],
    ['text', Buffer.from('VALUE key 0 1\r\nv\r\nEND\r\n')],
    ['a line of HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['zeros', Buffer.alloc(24)],
    ['a key longer than the body', response(Op.Get, { keyLength: 10, bodyLength: 5, value: '12345' })],
    ['extras longer than the body', response(Op.Get, { extrasLength: 10, bodyLength: 5, value: '12345' })],
    ['a body of 4 GiB, of which nothing has come', response(Op.Get, { bodyLength: 0xffffffff })],
    ['a body of 2 GiB, of which nothing has come', response(Op.Get, { bodyLength: 0x80000000 })],
    ['a key in a response to GET', response(Op.Get, { extras: Buffer.alloc(4), key: 'key', value: 'v' })],
  ])('refuses %s', (_, answer) => {
    expectDesynchronised(binary, () => make(Op.Get, 'key'), answer);
  });

  it.each([7, 9, 0])('refuses a counter of %i bytes', (length) => {
    expectDesynchronised(
      binary,
      () => make(Op.Increment, 'n'),
      response(Op.Increment, { value: Buffer.alloc(length) }),
    );
  });

  it.each([
    ['a further answer', GOOD],
    ['garbage', Buffer.from('garbage')],
  ])('refuses %s behind a good answer', (_, rest) => {
    const bytes = Buffer.concat([GOOD, rest]);
    for (let at = 0; at < bytes.length; at++) {
      const request = make(Op.Get, 'key', { opaque: 7 });
      expect(() => decodePieces(binary, new KeptQueue([request]), cut(bytes, [at]))).toThrow(DESYNCHRONISED);
      expect(request.replies).toHaveLength(1);
    }
  });

  it('does not take a random stream for a response', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 200 }), fc.boolean(), (input, magic) => {
        if (magic) input[0] = 0x81;
        const request = make(Op.Get, 'key', { opaque: 0x12345678 });
        try {
          decodePieces(binary, new KeptQueue([request]), [input]);
        } catch (error) {
          expect((error as MemcacheError).code).toBe('ERR_PROTOCOL');
        }
        expect(request.replies).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
