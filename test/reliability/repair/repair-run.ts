import type { MultiResult } from '../../../src/index.ts';
import { Random } from '../../support/random.ts';
import { eventually, sleep } from '../../support/wait.ts';
import type { Job, JobResult, Staleness } from '../job.ts';
import { Memts } from '../subjects/memts.ts';
import { boundOf } from '../subjects/subject.ts';
import { everythingWorks } from '../verify.ts';
import { type Done, Watch } from '../watch.ts';
import { KeyLedger } from './key-ledger.ts';

/** Clients that write the same keys. */
const CLIENTS = 2;
const KEYS = 400;
/** The pause of a lane whose command failed, in milliseconds. */
const PAUSE = 3;
/** By then all keys have to be repaired, in milliseconds; a lost connection takes a second. */
const REPAIRED_WITHIN = 8000;
/** Without repair nobody says when all is over, in milliseconds. */
const WAIT = 300;

/** Several clients under a load of reads, sets and deletes; when the faults are over, and keys repaired, old values are looked for. */
export class RepairRun {
  readonly watch = new Watch();
  readonly #job: Job;
  readonly #subjects: readonly Memts[];
  readonly #keys: KeyLedger;
  readonly #random: Random;
  readonly #bound: number;
  readonly #staleness: Staleness = { reads: 0, old: 0, oldElsewhere: 0, repaired: 0, unrepaired: 0 };
  #isRunning = true;

  private constructor(job: Job) {
    this.#job = job;
    this.#subjects = Array.from({ length: CLIENTS }, () => new Memts(job.settings));
    this.#keys = new KeyLedger(job.run, KEYS);
    this.#random = new Random(job.seed);
    this.#bound = boundOf(job.settings);
    for (const { client } of this.#subjects) {
      client.on('repaired', (_, keys) => {
        this.#staleness.repaired += keys.length;
      });
      client.on('unrepaired', (_, keys) => {
        this.#staleness.unrepaired += keys.length;
      });
    }
  }

  static start(job: Job): RepairRun {
    const run = new RepairRun(job);
    for (let lane = 0; lane < job.lanes; lane++) run.#turn();
    return run;
  }

