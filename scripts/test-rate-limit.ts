/**
 * Eight processes take from one limit as fast as they can, over each protocol and with each memcached, and every take that
 * was allowed is looked at. Takes the seconds for each, and versions. Exits with 1 where one was allowed that may not be.
 */
import { parseArgs } from 'node:util';
import { Takers, wrongInFixed, wrongInSliding } from '../test/rate-limit/processes/takes.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { MEMCACHEDS } from '../test/support/memcacheds.ts';

const PROCESSES = 8;
const PROTOCOLS = ['meta', 'binary', 'classic'] as const;
const TAKERS = 16;
const POINTS = 1000;
const PER = 2;

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const seconds = Number(values.seconds);

using takers = await Takers.start(PROCESSES);
let failed = false;
for (const { name, program } of MEMCACHEDS) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  if (program === undefined) {
    console.error(`test:rate-limit: memcached ${name} is not at hand: "npm run servers" brings it, or says why not`);
    failed = true;
    continue;
  }
  await using server = await startMemcached({ version: name });
  for (const protocol of PROTOCOLS) {
    // It has an older form of meta, which is not spoken.
    if (protocol === 'meta' && name === '1.6.9') continue;
    const at = { address: server.address, protocol, takers: TAKERS, seconds };
    const fixed = { points: POINTS, per: PER, algorithm: 'fixed' } as const;
    const inFixed = await takers.take({ ...at, limit: fixed, key: 'fixed', pause: 0 });
    report(`${name}, ${protocol}, fixed`, inFixed, wrongInFixed(inFixed, POINTS, PER));
    const sliding = { points: POINTS, per: PER, algorithm: 'sliding' } as const;
    for (const pause of [0, 200]) {
      const taken = await takers.take({ ...at, limit: sliding, key: `sliding ${pause}`, pause });
      const wrong = wrongInSliding(taken, POINTS, PER, PROCESSES * TAKERS);
      report(`${name}, ${protocol}, sliding, ${pause === 0 ? 'no pause' : `pauses of ${pause} ms`}`, taken, wrong);
    }
  }
}
if (failed) process.exitCode = 1;

function report(
  what: string,
  { takes, allowed }: { takes: number; allowed: readonly unknown[] },
  wrong: string[],
): void {
  const rate = Math.round(takes / seconds);
  console.log(`${what}: ${allowed.length} of ${takes} takes allowed, ${rate} a second: ${wrong.length} wrong`);
  for (const line of wrong.slice(0, 5)) console.error(`  ${line}`);
  if (wrong.length > 0) failed = true;
}
