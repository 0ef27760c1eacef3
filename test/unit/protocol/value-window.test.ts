import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputMemory, ValueWindow } from '../../../src/protocol/input-memory.ts';
import { Reply } from '../../../src/protocol/request.ts';

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7) % 251));

/** What the window makes of a value of a chunk. */
function copyOf(window: ValueWindow, chunk: Buffer, flags: number, start: number, end: number) {
  const reply = new Reply();
  window.fill(reply, flags, chunk, start, end, false);
  return { value: reply.value as Buffer, flags: reply.extras as Buffer };
}

describe('ValueWindow', () => {
  it('gives values and flags that stay when the chunk is used again', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 30 });
    // In front of a value are its flags or its line; only of the first in a chunk may they have come before.
    const gap = fc.integer({ min: 4, max: 40 });
    const head = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(fc.array(fc.tuple(lengths, gap, head), { minLength: 1, maxLength: 4 }), (chunks) => {
        const window = new ValueWindow(new InputMemory());
        const kept: { expected: Buffer; flags: number; found: ReturnType<typeof copyOf> }[] = [];
        for (const [values, between, first] of chunks) {
          const chunk = bytes(values.reduce((sum, length) => sum + length + between, first));
          window.begin(chunk.length);
          let at = first - between;
          for (const length of values) {
            const start = at + between;
            at = start + length;
            const flags = (start * 2_654_435_761) >>> 0;
            const expected = Buffer.from(chunk.subarray(start, at));
            kept.push({ expected, flags, found: copyOf(window, chunk, flags, start, at) });
          }
          chunk.fill(0xff);
        }
        for (const { expected, flags, found } of kept) {
          expect(found.value.equals(expected)).toBe(true);
          expect(found.flags.readUInt32BE()).toBe(flags);
          expect(found.flags).toHaveLength(4);
        }
      }),
    );
  });

  it('gives Buffers like any other', () => {
    const window = new ValueWindow(new InputMemory());
    const chunk = bytes(100);
    window.begin(100);
    for (const buffer of Object.values(copyOf(window, chunk, 1, 10, 60))) {
      expect(Object.getPrototypeOf(buffer)).toBe(Buffer.prototype);
    }
  });

  it('pins no more than 8 KB with a small value, and a value of its own size with a large one', () => {
    const chunk = bytes(64 * 1024);
    const window = new ValueWindow(new InputMemory());
    window.begin(chunk.length);
    for (let start = 4; start + 1028 < chunk.length; start += 1028) {
      expect(copyOf(window, chunk, 0, start, start + 1024).value.buffer.byteLength).toBeLessThanOrEqual(8192);
    }
    expect(copyOf(window, chunk, 0, 4, 20_004).value.buffer.byteLength).toBe(20_000);
  });

  it('shares no byte between two values', () => {
    const chunk = bytes(2000);
    const window = new ValueWindow(new InputMemory());
    window.begin(chunk.length);
    const first = copyOf(window, chunk, 1, 4, 104);
    const second = copyOf(window, chunk, 2, 108, 208);
    first.value.fill(0);
    first.flags.fill(0);
    expect(second.value.equals(chunk.subarray(108, 208))).toBe(true);
    expect(second.flags.readUInt32BE()).toBe(2);
  });
});
