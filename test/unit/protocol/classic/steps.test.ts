import { describe, expect, it } from 'vitest';
import { MemcacheError } from '../../../../src/errors.ts';
import { split } from '../../../../src/protocol/classic/steps.ts';
import { Op } from '../../../../src/protocol/op.ts';
import type { Holder, Request } from '../../../../src/protocol/request.ts';
import { Reply } from '../../../../src/protocol/request.ts';
import { Status } from '../../../../src/protocol/status.ts';
import { type Fields, make } from '../harness.ts';

/** Sends the steps of a counter command and answers them with these statuses. */
function run(fields: Fields, ...statuses: Status[]) {
  const whole = make(Op.Increment, 'k', { amount: 3, initial: 10, expiration: 60, ...fields });
  const steps: Request[] = [];
  steps.push(split(whole, (step) => steps.push(step)));
  const reply = new Reply();
  for (const [index, status] of statuses.entries()) {
    const step = steps[index] as Request;
    reply.counter = 99;
    step.settle(reply.reset(status));
  }
  return { whole, steps };
}

const inSteps = (request: Request): boolean => split(request, () => {}) !== request;

describe('counting in steps', () => {
  it('is for counters with an initial value', () => {
    expect(inSteps(make(Op.Increment, 'k', { initial: 0 }))).toBe(true);
    expect(inSteps(make(Op.Decrement, 'k', { initial: 5n }))).toBe(true);
    expect(inSteps(make(Op.Increment, 'k'))).toBe(false);
    expect(inSteps(make(Op.Set, 'k', { initial: 0 }))).toBe(false);
  });

  it('counts where there is a counter', () => {
    const { whole, steps } = run({}, Status.Ok);
    expect(steps).toMatchObject([{ op: Op.Increment, key: 'k', amount: 3, initial: null }]);
    expect(whole.replies).toEqual([{ status: Status.Ok, counter: 99 }]);
    expect(whole.holder).toBeUndefined();
  });

  it('adds the counter where there is none', () => {
    const { whole, steps } = run({}, Status.Miss, Status.Ok);
    expect(steps[1]).toMatchObject({ op: Op.Add, key: 'k', value: '10', expiration: 60, flags: 0, initial: null });
    expect(whole.replies).toEqual([{ status: Status.Ok, counter: 10 }]);
  });

  it('counts after all where somebody else has added it meanwhile, as often as it takes', () => {
    const { whole, steps } = run({}, Status.Miss, Status.Exists, Status.Miss, Status.Exists, Status.Ok);
    expect(steps.map(({ op }) => op)).toEqual([Op.Increment, Op.Add, Op.Increment, Op.Add, Op.Increment]);
    expect(whole.replies).toEqual([{ status: Status.Ok, counter: 99 }]);
  });

  it.each([
    [0, 0],
    [7n, 7],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [18446744073709551615n, 18446744073709551615n],
  ])('tells an initial value of %s as a server would', (initial, counter) => {
    const { whole, steps } = run({ initial }, Status.Miss, Status.Ok);
    expect(steps[1]?.value).toBe(String(initial));
    expect(whole.replies).toEqual([{ status: Status.Ok, counter }]);
  });

  it('passes on any other answer', () => {
    expect(run({}, Status.NonNumeric).whole.replies).toEqual([{ status: Status.NonNumeric }]);
    expect(run({}, Status.Miss, Status.OutOfMemory).whole.replies).toEqual([{ status: Status.OutOfMemory }]);
  });

  it('passes on failures, with whether a step that may have had an effect was written', () => {
    for (const written of [true, false]) {
      const { whole, steps } = run({}, Status.Miss);
      const error = new MemcacheError('ERR_CONNECT', 'gone');
      steps[1]?.fail(error, written);
      expect(whole.failure).toBe(error);
      expect(whole.written).toBe(written);
    }
  });

  it('keeps a CAS for the encoder to refuse', () => {
    expect(run({ cas: 5n }).steps[0]?.cas).toBe(5n);
  });

  it('drops the step under way when the whole is dropped', () => {
    const { whole, steps } = run({}, Status.Miss);
    const dropped: Request[] = [];
    const holder: Holder = { drop: (request) => void dropped.push(request) };
    (steps[1] as Request).holder = holder;
    whole.holder?.drop(whole);
    expect(dropped).toEqual([steps[1]]);
    expect(whole.holder).toBeUndefined();
  });

  it('gives all steps together the time of one', () => {
    const whole = make(Op.Increment, 'k', { initial: 1, timeout: 500 });
    const steps: Request[] = [];
    const first = split(whole, (step) => steps.push(step));
    expect(first.timeout).toBe(500);
    first.deadline = performance.now() + 200;
    first.settle(new Reply().reset(Status.Miss));
    expect(steps[0]?.timeout).toBeGreaterThan(100);
    expect(steps[0]?.timeout).toBeLessThanOrEqual(200);
  });
});
