/** Two processes store large values under one key, and are killed, while a third reads them. Takes a factor of how long, and a seed. */
import { runWriters } from '../test/cache/parts/run.ts';

const factor = Number(process.argv[2] ?? 1);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);

console.log(`seed ${seed}`);
for (const run of [
  { bytes: 5_000_000, hits: 1000 * factor, kills: 100 * factor, memory: 1024 },
  { bytes: 5_000_000, hits: 1000 * factor, kills: 50 * factor, memory: 1024, restartEvery: 2000 },
  { bytes: 50_000_000, hits: 100 * factor, kills: 30 * factor, memory: 2048 },
  { bytes: 50_000_000, hits: 50 * factor, kills: 10 * factor, memory: 2048, restartEvery: 5000 },
]) {
  const began = performance.now();
  const outcome = await runWriters({ ...run, seed });
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${run.bytes / 1e6} MB in ${seconds} s: ${JSON.stringify(outcome)}`);
  if (outcome.mixed > 0) process.exitCode = 1;
}
