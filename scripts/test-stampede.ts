/**
 * Runs the stampede tests with many more rounds of writes, against every memcached. `npm run test:stampede -- 1.6.45
 * --rounds 100000` runs only that one, with so many rounds over each protocol. Exits with 1 if a version is missing or a
 * test failed.
 */
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { MEMCACHEDS } from '../test/support/memcacheds.ts';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '100000' } },
  allowPositionals: true,
});

process.exitCode = await main(positionals.length > 0 ? positionals : MEMCACHEDS.map(({ name }) => name));

async function main(names: readonly string[]): Promise<number> {
  let failed = false;
  for (const name of names) {
    if (MEMCACHEDS.find((memcached) => memcached.name === name)?.program === undefined) {
      console.error(`test:stampede: memcached ${name} is not at hand: "npm run servers" brings it, or says why not`);
      return 1;
    }
    console.log(`test:stampede: memcached ${name}, ${values.rounds} rounds over each protocol`);
    failed = !(await run(name)) || failed;
  }
  return failed ? 1 : 0;
}

async function run(name: string): Promise<boolean> {
  const vitest = await startVitest('test', ['test/conformance/stampede'], {
    project: ['timed'],
    watch: false,
    env: { MEMTS_SUBJECT: name, MEMTS_ROUNDS: values.rounds },
  });
  await vitest.close();
  return vitest.state.getCountOfFailedTests() === 0 && vitest.state.getUnhandledErrors().length === 0;
}
