import type { Decisions } from './decisions.ts';

/** Something that reads bytes or text from outside. */
export interface Target {
  name: string;
  /** What is read, for the record. */
  reads: string;
  /** Makes one input out of the decisions and has it read; throws what must not happen. */
  run(decisions: Decisions): void;
  /** What became of the inputs: counts by what they are called in the record. */
  readonly counts: Record<string, number>;
}
