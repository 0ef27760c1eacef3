import { Random } from '../support/random.ts';
import { audit } from './audit.ts';
import type { Job, JobResult } from './job.ts';
import { Ledger } from './ledger/ledger.ts';
import { Load } from './load.ts';
import { makeSubject } from './subjects/index.ts';
import { boundOf, type Subject } from './subjects/subject.ts';
import { everythingWorks } from './verify.ts';
import { Watch } from './watch.ts';

/** How soon after the end of the faults everything has to work, in milliseconds. */
const BACK_WITHIN = 2000;
/** `quit()` may take so much longer than the commands that it waits for, in milliseconds. */
const QUIT_WITHIN = 1000;

/** One client in its worker: the load, and what is checked after it. */
export class CaseRun {
  readonly watch = new Watch();
  readonly subject: Subject;
  readonly #job: Job;
  readonly #ledger: Ledger;
  readonly #load: Load;
  readonly #bound: number;

  private constructor(job: Job, subject: Subject) {
    this.#job = job;
    this.subject = subject;
    this.#ledger = new Ledger(job.run);
    this.#bound = boundOf(job.settings);
    const random = new Random(job.seed);
    this.#load = new Load({ subject, ledger: this.#ledger, watch: this.watch, random, bound: this.#bound });
  }

  static async start(job: Job): Promise<CaseRun> {
    const subject = await makeSubject(job.subject, job.settings);
    const run = new CaseRun(job, subject);
    run.#load.start(job.lanes);
    return run;
  }

  /** The faults are over: everything has to work again, and then to go away. Memory is not measured here. */
  async finish(at: number): Promise<JobResult> {
    const { watch } = this;
    const since = performance.now() - (Date.now() - at);
    this.#load.stop();
    const recovery = await this.#recover(since);
    // getOrSet takes longest.
    await watch.idle(this.#job.subject === 'memts' ? 7 * this.#bound + 3000 : this.#bound + 2000);
    if (watch.pending > 0) watch.found('unsettled', `${watch.pending} commands have not settled`, watch.pending);
    const { audit: target } = this.#job;
    if (target !== undefined) await audit(this.#ledger, watch, target);
    await this.#quit();
    watch.stalls.stop();
    const { tally, findings, slowest } = watch;
    return { tally, findings, bound: this.#bound, slowest, longestStall: watch.stalls.longest, recovery, memory: 0 };
  }

  async #recover(since: number): Promise<number | undefined> {
    const { took, reason } = await everythingWorks(this.subject, this.#job.run);
    const stalled = this.watch.stalls.since(since);
    const back = took === undefined ? undefined : performance.now() - since;
    if (back === undefined || back - stalled > BACK_WITHIN) {
      this.watch.found(
        'notBack',
        back === undefined ? reason : `it took ${back.toFixed(0)} ms until everything worked`,
      );
    }
    return back;
  }

  async #quit(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const left = this.subject.quit().then(() => true);
    const patience = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, this.#bound + QUIT_WITHIN, false);
    });
    if (!(await Promise.race([left, patience]))) this.watch.found('unsettled', 'quit() has not resolved');
    clearTimeout(timer);
  }
}
