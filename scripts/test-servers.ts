/**
 * Runs the suites against every memcached, each as a project of vitest. `npm run test:servers -- 1.6.9 '1.6.45*'` runs
 * only those servers, `--only words` only the files with that in their path, `--commands 100000` sends so many random
 * commands to each server, `--write` renews the table in docs/servers.md. Exits with 1 if a version is missing or a
 * test failed; what failed is run once more when nothing runs beside it, but for random commands, which would be others.
 */
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { MEMCACHEDS } from '../test/support/memcacheds.ts';
import { type Outcome, renewPage } from './servers-table.ts';

interface Module {
  /** The project, which is the server's name. */
  server: string;
  file: string;
}

/** What stands in a file's place for an error that no test caught. */
const NO_TEST = 'an error outside the tests';

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
  const first = await run(positionals, values.only);
  let { outcomes } = first;
  const failed: Module[] = [];
  for (const module of first.failed) {
    console.log(`test:servers: failed: ${module.server}, ${module.file}`);
    const again = isRandom(module) ? { outcomes: [], failed: [module] } : await run([module.server], module.file);
    failed.push(...again.failed);
    outcomes = [
      ...outcomes.filter(({ server, file }) => server !== module.server || file !== module.file),
      ...again.outcomes,
    ];
  }
  const random = outcomes.reduce((sum, { commands }) => sum + commands, 0);
  console.log(`test:servers: ${random.toLocaleString('en')} random commands in the tests that passed`);
  for (const { server, file } of failed) console.log(`test:servers: failed for good: ${server}, ${file}`);
  if (values.write && failed.length === 0) renewPage(outcomes);
  return failed.length > 0 ? 1 : 0;
}

/** Other commands would not show what failed, and what no test caught can't be run again. */
function isRandom({ file }: Module): boolean {
  return file.startsWith('test/security/') || file === NO_TEST;
}

async function run(servers: string[], only: string | undefined): Promise<{ outcomes: Outcome[]; failed: Module[] }> {
  const vitest = await startVitest('test', only === undefined ? [] : [only], {
    config: 'vitest.servers.config.ts',
    watch: false,
    ...(servers.length > 0 ? { project: servers } : {}),
  });
  await vitest.close();
  const unhandled = vitest.state.getUnhandledErrors().length;
  const modules = vitest.state.getTestModules();
  const named = (module: (typeof modules)[number]) => ({ server: module.project.name, file: module.relativeModuleId });
  return {
    failed: [
      ...modules.filter((module) => module.state() === 'failed').map(named),
      ...(unhandled > 0 ? [{ server: servers.join() || 'all', file: NO_TEST }] : []),
    ],
    outcomes: modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        ...named(module),
        name: test.fullName,
        state: test.result().state,
        commands: test.meta().commands ?? 0,
      })),
    ),
  };
}
