import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingQueue } from '../../../src/connection/waiting-queue.ts';
import { Op } from '../../../src/protocol/op.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { make as makeRequest } from '../protocol/harness.ts';

const make = (opaque: number): Request => makeRequest(Op.Get, 'key', { opaque });

const contents = (queue: WaitingQueue): number[] =>
  Array.from({ length: queue.length }, (_, index) => queue.at(index).opaque);

describe('the waiting queue', () => {
  it('is empty at first', () => {
    const queue = new WaitingQueue();
    expect([queue.length, queue.head(), queue.shift(), queue.length]).toEqual([0, undefined, undefined, 0]);
  });

  it('hands out what came first first, however many there are', () => {
    const queue = new WaitingQueue();
    for (let opaque = 0; opaque < 10_000; opaque++) queue.push(make(opaque));
    expect(queue.length).toBe(10_000);
    for (let opaque = 0; opaque < 10_000; opaque++) {
      expect(queue.head()?.opaque).toBe(opaque);
      expect(queue.shift()?.opaque).toBe(opaque);
    }
    expect([queue.length, queue.head(), queue.shift()]).toEqual([0, undefined, undefined]);
  });

  it('replaces', () => {
    const queue = new WaitingQueue();
    for (const opaque of [1, 2, 3]) queue.push(make(opaque));
    queue.replace(1, make(20));
    expect(contents(queue)).toEqual([1, 20, 3]);
  });

  it('does what an array does', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant<Step>({ what: 'push', at: 0 }) },
      { weight: 3, arbitrary: fc.constant<Step>({ what: 'shift', at: 0 }) },
      { weight: 1, arbitrary: fc.record<Step>({ what: fc.constant('replace'), at: fc.nat(60) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new WaitingQueue();
        const array: Request[] = [];
        for (const [opaque, { what, at }] of steps.entries()) {
          take(what, at % Math.max(1, array.length), make(opaque), queue, array);
          expect(queue.head()).toBe(array[0]);
          expect(contents(queue)).toEqual(array.map((each) => each.opaque));
        }
      }),
      { numRuns: 200 },
    );
  });
});

interface Step {
  what: 'push' | 'shift' | 'replace';
  at: number;
}

/** Does the same to both. */
function take(what: Step['what'], at: number, request: Request, queue: WaitingQueue, array: Request[]): void {
  if (what === 'push') {
    queue.push(request);
    array.push(request);
  } else if (what === 'shift') {
    expect(queue.shift()).toBe(array.shift());
  } else if (array.length > 0) {
    array[at] = request;
    queue.replace(at, request);
  }
}