  /** What `close()` of the clients is called on. */
  get subject(): { close(): void } {
    return { close: () => this.#subjects.forEach((subject) => void subject.close()) };
  }

  async finish(at: number): Promise<JobResult> {
    const { watch } = this;
    const since = performance.now() - (Date.now() - at);
    this.#isRunning = false;
    await watch.idle(2 * this.#bound + 2000);
    if (watch.pending > 0) watch.found('unsettled', `${watch.pending} commands have not settled`, watch.pending);
    const recoveries = await Promise.all(
      this.#subjects.map((subject, index) => everythingWorks(subject, `${this.#job.run}.${index}`)),
    );
    const isBack = recoveries.every(({ took }) => took !== undefined);
    if (isBack) await this.#lookForOld();
    else watch.found('notBack', recoveries.map(({ reason }) => reason).join());
    await Promise.all(this.#subjects.map((subject) => subject.quit()));
    watch.stalls.stop();
    const { tally, findings, slowest } = watch;
    const recovery = isBack ? performance.now() - since : undefined;
    const times = { bound: this.#bound, slowest, longestStall: watch.stalls.longest, recovery };
    return { tally, findings, ...times, memory: 0, staleness: this.#staleness };
  }

  async #lookForOld(): Promise<void> {
    if (this.#job.settings.repair !== true) await sleep(WAIT);
    else if (!(await this.#allRepaired())) {
      this.watch.found('notBack', `keys are not repaired: ${this.#subjects.map(waiting)}`);
      return;
    }
    const staleness = this.#staleness;
    for (const { client } of this.#subjects) {
      staleness.old += this.#count(await client.getMulti(this.#keys.names), 'a client');
    }
    for (const port of this.#job.audit?.ports ?? []) {
      const { client, quit } = direct(port, this.#job);
      staleness.oldElsewhere += this.#count(await client.getMulti(this.#keys.names), `the server at ${port}`);
      await quit();
    }
    const old = staleness.old + staleness.oldElsewhere;
    if (this.#job.settings.repair === true && old > 0) this.watch.found('stale', 'after all keys were repaired', old);
  }

  async #allRepaired(): Promise<boolean> {
    return eventually(() => this.#subjects.every((subject) => waiting(subject) === 0), {
      timeout: REPAIRED_WITHIN,
    }).then(
      () => true,
      () => false,
    );
  }

  /** How many of the values are older than the last write of their key. */
  #count(found: MultiResult<{ value: Buffer | null }>, where: string): number {
    if (found.errors.size > 0) this.watch.found('notBack', `${where} does not answer`);
    let old = 0;
    for (const [index, key] of this.#keys.names.entries()) {
      this.#staleness.reads++;
      const value = found.get(key)?.value ?? null;
      if (value === null) continue;
      const verdict = this.#keys.judge(index, value);
      if (verdict === 'wrong') this.watch.found('wrong', `${where} has ${value} under ${key}`);
      if (verdict !== 'old') continue;
      old++;
      if (this.#job.settings.repair === true && this.watch.findings.length < 20) {
        this.watch.findings.push(`${where} has ${value.subarray(0, 60)}; ${this.#keys.describe(index)}`);
      }
    }
    return old;
  }

  #turn(): void {
    if (!this.#isRunning) return;
    const { client } = this.#subjects[this.#random.below(CLIENTS)] as Memts;
    const kind = this.#random.below(20);
    if (kind < 8) this.#one(client, this.#random.below(KEYS), kind);
    else if (kind < 10) this.#read('getMulti', client.getMulti(this.#some().map((index) => this.#keys.name(index))));
    else this.#write(this.#random.below(CLIENTS), kind);
  }

  #one(client: Memts['client'], index: number, kind: number): void {
    const key = this.#keys.name(index);
    if (kind === 0) this.#read('touch', client.touch(key, 120));
    else this.#read('get', client.get(key));
  }

  #write(writer: number, kind: number): void {
    const { client } = this.#subjects[writer] as Memts;
    const many = kind >= 18;
    // Two clients' writes have an order where one begins after the other has ended.
    const indexes = (many ? this.#some() : [this.#random.below(KEYS)]).filter((index) =>
      this.#keys.take(index, writer),
    );
    if (indexes.length === 0) {
      setImmediate(() => this.#turn());
      return;
    }
    const names = indexes.map((index) => this.#keys.name(index));
    const [first, name] = [indexes[0] as number, names[0] as string];
    const over = (): void => {
      for (const index of indexes) this.#keys.leave(index);
    };
    if (kind === 19) {
      for (const index of indexes) this.#keys.deleted(index);
      this.#read('deleteMulti', client.deleteMulti(names), over);
    } else if (kind === 18) {
      const entries = indexes.map((index) => [this.#keys.name(index), this.#keys.value(index)] as const);
      this.#read('setMulti', client.setMulti(entries), over);
    } else if (kind >= 15) {
      this.#keys.deleted(first);
      this.#read('delete', client.delete(name), over);
    } else {
      this.#read('set', client.set(name, this.#keys.value(first)), over);
    }
  }

  /** Waits for the end of a command, and goes on with another. */
  #read(name: string, call: Promise<unknown>, over: () => void = () => {}): void {
    const done: Done = this.watch.begin(name, this.#bound, (error) => {
      over();
      if (error) setTimeout(() => this.#turn(), PAUSE);
      else this.#turn();
    });
    call.then(
      (result) => {
        if (result instanceof Map && failed(result as MultiResult<unknown>)) done(new Error(`a server of ${name}`));
        else done(null, result);
      },
      (error) => done(error),
    );
  }

  #some(): number[] {
    return [...new Set(Array.from({ length: 6 }, () => this.#random.below(KEYS)))];
  }
}

function failed(result: MultiResult<unknown>): boolean {
  return result.errors.size > 0;
}

function waiting({ client }: Memts): number {
  return Object.values(client.status()).reduce((sum, { unrepaired = 0 }) => sum + unrepaired, 0);
}

/** Past the proxies and the clients. */
function direct(port: number, { settings }: Job): { client: Memts['client']; quit(): Promise<void> } {
  const { repair: _, ...plain } = settings;
  const subject = new Memts({ ...plain, servers: [`127.0.0.1:${port}`], failover: false, timeout: 5, conntimeout: 5 });
  return { client: subject.client, quit: () => subject.quit() };
}
