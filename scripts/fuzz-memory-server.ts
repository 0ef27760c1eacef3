/**
 * Feeds mutated inputs to the inside of MemoryServer: none may throw, or make it grow past its bounds.
 *
 *     tsx scripts/fuzz-memory-server.ts [inputs] [seed]
 *
 * At least 100,000 inputs unless told otherwise.
 */
import fc from 'fast-check';
import { FuzzTarget, inputs } from '../test/support/memory-server-fuzz.ts';

const count = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);

/** More memory than this after all inputs would be a leak: the items alone may take 200 kB. */
const MOST_GROWTH = 150 * 1024 * 1024;

console.log(`seed ${seed}`);
const target = new FuzzTarget();
const before = process.memoryUsage().rss;
const started = performance.now();
fc.assert(
  fc.property(inputs, (input) => target.feed(input)),
  { numRuns: count, seed },
);
const growth = process.memoryUsage().rss - before;
if (growth > MOST_GROWTH) throw new Error(`The process grew by ${growth} bytes`);
const { total_items, cmd_get, cmd_set } = target.store.counters;
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `${count} inputs, ${cmd_get} gets, ${cmd_set} sets, ${total_items} items stored; grew by ${growth >> 20} MB, ${seconds} s`,
);
