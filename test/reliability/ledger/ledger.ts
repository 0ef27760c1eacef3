import { Counters } from './counters.ts';
import { Lists } from './lists.ts';
import { Values } from './values.ts';

const VALUES = 1000;
const GUARDED = 64;
const COMPUTED = 200;
const COUNTERS = 48;
const LISTS = 32;

/** What may be stored under each key of a run. Its size does not grow with the number of commands. */
export class Ledger {
  readonly run: string;
  readonly values: Values;
  /** Values that `getOrSet` makes. */
  readonly computed: Values;
  /** Values that are stored with CAS alone. */
  readonly guarded: Values;
  readonly up: Counters;
  readonly down: Counters;
  readonly lists: Lists;
  /** The numbers of guarded values that were refused: nobody may read one of them. */
  readonly refused: Set<number>[] = Array.from({ length: GUARDED }, () => new Set());
  #fresh = 0;

  constructor(run: string) {
    this.run = run;
    this.values = new Values(run, 'v', VALUES);
    this.computed = new Values(run, 'c', COMPUTED);
    this.guarded = new Values(run, 'g', GUARDED);
    this.up = new Counters(run, 1, COUNTERS);
    this.down = new Counters(run, -1, COUNTERS);
    this.lists = new Lists(run, LISTS);
  }

  /** A key that nobody has used. */
  freshKey(): string {
    return `${this.run}.a${this.#fresh++}`;
  }

  /** Keeps what a set with CAS was refused, so far as it may still be looked for. */
  refuse(index: number, number: number): void {
    const refused = this.refused[index] as Set<number>;
    if (refused.size >= 64) refused.delete(refused.values().next().value as number);
    refused.add(number);
  }
}
