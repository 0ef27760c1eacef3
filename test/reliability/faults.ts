/** `npm run test:faults`: all cases, or those that are asked for, and their record. */
import { parseArgs } from 'node:util';
import { SUBJECTS, type SubjectName } from './job.ts';
import { type Case, casesOf } from './matrix.ts';
import { repairCasesOf } from './repair/cases.ts';
import { repairReport, repairSummary } from './repair/report.ts';
import { type FaultRecord, faultReport, summary } from './report.ts';
import { type CaseResult, Runner, type RunnerOptions } from './runner.ts';
import { isClean } from './watch.ts';

const HELP = `npm run test:faults -- [options]

  --seed N          the seed of everything; a random one if left out
  --scenario NAME   only this scenario, or this case: black-hole, black-hole/meta/3/failover/4
  --only PART       faults: all commands under all faults; repair: old values, with repair and without. Default: both
  --subject NAME    ${SUBJECTS.join(', ')}; may be given several times. Default: memts
  --duration MS     how long the faults of a case last. Default: 1100
  --lanes N         commands in flight. Default: 256
  --write FOLDER    write the record there: faults.md and faults.json
`;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      scenario: { type: 'string' },
      only: { type: 'string' },
      subject: { type: 'string', multiple: true },
      duration: { type: 'string', default: '1100' },
      lanes: { type: 'string', default: '256' },
      write: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const subjects = (values.subject ?? ['memts']) as SubjectName[];
  const given = { only: values.scenario, seed };
  const faults = values.only === 'repair' ? [] : subjects.flatMap((subject) => casesOf({ ...given, subject }));
  const repairs = values.only === 'faults' || !subjects.includes('memts') ? [] : repairCasesOf(given);
  if (faults.length + repairs.length === 0) throw new Error(`No case is called ${values.scenario}`);
  console.log(`seed ${seed}: ${faults.length + repairs.length} cases`);
  const limits = { duration: Number(values.duration), lanes: Number(values.lanes) };
  if (faults.length > 0) {
    const record = await recordOf(faults, seed, limits);
    console.log(summary(record));
    if (values.write !== undefined) await faultReport(record, values.write);
  }
  if (repairs.length > 0) {
    const record = await recordOf(repairs, seed, limits);
    console.log(repairSummary(record));
    if (values.write !== undefined) repairReport(record, values.write);
  }
}

async function recordOf(cases: readonly Case[], seed: number, limits: RunnerOptions): Promise<FaultRecord> {
  const started = performance.now();
  const results = await runAll(cases, limits);
  const ours = results.filter(({ subject }) => subject === 'memts');
  if (!ours.every(({ tally }) => isClean(tally))) process.exitCode = 1;
  return { seed, seconds: (performance.now() - started) / 1000, ...limits, results };
}

async function runAll(cases: readonly Case[], limits: RunnerOptions): Promise<CaseResult[]> {
  await using runner = new Runner(limits);
  const results: CaseResult[] = [];
  for (const chosen of cases) {
    const result = await runner.run(chosen);
    results.push(result);
    print(result);
  }
  return results;
}

function print({
  name,
  subject,
  tally,
  took,
  slowest,
  bound,
  recovery,
  findings,
  memory,
  staleness,
}: CaseResult): void {
  const head = subject === 'memts' ? name : `${subject} ${name}`;
  const back = recovery === undefined ? 'never back' : `back after ${recovery.toFixed(0)} ms`;
  const rate = Math.round((tally.commands / took) * 1000).toLocaleString('en-US');
  console.log(
    `${isClean(tally) ? 'ok  ' : 'FAIL'} ${head}: ${tally.commands.toLocaleString('en-US')} commands (${rate}/s), ` +
      `${tally.errors} errors, slowest ${slowest.toFixed(0)} of ${bound} ms, ${tally.excused} excused, ${back}, ` +
      `${(memory / 2 ** 20).toFixed(1)} MB`,
  );
  if (staleness !== undefined) {
    const { reads, old, oldElsewhere, repaired, unrepaired } = staleness;
    console.log(
      `       ${old} stale after recovery and ${oldElsewhere} at the servers themselves, of ${reads} reads; ` +
        `${repaired} keys repaired, ${unrepaired} given up`,
    );
  }
  for (const finding of findings.slice(0, 5)) console.log(`       ${finding.slice(0, 400)}`);
}
