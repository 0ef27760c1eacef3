import type { Target } from '../connection.ts';
import type { Interruption } from '../interruption.ts';
import { entryIn } from '../watch/entry.ts';
import { logOf } from '../watch/log.ts';
import { ServerTally, Tally } from './tally.ts';

const READS_AND_WRITES = ['fetchers', 'mutations'];
/** How long after its log has ended a server is asked for it again, in milliseconds. */
const PAUSE = 1000;

export interface FollowOptions {
  /** How long a server may take to answer, in seconds. */
  timeout: number;
  by: string | undefined;
  /** Whether somebody watches: a log that has ended is asked for again, and what was lately is counted by itself. */
  live: boolean;
}

interface Followed {
  target: Target;
  counts: ServerTally;
  /** How many lines it had left out, when last asked. */
  lost: number | undefined;
  error?: unknown;
}

/** Counts what the logs of all servers say. */
export class Follower {
  readonly #followed: readonly Followed[];
  readonly #options: FollowOptions;
  readonly #interruption: Interruption;
  #since = performance.now();
  /** All that was counted, and what was lately: the same where nobody watches. */
  whole: Tally;
  recent: Tally;

  constructor(targets: readonly Target[], options: FollowOptions, interruption: Interruption) {
    this.#followed = targets.map((target) => ({ target, counts: new ServerTally(target.name), lost: undefined }));
    this.#options = options;
    this.#interruption = interruption;
    this.whole = new Tally(options.by);
    this.recent = options.live ? new Tally(options.by) : this.whole;
  }

  get #tallies(): Tally[] {
    return this.recent === this.whole ? [this.whole] : [this.whole, this.recent];
  }

  /** The servers that can't be followed now, and why. */
  get failures(): { server: string; error: unknown }[] {
    return this.#followed
      .filter(({ error }) => error !== undefined)
      .map(({ target, error }) => ({ server: target.name, error }));
  }

  get errors(): unknown[] {
    return this.failures.map(({ error }) => error);
  }

  /** Follows until it is interrupted, or there is nothing to follow. */
  async run(): Promise<void> {
    await this.#askSkipped();
    this.#since = performance.now();
    await Promise.all(this.#followed.map((one) => this.#follow(one)));
  }

  /** Counts from 0 again. */
  restart(by: string | undefined): void {
    this.whole = new Tally(by);
    this.recent = new Tally(by);
  }

  /** Notes how much time has gone by, and what the servers have left out until now. */
  async tick(): Promise<void> {
    const now = performance.now();
    const tallies = this.#tallies;
    for (const tally of tallies) tally.seconds += (now - this.#since) / 1000;
    this.#since = now;
    for (const { counts } of this.#followed) counts.forget();
    const skipped = await this.#askSkipped();
    for (const tally of tallies) tally.skipped += skipped;
  }

  async #follow(one: Followed): Promise<void> {
    const { timeout, live } = this.#options;
    for (;;) {
      try {
        for await (const lines of logOf(one.target, timeout, READS_AND_WRITES, this.#interruption)) {
          one.error = undefined;
          const tallies = this.#tallies;
          for (const line of lines) {
            const entry = entryIn(line);
            if (entry !== undefined) one.counts.add(entry, tallies);
          }
        }
      } catch (error) {
        one.error = error;
      }
      if (!live || this.#interruption.requested) return;
      await this.#interruption.wait(PAUSE);
    }
  }

  /** How many lines the servers have left out since they were asked last, since nobody could take them in time. */
  async #askSkipped(): Promise<number> {
    const asked = this.#followed.map(async (one) => {
      const [statistics] = Object.values(await one.target.client.stats().catch(() => ({})));
      if (statistics === undefined) return 0;
      const { log_worker_dropped: dropped = 0, log_watcher_skipped: skipped = 0 } = statistics as Record<
        string,
        string
      >;
      const [before, now] = [one.lost, Number(dropped) + Number(skipped)];
      one.lost = now;
      // What it left out before is not counted; and one that was started again counts from 0.
      return before === undefined ? 0 : Math.max(0, now - before);
    });
    return (await Promise.all(asked)).reduce((sum, count) => sum + count, 0);
  }
}
