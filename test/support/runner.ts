import { type RunnerTask as Task, TestRunner } from 'vitest';
import { now, Pauses } from './pauses.ts';

/** The bounds of tests that measure time allow for a machine that stands still for this long, in milliseconds. */
const ALLOWED = 150;
const REPEATS = 2;

/**
 * A test that fails while the machine did not let this process run for a while says nothing of the product: it is run again,
 * and says so. All other failures are failures.
 */
export default class Runner extends TestRunner {
  readonly #pauses = new Pauses();
  readonly #begun = new WeakMap<Task, number>();

  override async onBeforeRunTask(test: Task): Promise<void> {
    await super.onBeforeRunTask(test);
    test.retry = { count: REPEATS, condition: () => this.#stoodStill(test) };
  }

  override onBeforeTryTask(test: Task): void {
    super.onBeforeTryTask(test);
    this.#begun.set(test, now());
  }

  #stoodStill(test: Task): boolean {
    const longest = this.#pauses.longestSince(this.#begun.get(test) ?? 0);
    if (longest < ALLOWED) return false;
    console.warn(`Failed, and is run again, since the machine stood still for ${Math.round(longest)} ms: ${test.name}`);
    return true;
  }
}
