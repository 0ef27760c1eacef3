import { describe, expect, it } from 'vitest';
import { BinaryDecoder } from '../../../../src/protocol/binary/decode.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { frame, Queue, request } from './frames.ts';

const MEGABYTE = 1024 * 1024;

/** The milliseconds that decoding a value of that size in chunks of 64 KiB takes, the best of three. */
function decodingTime(megabytes: number): number {
  const value = Buffer.alloc(megabytes * MEGABYTE, 'memcached');
  const input = frame({ opaque: 1, extras: Buffer.alloc(4), value });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const queue = new Queue([request(Op.Get, 'key', { opaque: 1 })]);
    const decoder = new BinaryDecoder(queue);
    const start = performance.now();
    for (let at = 0; at < input.length; at += 65_536) {
      decoder.decode(input, at, Math.min(input.length, at + 65_536));
    }
    best = Math.min(best, performance.now() - start);
    expect(queue.seen[0]?.value?.equals(value)).toBe(true);
  }
  return best;
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
      const decoder = new BinaryDecoder(new Queue([request(Op.Get, 'key', { opaque: 1 })]));
      const header = frame({ opaque: 1, extrasLength: 4, bodyLength: 1024 * MEGABYTE });
      decoder.decode(header, 0, header.length);
      return decoder;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 32 * MEGABYTE);
    expect(decoders).toHaveLength(20);
  });

  it('do not share their memory with other values', () => {
    const requests = [1, 2].map((opaque) => request(Op.Get, 'key', { opaque }));
    const queue = new Queue(requests);
    const decoder = new BinaryDecoder(queue);
    const large = Buffer.alloc(100_000, 'large');
    const input = Buffer.concat([
      frame({ opaque: 1, extras: Buffer.alloc(4), value: large }),
      frame({ opaque: 2, extras: Buffer.alloc(4), value: 'small' }),
    ]);
    decoder.decode(input, 0, input.length);
    input.fill(0);
    expect(queue.seen.map(({ value }) => value?.equals(value.length > 10 ? large : Buffer.from('small')))).toEqual([
      true,
      true,
    ]);
    expect(queue.seen[0]?.value?.buffer).not.toBe(queue.seen[1]?.value?.buffer);
  });
});
