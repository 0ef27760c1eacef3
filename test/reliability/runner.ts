import { Random } from '../support/random.ts';
import { sleep } from '../support/wait.ts';
import { removeWorkerBundle } from './bundle.ts';
import type { Job, JobResult } from './job.ts';
import { type Case, TIMES } from './matrix.ts';
import { Stage, type StageKind } from './stage.ts';
import { boundOf, type Settings } from './subjects/subject.ts';
import { newTally } from './watch.ts';
import { WorkerProcess } from './worker-process.ts';

export interface RunnerOptions {
  /** How long the faults of a case last, in milliseconds. */
  duration: number;
  /** Commands in flight. */
  lanes: number;
}

export interface CaseResult extends JobResult {
  name: string;
  seed: number;
  subject: Case['subject'];
  /** From the beginning to the end, in milliseconds. */
  took: number;
}

/** Heap and external memory may grow so much from the first cases to a later one, in bytes. */
const GROWTH = 6 * 1024 * 1024;
/** The first cases still have code compiled and caches filled. */
const WARM_UP = 4;
/** How long a spare server keeps what it has, in seconds: longer than a case. */
const GUTTER_EXPIRES = 60;
/** A worker that hangs is ended after that many milliseconds more than anything may take. */
const PATIENCE = 15_000;

/** Runs cases one after the other. Servers and the worker are used again, so that what a case leaves behind shows. */
export class Runner implements AsyncDisposable {
  readonly #options: RunnerOptions;
  readonly #stages = new Map<StageKind, Promise<Stage>>();
  #worker: WorkerProcess | undefined;
  #cases = 0;
  /** The most memory that was left after one of the first cases of a worker. */
  #base = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async run(chosen: Case): Promise<CaseResult> {
    const started = performance.now();
    const { scenario, protocol, servers, name, seed, subject } = chosen;
    const stage = await this.#stage(typeof scenario.stage === 'function' ? scenario.stage(protocol) : scenario.stage);
    await stage.calm(servers);
    const settings = settingsFor(chosen, stage);
    let result: JobResult;
    try {
      const worker = await this.#startWorker();
      await worker.begin([this.#job(chosen, stage, settings)]);
      await this.#play(chosen, stage, worker);
      await stage.calm(servers);
      [result] = (await worker.finish(Date.now(), 8 * boundOf(settings) + PATIENCE)) as [JobResult];
      this.#checkMemory(result);
    } catch (error) {
      result = crashed(settings, error);
      await stage.calm(servers);
      await this.#worker?.stop();
      this.#worker = undefined;
    }
    await this.#checkSockets(stage, result);
    return { name, seed, subject, took: performance.now() - started, ...result };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.stop();
    removeWorkerBundle();
    for (const stage of this.#stages.values()) await (await stage)[Symbol.asyncDispose]();
  }

  async #play({ scenario, seed, servers, protocol }: Case, stage: Stage, worker: WorkerProcess): Promise<void> {
    const end = performance.now() + this.#options.duration;
    await sleep(20);
    await scenario.play({
      stage,
      proxies: stage.proxies.slice(0, servers),
      memcached: stage.memcached.slice(0, servers),
      memory: stage.memory.slice(0, servers),
      random: new Random(seed),
      protocol,
      closeClient: () => worker.closeClient(),
      over: () => performance.now() >= end || !worker.running,
    });
  }

  #job({ seed, subject, servers, repair }: Case, stage: Stage, settings: Settings): Job {
    // A run's keys are its own: what another case wrote would be found out as wrong.
    const run = `${(seed >>> 0).toString(36)}-${this.#cases++}`;
    const readable = stage.kind !== 'sasl' && stage.kind !== 'login';
    const audit = readable ? { ports: stage.ports.slice(0, servers), ca: settings.ca } : undefined;
    const seeksOld = repair !== undefined;
    return { run, seed, subject, settings, lanes: this.#options.lanes, audit, seeksOld };
  }

  #stage(kind: StageKind): Promise<Stage> {
    let stage = this.#stages.get(kind);
    if (stage === undefined) {
      stage = Stage.start(kind);
      this.#stages.set(kind, stage);
    }
    return stage;
  }

  async #startWorker(): Promise<WorkerProcess> {
    if (this.#worker?.running !== true) {
      this.#worker = await WorkerProcess.start();
      this.#base = 0;
      this.#cases = 0;
    }
    return this.#worker;
  }

  #checkMemory(result: JobResult): void {
    if (this.#cases <= WARM_UP) {
      this.#base = Math.max(this.#base, result.memory);
    } else if (result.memory > this.#base + GROWTH) {
      result.tally.leaks++;
      result.findings.push(`leaks: ${result.memory} bytes are left, ${this.#base} after the first cases`);
    }
  }

  /** As the servers see it: a client that has left has no connection. */
  async #checkSockets(stage: Stage, result: JobResult): Promise<void> {
    const until = performance.now() + 1000;
    while (stage.open > 0 && performance.now() < until) await sleep(2);
    if (stage.open === 0) return;
    result.tally.leaks += stage.open;
    result.findings.push(
      `leaks: ${stage.open} connections are still open: ${stage.proxies.flatMap(({ states }) => states).join(' | ')}`,
    );
  }
}

function settingsFor({ servers, protocol, failover, connections, repair }: Case, stage: Stage): Settings {
  const addresses = stage.proxies.slice(0, servers).map(({ address }) => address);
  const settings = { protocol, connections, ...TIMES, ...stage.settings, ...(repair === undefined ? {} : { repair }) };
  if (failover !== 'gutter') return { servers: addresses, failover, ...settings };
  const [gutter = '', ...own] = addresses.toReversed();
  return { servers: own.toReversed(), failover: { gutter, expires: GUTTER_EXPIRES }, ...settings };
}

/** A worker that died or hung: of its commands nothing is known but that they did not settle. */
function crashed(settings: Settings, error: unknown): JobResult {
  const tally = newTally();
  tally.uncaught = 1;
  const findings = [`uncaught: ${error instanceof Error ? error.message : error}`];
  return { tally, findings, bound: boundOf(settings), slowest: 0, longestStall: 0, recovery: undefined, memory: 0 };
}
