import { performance } from 'node:perf_hooks';
import type { Histogram } from 'hdr-histogram-js';
import type { Done } from './clients/adapter.ts';

/**
 * Seconds before the clock starts in a round: a process that has waited for its turn has lost its place in the
 * processor's caches, and the runtime has made its heap smaller.
 */
export const LEAD_IN = 0.1;

/** One command, by its number among `length` of them, and the check of what it answered. */
export interface Work {
  readonly length: number;
  call(index: number): PromiseLike<unknown>;
  check(result: unknown, index: number): void;
  callCallback?(index: number, done: Done): unknown;
  checkCallback?(result: unknown, index: number): void;
}

export interface Pass {
  /** Commands that were answered, and answered rightly. */
  readonly completed: number;
  readonly seconds: number;
  /** CPU time of the process in all its threads, in microseconds. */
  readonly cpu: number;
}

export interface PassOptions {
  readonly seconds: number;
  /** Stops after so many commands, if the time is not over before. */
  readonly count?: number | undefined;
  readonly inFlight: number;
  readonly form: 'promise' | 'callback';
  /** Takes the latency of each command, in nanoseconds; left out where the rate is measured. */
  readonly histogram?: Histogram | undefined;
}

/** The state of one pass, shared by its lanes; every lane has one command waiting at any time. */
interface Shared {
  readonly work: Work;
  readonly histogram: Histogram | undefined;
  /** How many commands may still be started. */
  left: number;
  cursor: number;
  completed: number;
}

export async function measure(work: Work, options: PassOptions): Promise<Pass> {
  const { inFlight, form, histogram, seconds } = options;
  const shared: Shared = { work, histogram, left: options.count ?? Number.MAX_SAFE_INTEGER, cursor: 0, completed: 0 };
  const lane = form === 'promise' ? promiseLane : callbackLane;
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const stop = setTimeout(() => {
    shared.left = 0;
  }, seconds * 1000);
  try {
    await Promise.all(Array.from({ length: inFlight }, () => lane(shared)));
  } finally {
    clearTimeout(stop);
    shared.left = 0;
  }
  const elapsed = (performance.now() - before) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { completed: shared.completed, seconds: elapsed, cpu: user + system };
}

/**
 * Begins commands at their times, whatever still waits, and takes the time from when each should have begun: a client
 * that stalls is charged for all that had to wait for it. The loop turns all the time, so its CPU says nothing.
 */
export async function measureOpen(work: Work, rate: number, seconds: number, histogram: Histogram): Promise<Pass> {
  const total = Math.round(rate * seconds);
  const began = performance.now();
  let completed = 0;
  await new Promise<void>((resolve, reject) => {
    const one = async (index: number, intended: number) => {
      const result = await work.call(index % work.length);
      histogram.recordValue(Math.max(1, Math.round((performance.now() - intended) * 1e6)));
      work.check(result, index % work.length);
      if (++completed === total) resolve();
    };
    let started = 0;
    const turn = () => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate) + 1);
      for (; started < due; started++) one(started, began + (started / rate) * 1000).catch(reject);
      if (started < total) setImmediate(turn);
    };
    turn();
  });
  return { completed, seconds: (performance.now() - began) / 1000, cpu: Number.NaN };
}

function take(shared: Shared): number {
  if (shared.left === 0) return -1;
  shared.left--;
  const index = shared.cursor;
  shared.cursor = index + 1 === shared.work.length ? 0 : index + 1;
  return index;
}

async function promiseLane(shared: Shared): Promise<void> {
  const { work, histogram } = shared;
  for (let index = take(shared); index >= 0; index = take(shared)) {
    const start = histogram === undefined ? 0 : performance.now();
    const result = await work.call(index);
    if (histogram !== undefined) record(histogram, start);
    work.check(result, index);
    shared.completed++;
  }
}

function callbackLane(shared: Shared): Promise<void> {
  const { work, histogram } = shared;
  return new Promise((resolve, reject) => {
    let index = -1;
    let start = 0;
    const next = () => {
      index = take(shared);
      if (index < 0) return resolve();
      if (histogram !== undefined) start = performance.now();
      work.callCallback?.(index, done);
    };
    const done: Done = (error, result) => {
      if (histogram !== undefined) record(histogram, start);
      if (error) return reject(error);
      try {
        work.checkCallback?.(result, index);
      } catch (failure) {
        return reject(failure);
      }
      shared.completed++;
      next();
    };
    next();
  });
}

function record(histogram: Histogram, start: number): void {
  histogram.recordValue(Math.round((performance.now() - start) * 1e6));
}
