import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../support/leftovers.ts';
import { workerBundle } from './bundle.ts';
import type { FromWorker, Job, JobResult, Sample, ToWorker } from './job.ts';

/** Programs that a peer calls and that a machine may not have. */
const STAND_INS = fileURLToPath(new URL('./stand-ins', import.meta.url));

/** A worker and its watchdog: it is killed when it does not say what is waited for. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  #exited: string | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    killAtExit(child);
    child.once('exit', (code, signal) => {
      this.#exited = `the process ended with ${signal ?? code}`;
    });
  }

  static async start(): Promise<WorkerProcess> {
    const execArgv = ['--expose-gc'];
    const env = { ...process.env, MEMTS_STAND_INS: STAND_INS };
    const worker = new WorkerProcess(
      fork(await workerBundle(), { execArgv, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
    await worker.#until('ready', 30_000);
    return worker;
  }

  get running(): boolean {
    return this.#exited === undefined;
  }

  /** Starts the load; with `onSample`, it gets every second how the worker is. */
  async begin(jobs: Job[], onSample?: (sample: Sample) => void): Promise<void> {
    if (onSample !== undefined) {
      this.#child.on('message', (message: FromWorker) => {
        if (message.kind === 'sample') onSample(message.sample);
      });
    }
    this.#tell({ kind: 'start', jobs, samples: onSample !== undefined });
    await this.#until('started', 10_000);
  }

  closeClient(): void {
    this.#tell({ kind: 'close' });
  }

  /** The faults ended at that time. */
  async finish(at: number, patience: number): Promise<JobResult[]> {
    this.#tell({ kind: 'calm', at });
    const message = await this.#until('results', patience);
    if (message.kind !== 'results') throw new Error(`unexpected message ${message.kind}`);
    return message.results;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const exit = once(this.#child, 'exit');
    this.#tell({ kind: 'end' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    await exit;
    clearTimeout(timer);
  }

  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** A worker that says nothing hangs: it is ended, and that is the error. */
  #until(kind: FromWorker['kind'], patience: number): Promise<FromWorker> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        finish(new Error(`nothing heard for ${patience} ms`));
      }, patience);
      const onMessage = (message: FromWorker): void => {
        if (message.kind === kind) finish(undefined, message);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        finish(new Error(`the process ended with ${signal ?? code}`));
      };
      const finish = (error?: Error, message?: FromWorker): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        if (message === undefined) reject(error);
        else resolve(message);
      };
      child.on('message', onMessage).on('exit', onExit);
      if (this.#exited !== undefined) finish(new Error(this.#exited));
    });
  }
}
