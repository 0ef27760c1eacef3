/**
 * Runs the suites against every memcached, each as a project of vitest. `npm run test:servers -- 1.6.9 '1.6.45*'` runs
 * only those servers, `--only words` only the files with that in their path, `--commands 100000` sends so many random
 * commands to each server, `--write` renews the table in docs/servers.md. Exits with 1 if a version is missing or a
 * test failed.
 */
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { MEMCACHEDS } from '../test/support/memcacheds.ts';
import { type Outcome, renewPage } from './servers-table.ts';

const { values, positionals } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    commands: { type: 'string' },
  },
  allowPositionals: true,
});

process.exitCode = await main();

async function main(): Promise<number> {
  const missing = MEMCACHEDS.filter(({ program }) => program === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    console.error(
      `test:servers: memcached ${missing.join(', ')} missing: "npm run servers" brings it, or says why not`,
    );
    return 1;
  }
  if (values.commands !== undefined) process.env.MEMTS_COMMANDS = values.commands;
  const vitest = await startVitest('test', values.only === undefined ? [] : [values.only], {
    config: 'vitest.servers.config.ts',
    watch: false,
    ...(positionals.length > 0 ? { project: positionals } : {}),
  });
  await vitest.close();
  const all = outcomes(vitest);
  const random = all.reduce((sum, { commands }) => sum + commands, 0);
  console.log(`test:servers: ${random.toLocaleString('en')} random commands in the tests that passed`);
  const failed = all.some(({ state }) => state === 'failed') || vitest.state.getFailedFilepaths().length > 0;
  if (values.write && !failed) renewPage(all);
  return failed ? 1 : 0;
}

function outcomes(vitest: Awaited<ReturnType<typeof startVitest>>): Outcome[] {
  return vitest.state.getTestModules().flatMap((module) =>
    [...module.children.allTests()].map((test) => ({
      server: module.project.name,
      file: module.relativeModuleId,
      name: test.fullName,
      state: test.result().state,
      commands: test.meta().commands ?? 0,
    })),
  );
}
