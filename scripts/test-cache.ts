/** Four processes use one cache while its servers fail, and every value they get is looked at. Takes the operations and a seed. */
import { runProperty } from '../test/cache/property/run.ts';

const operations = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
/** What the ledger remembers of one round has to fit into memory. */
const ROUND = 200_000;

console.log(`seed ${seed}`);
const total = { operations: 0, values: 0, endings: 0, duplicates: 0, seconds: 0, violations: 0 };
for (let round = 0; total.operations < operations; round++) {
  const outcome = await runProperty(Math.min(ROUND, operations - total.operations), seed + round);
  const { given, faults, failures, violations } = outcome;
  total.operations += outcome.operations;
  total.values += given.read + given.getOrSet + given.joined;
  total.endings += outcome.endings;
  total.duplicates += outcome.duplicates;
  total.seconds += outcome.seconds;
  total.violations += violations.length;
  console.log(
    `round ${round + 1}: ${outcome.operations} operations in ${outcome.seconds.toFixed(0)} s, ${failures} failed, ` +
      `${given.read} values read, ${given.getOrSet} by getOrSet, ${given.joined} joined; ${outcome.endings} endings; ` +
      `${outcome.duplicates} commands sent once more; ${JSON.stringify(faults)}`,
  );
  for (const line of violations.slice(0, 10)) console.error(line);
}
console.log(
  `${total.operations} operations in ${total.seconds.toFixed(0)} s: ${total.values} values given, ${total.endings} sets, ` +
    `deletes, invalidations and clears, ${total.duplicates} commands once more; ${total.violations} values that had been ended`,
);
if (total.violations > 0) process.exitCode = 1;
