/** A process that gets which clients to put under load, and what the faults are doing meanwhile, by its parent. */
import { type Belongings, belongings, leftBehind, memoryLeft } from './belongings.ts';
import { CaseRun } from './case-run.ts';
import type { FromWorker, Job, JobResult, ToWorker } from './job.ts';
import { RepairRun } from './repair/repair-run.ts';
import { Sampler } from './sampler.ts';
import { watchTimers } from './timers.ts';

const timers = watchTimers();
let runs: (CaseRun | RepairRun)[] = [];
let before: Belongings = {};
let sampler: Sampler | undefined;

function tell(message: FromWorker): void {
  process.send?.(message);
}

for (const event of ['uncaughtException', 'unhandledRejection', 'warning'] as const) {
  process.on(event, (error: Error) => {
    const text = error instanceof Error ? `${error.message} ${error.stack?.split('\n')[1]?.trim()}` : String(error);
    const [run] = runs;
    if (run === undefined) console.error(`${event}: ${text}`);
    else run.watch.found('uncaught', `${event}: ${text}`);
  });
}

async function start(jobs: readonly Job[], samples: boolean): Promise<void> {
  before = belongings(timers);
  for (const job of jobs) runs.push(job.seeksOld ? RepairRun.start(job) : await CaseRun.start(job));
  if (samples) sampler = new Sampler(runs, timers, (sample) => tell({ kind: 'sample', sample }));
  tell({ kind: 'started' });
}

async function finish(at: number): Promise<void> {
  sampler?.stop();
  sampler = undefined;
  const results = await Promise.all(runs.map((run) => run.finish(at)));
  const left = await leftBehind(timers, before);
  const [first] = runs;
  if (left !== '') first?.watch.found('leaks', left);
  runs = [];
  await measure(results);
  tell({ kind: 'results', results });
}

/** In a function of its own: nothing of the runs is held any more. */
async function measure(results: readonly JobResult[]): Promise<void> {
  const memory = await memoryLeft();
  for (const result of results) result.memory = memory;
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'start') start(message.jobs, message.samples).catch(fail);
  else if (message.kind === 'close') for (const { subject } of runs) subject.close();
  else if (message.kind === 'calm') finish(message.at).catch(fail);
  else process.disconnect();
});

/** An error of the harness itself. */
function fail(error: unknown): void {
  console.error(error);
  process.exit(70);
}

tell({ kind: 'ready' });
