import { describe, expect, it } from 'vitest';
import { withJitter } from '../../../src/client/expiration.ts';

const draws = (expires: number, jitter: number): number[] =>
  Array.from({ length: 2000 }, () => withJitter(expires, jitter));

describe('jitter', () => {
  it('takes off no more than its share, in whole seconds, and leaves at least one', () => {
    expect(new Set(draws(100, 0.1))).toEqual(new Set(Array.from({ length: 11 }, (_, more) => 90 + more)));
    expect(new Set(draws(3, 1))).toEqual(new Set([1, 2, 3]));
    expect(new Set(draws(1, 1))).toEqual(new Set([1]));
    expect(new Set(draws(100, 0))).toEqual(new Set([100]));
  });

  it('of a Unix time takes off a share of what is left, and of one in the past nothing', () => {
    const now = Math.floor(Date.now() / 1000);
    const found = draws(now + 100, 0.1);
    expect(Math.min(...found)).toBeGreaterThanOrEqual(now + 90);
    expect(Math.max(...found)).toBeLessThanOrEqual(now + 101);
    expect(new Set(draws(now - 10, 1))).toEqual(new Set([now - 10]));
    expect(Math.min(...draws(now + 5, 1))).toBeGreaterThan(now);
  });

  it('spreads 10,000 keys that are stored together: the peak of a second is at most a fifth', () => {
    const perSecond = new Map<number, number>();
    for (let key = 0; key < 10_000; key++) {
      const second = withJitter(300, 0.1);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(10_000 / 5);
  });
});
