import { describe, expect, it } from 'vitest';
import { binary } from '../../../../src/protocol/binary/index.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { response } from '../../../support/binary-frames.ts';
import { decodePieces, KeptQueue, make } from '../harness.ts';
import { timeToDecode } from '../refusals.ts';

const MEGABYTE = 1024 * 1024;

/** The milliseconds that decoding a value of that size in chunks of 64 KiB takes, the best of three. */
function decodingTime(megabytes: number): number {
  const value = Buffer.alloc(megabytes * MEGABYTE, 'memcached');
  const input = response(Op.Get, { extras: Buffer.alloc(4), value });
  const times = Array.from({ length: 3 }, () => {
    const request = make(Op.Get, 'key', { opaque: 7 });
    const time = timeToDecode(binary, request, input, 65_536);
    expect(request.replies[0]?.value === value.toString('latin1')).toBe(true);
    return time;
  });
  return Math.min(...times);
}

describe('large values', () => {
  it('are decoded in linear time', () => {
    decodingTime(1);
    const small = decodingTime(4);
    const large = decodingTime(20);
    // Five times the bytes: a copy of everything for each chunk would make it 25 times and seconds.
    expect(large).toBeLessThan(small * 15 + 50);
    expect(large).toBeLessThan(500);
  });

  it('take no memory before they come', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 20 }, () => {
      const decoder = binary.createDecoder(new KeptQueue([make(Op.Get, 'key', { opaque: 7 })]));
      const header = response(Op.Get, { extrasLength: 4, bodyLength: 1024 * MEGABYTE });
      decoder.decode(header, 0, header.length);
      return decoder;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 32 * MEGABYTE);
    expect(decoders).toHaveLength(20);
  });

  it('do not share their memory with other values', () => {
    const kept: Buffer[] = [];
    const requests = [1, 2].map((opaque) => {
      const request = make(Op.Get, 'key', { opaque });
      request.settle = ({ value }) => kept.push(value as Buffer);
      return request;
    });
    const large = Buffer.alloc(100_000, 'large');
    const input = Buffer.concat([
      response(Op.Get, { opaque: 1, extras: Buffer.alloc(4), value: large }),
      response(Op.Get, { opaque: 2, extras: Buffer.alloc(4), value: 'small' }),
    ]);
    decodePieces(binary, new KeptQueue(requests), [input]);
    expect(kept.map((value) => value.equals(value.length > 10 ? large : Buffer.from('small')))).toEqual([true, true]);
    expect(kept[0]?.buffer).not.toBe(kept[1]?.buffer);
  });
});
