/**
 * Sends random commands to memcached 1.6.45 and to MemoryServer and compares every reply.
 *
 *     tsx scripts/differential.ts [commands] [seed]
 *
 * At least 100,000 commands by default. A difference ends it with the commands that led there.
 */
import fc from 'fast-check';
import { Differential } from '../test/conformance/differential.ts';
import { expiringSequences, sequences } from '../test/conformance/sequences.ts';

const wanted = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);

/** Commands between two waits for expirations. */
const ROUND = 25_000;

console.log(`seed ${seed}`);
await using differential = await Differential.start();
const { tally } = differential;
const started = performance.now();
for (let round = 0; tally.commands < wanted; round++) {
  const target = Math.min(wanted, tally.commands + ROUND);
  for (let run = 0; tally.commands < target; run++) {
    await fc.assert(
      fc.asyncProperty(sequences(60), (sequence) => differential.compare(sequence)),
      { numRuns: 100, seed: seed + round * 1_000_003 + run },
    );
  }
  const [plan] = fc.sample(expiringSequences(500), { numRuns: 1, seed: seed + round });
  if (plan !== undefined) await differential.compareAfter(plan.first, 1_100 + 1_000 * (round % 2), plan.second);
  console.log(`${tally.commands} commands in ${tally.sequences} sequences: no difference`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${tally.commands} commands, 0 differences, ${tally.repeated} runs repeated, ${seconds} s`);
