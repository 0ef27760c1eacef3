import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { table } from '../../scripts/table.ts';
import { memcachedName, requireProgram } from '../support/programs.ts';
import type { SubjectName } from './job.ts';
import type { CaseResult } from './runner.ts';
import { scenarioOf } from './scenarios/index.ts';
import { addTo, newTally, type Tally, ZEROS } from './watch.ts';

export interface FaultRecord {
  seed: number;
  seconds: number;
  lanes: number;
  /** How long the faults of a case lasted, in milliseconds. */
  duration: number;
  results: readonly CaseResult[];
}

export const MEANINGS: Record<(typeof ZEROS)[number], string> = {
  wrong: 'wrong values',
  unsettled: 'unsettled',
  again: 'settled twice',
  late: 'late',
  twice: 'applied twice',
  uncaught: 'uncaught',
  leaks: 'leaks',
  stale: 'stale after recovery',
  notBack: 'not back within 2 s',
};

/** What every case looks for; the cases of `repair` have a page of their own. */
const EVERYWHERE = ZEROS.filter((name) => name !== 'stale');

/** Totals in a few lines. */
export function summary({ seed, seconds, results }: FaultRecord): string {
  return subjectsOf(results)
    .map((subject) => {
      const mine = results.filter((result) => result.subject === subject);
      const sum = sumOf(mine);
      const zeros = EVERYWHERE.map((name) => `${MEANINGS[name]} ${sum[name]}`).join(', ');
      return (
        `${subject}: ${count(sum.commands)} commands in ${mine.length} cases, seed ${seed}, ${seconds.toFixed(0)} s in all\n` +
        `  ${zeros}\n  ${count(sum.errors)} ended with an error, ${sum.excused} were excused by stalls of the process`
      );
    })
    .join('\n');
}

/** Writes `faults.md` and `faults.json`. */
export async function faultReport(record: FaultRecord, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const cases = record.results.map(({ findings, ...rest }) => ({ ...rest, findings: findings.slice(0, 3) }));
  writeFileSync(join(folder, 'faults.json'), `${JSON.stringify({ ...record, machine: machine(), results: cases })}\n`);
  writeFileSync(join(folder, 'faults.md'), faultPage(record));
}

function faultPage(record: FaultRecord): string {
  const { seed, seconds, lanes, results } = record;
  const subjects = subjectsOf(results);
  const sums = new Map(subjects.map((subject) => [subject, sumOf(results.filter((r) => r.subject === subject))]));
  const row = (title: string, get: (sum: Tally) => number): string[] => [
    title,
    ...subjects.map((subject) => count(get(sums.get(subject) as Tally))),
  ];
  const totals = [
    row('commands', ({ commands }) => commands),
    ...EVERYWHERE.map((name) => row(`**${MEANINGS[name]}**`, (sum) => sum[name])),
    ['cases', ...subjects.map((subject) => count(results.filter((r) => r.subject === subject).length))],
    row('ended with an error', ({ errors }) => errors),
    row('past the bound, with the process standing still meanwhile', ({ excused }) => excused),
  ];
  const arguments_ = subjects.map((subject) => ` --subject ${subject}`).join('');
  return `# A full run of the faults

Written by \`npm run test:faults -- --seed ${seed}${arguments_} --write docs/reliability\`, which took
${(seconds / 60).toFixed(1)} minutes. What is counted is explained in [reliability.md](../reliability.md). ${machine()}.
${lanes} commands were in flight at a time.

${table(['', ...subjects], totals)}

${subjects.map((subject) => scenarioTable(subject, results)).join('\n')}`;
}

function scenarioTable(subject: SubjectName, results: readonly CaseResult[]): string {
  const mine = results.filter((result) => result.subject === subject);
  const names = [...new Set(mine.map(({ name }) => name.split('/')[0] as string))];
  const rows = names.map((name) => {
    const own = mine.filter((result) => result.name.startsWith(`${name}/`));
    const sum = sumOf(own);
    const recoveries = own.map(({ recovery }) => recovery ?? Number.POSITIVE_INFINITY);
    const findings = ZEROS.filter((what) => sum[what] > 0).map((what) => `${MEANINGS[what]} ${count(sum[what])}`);
    const share = ((100 * sum.errors) / Math.max(1, sum.commands)).toFixed(1);
    const slowest = Math.max(...own.map((result) => result.slowest / result.bound));
    const back = Math.max(...recoveries);
    return [
      name,
      scenarioOf(name).about,
      String(own.length),
      count(sum.commands),
      share,
      slowest.toFixed(2),
      Number.isFinite(back) ? back.toFixed(0) : 'never',
      findings.join(', ') || '0',
    ];
  });
  return `## ${subject}

Slowest: the longest that a command took, as a part of the bound for a single command. Back: the longest that it took
after the end of the faults until every command worked at every server, in milliseconds.

${table(['scenario', 'what goes wrong', 'cases', 'commands', 'errors, %', 'slowest', 'back', 'found'], rows, [
  'l',
  'l',
  'r',
  'r',
  'r',
  'r',
  'r',
  'l',
])}
`;
}

export function machine(): string {
  const [cpu] = cpus();
  const version = execFileSync(requireProgram(memcachedName()), ['--version'], { encoding: 'utf8' }).trim();
  return `Node.js ${process.version.slice(1)}, ${version}, ${cpus().length} cores of ${cpu?.model.trim() ?? 'unknown'}`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function subjectsOf(results: readonly CaseResult[]): SubjectName[] {
  return [...new Set(results.map(({ subject }) => subject))];
}

function sumOf(results: readonly CaseResult[]): Tally {
  const sum = newTally();
  for (const { tally } of results) addTo(sum, tally);
  return sum;
}
