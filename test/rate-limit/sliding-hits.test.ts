import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SlidingHits } from '../../src/rate-limit/sliding-hits.ts';

/** In milliseconds, as all times here. */
const LENGTH = 60_000;

/** What a limiter says of a take at a moment, with its window's counts so far by number of the window. */
function takeAt(
  counts: Map<number, number>,
  at: number,
  cost: number,
  points: number,
): { allowed: boolean; wait: number } {
  const window = Math.floor(at / LENGTH);
  counts.set(window, (counts.get(window) ?? 0) + cost);
  const hits = new SlidingHits(counts.get(window - 1) ?? 0, counts.get(window) ?? 0, at % LENGTH, LENGTH);
  return { allowed: hits.count <= points, wait: hits.wait(points, cost) };
}

const TAKES = fc.array(
  fc.record({ pause: fc.integer({ min: 0, max: 40_000 }), cost: fc.integer({ min: 1, max: 8 }) }),
  {
    minLength: 1,
    maxLength: 120,
  },
);

it('allows, within any 60 seconds, at most points × (1 + the share of the window that has passed)', () => {
  fc.assert(
    fc.property(TAKES, fc.integer({ min: 1, max: 20 }), (takes, points) => {
      const counts = new Map<number, number>();
      const allowed: { at: number; cost: number }[] = [];
      let at = 0;
      for (const { pause, cost } of takes) {
        at += pause;
        if (!takeAt(counts, at, cost, points).allowed) continue;
        allowed.push({ at, cost });
        const within = allowed.filter((take) => take.at > at - LENGTH).reduce((sum, take) => sum + take.cost, 0);
        expect(within * LENGTH).toBeLessThanOrEqual(points * (LENGTH + (at % LENGTH)));
      }
    }),
  );
});

it('is exact where takes come evenly', () => {
  const counts = new Map<number, number>();
  // As many as there are points, one a second, for ten windows.
  for (let at = 0; at < 10 * LENGTH; at += 1000) expect(takeAt(counts, at, 1, 61).allowed).toBe(true);
});

it('says when the same take is allowed, if nobody else takes any', () => {
  fc.assert(
    fc.property(TAKES, fc.integer({ min: 8, max: 20 }), (takes, points) => {
      const counts = new Map<number, number>();
      let at = 0;
      for (const { pause, cost } of takes) {
        at += pause;
        const { allowed, wait } = takeAt(counts, at, cost, points);
        if (allowed) continue;
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(1);
        expect(wait).toBeLessThanOrEqual(120);
        expect(takeAt(new Map(counts), at + wait * 1000, cost, points).allowed).toBe(true);
      }
    }),
  );
});
