import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineTimer } from '../../../src/connection/deadline.ts';

/** The timers of the moment, so that fake ones take part here. */
vi.mock('../../../src/clock.ts', () => ({
  setTimeout: (...given: Parameters<typeof setTimeout>) => setTimeout(...given),
  clearTimeout: (...given: Parameters<typeof clearTimeout>) => clearTimeout(...given),
  setImmediate: (...given: Parameters<typeof setImmediate>) => setImmediate(...given),
  clearImmediate: (...given: Parameters<typeof clearImmediate>) => clearImmediate(...given),
  monotonicNow: () => performance.now(),
}));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A timer that never has a further deadline, and when it swept. */
function timerWith(next: (now: number) => number = () => Number.POSITIVE_INFINITY) {
  const sweeps: number[] = [];
  const start = performance.now();
  const timer = new DeadlineTimer((now) => {
    sweeps.push(now - start);
    return next(now);
  });
  return { timer, sweeps, start, watch: (after: number) => timer.watch(start + after, performance.now()) };
}

describe('the deadline timer', () => {
  it('sweeps when the deadline has come, not before, and once', () => {
    const { sweeps, watch } = timerWith();
    watch(100);
    vi.advanceTimersByTime(99);
    expect(sweeps).toEqual([]);
    vi.advanceTimersByTime(3);
    expect(sweeps).toHaveLength(1);
    expect(sweeps[0]).toBeGreaterThanOrEqual(100);
    vi.advanceTimersByTime(1000);
    expect(sweeps).toHaveLength(1);
  });

  it('takes an earlier deadline, and no second timer for a later one', () => {
    const { sweeps, watch } = timerWith();
    watch(300);
    watch(100);
    watch(200);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(102);
    expect(sweeps).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(sweeps).toHaveLength(1);
  });

  it('goes on with the deadline that the sweep names', () => {
    const { sweeps, watch } = timerWith((now) => (sweeps.length < 4 ? now + 50 : Number.POSITIVE_INFINITY));
    watch(100);
    vi.advanceTimersByTime(1000);
    expect(sweeps).toHaveLength(4);
    expect(sweeps.every((at, index) => at >= 100 + 50 * index && at < 110 + 55 * index)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not sweep after stop(), and can be used again', () => {
    const { sweeps, watch, timer } = timerWith();
    watch(100);
    timer.stop();
    vi.advanceTimersByTime(500);
    expect(sweeps).toEqual([]);
    watch(600);
    vi.advanceTimersByTime(102);
    expect(sweeps).toHaveLength(1);
  });

  it('does not sweep when it is stopped between the timeout and the sweep', () => {
    const { sweeps, watch, timer } = timerWith();
    watch(100);
    setTimeout(() => timer.stop(), 100);
    vi.advanceTimersByTime(200);
    expect(sweeps).toEqual([]);
  });

  it('takes a deadline that has passed', () => {
    const { sweeps, watch } = timerWith();
    watch(-50);
    vi.advanceTimersByTime(3);
    expect(sweeps).toHaveLength(1);
  });
});
