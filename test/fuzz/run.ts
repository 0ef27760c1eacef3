import fc from 'fast-check';
import { Decisions } from './decisions.ts';
import { watchMemory } from './guards.ts';
import type { Target } from './target.ts';

/** The most numbers that an input is made from. */
const MOST_DECISIONS = 48;

const numbers = fc.noBias(fc.array(fc.nat(), { maxLength: MOST_DECISIONS, size: 'max' }));

/** Has a target read that many inputs; throws fast-check's report of the plainest input that breaks a promise. */
export function fuzz(target: Target, inputs: number, seed: number): void {
  using _memory = watchMemory();
  fc.assert(
    fc.property(numbers, (list) => target.run(new Decisions(list))),
    { numRuns: inputs, seed },
  );
}
