import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../../../scripts/table.ts';
import { count, type FaultRecord, machine } from '../report.ts';
import type { CaseResult } from '../runner.ts';
import { REPAIR_SCENARIOS, STAND_INS } from './cases.ts';

/** What a number of cases come to. */
interface Sum {
  commands: number;
  reads: number;
  old: number;
  oldElsewhere: number;
  repaired: number;
  unrepaired: number;
}

/** Totals in a few lines. */
export function repairSummary({ results }: FaultRecord): string {
  return [true, false]
    .map((repair) => {
      const { commands, reads, old, oldElsewhere, repaired, unrepaired } = sumOf(results, repair, '');
      return (
        `${repair ? 'with' : 'without'} repair: ${count(commands)} commands; stale after recovery ${count(old)} and, ` +
        `at the servers themselves, ${count(oldElsewhere)} of ${count(reads)} reads; ` +
        `${count(repaired)} keys repaired, ${count(unrepaired)} given up`
      );
    })
    .join('\n');
}

/** Writes `repair.md`. */
export function repairReport(record: FaultRecord, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'repair.md'), page(record));
}

function page({ seed, seconds, lanes, duration, results }: FaultRecord): string {
  const head = ['', 'commands', 'keys read', 'stale after recovery', 'and at the servers', 'keys repaired', 'given up'];
  const row = (title: string, repair: boolean, part: string): string[] => {
    const { commands, reads, old, oldElsewhere, repaired, unrepaired } = sumOf(results, repair, part);
    return [title, ...[commands, reads, old, oldElsewhere, repaired, unrepaired].map(count)];
  };
  const totals = [row('with `repair`', true, ''), row('without', false, '')];
  const parts = REPAIR_SCENARIOS.flatMap(({ name, about }) =>
    STAND_INS.map((standIn) => {
      const [withIt, without] = [sumOf(results, true, name, standIn), sumOf(results, false, name, standIn)];
      const figures = [withIt.commands, withIt.old + withIt.oldElsewhere, without.commands, without.old];
      return [name, about, standIn, ...[...figures, without.oldElsewhere].map(count)];
    }),
  );
  return `# Old values after faults, with repair and without

Written by \`npm run test:faults -- --only repair --seed ${seed} --duration ${duration} --write docs/reliability\`, which took ${(seconds / 60).toFixed(1)}
minutes. ${machine()}. ${lanes} commands were in flight at a time.

Two clients read, set and delete 400 keys at three servers while faults go on, over each protocol, with the same faults with
the option \`repair\` and without it. When the faults are over and every client has repaired all its keys, all keys are read.
A value is stale when it is older than the last write of its key; sets and deletes that were rejected count as if they had
been acknowledged. The keys are read by each client, and then at each server past the clients, where an old value shows when
failover goes there the next time.

${table(head, totals)}

Of three servers one is the gutter where there is one. What is stale with \`repair\` is that of the clients and at the servers
together.

${table(
  [
    'scenario',
    'what goes wrong',
    'stand-ins',
    'commands with',
    'stale with',
    'without',
    'stale without',
    'at the servers',
  ],
  parts,
  ['l', 'l', 'l', 'r', 'r', 'r', 'r', 'r'],
)}
`;
}

function sumOf(results: readonly CaseResult[], repair: boolean, part: string, standIn = ''): Sum {
  const sum: Sum = { commands: 0, reads: 0, old: 0, oldElsewhere: 0, repaired: 0, unrepaired: 0 };
  for (const { name, tally, staleness } of results) {
    const [, scenario, , stand, how] = name.split('/');
    if ((how === 'with') !== repair || (part !== '' && scenario !== part) || (standIn !== '' && stand !== standIn))
      continue;
    sum.commands += tally.commands;
    for (const figure of ['reads', 'old', 'oldElsewhere', 'repaired', 'unrepaired'] as const) {
      sum[figure] += staleness?.[figure] ?? 0;
    }
  }
  return sum;
}
