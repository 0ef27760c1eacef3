import type { Command } from 'commander';
import type { ServerStatus } from 'memts';
import { refused } from '../confirm.ts';
import {
  type GlobalOptions,
  openClient,
  openTargets,
  stateOf,
  type Target,
  withClient,
  withTargets,
} from '../connection.ts';
import { describe, worstOf } from '../exit.ts';
import { turnedTable } from '../fit.ts';
import { complain, print, printJson } from '../output.ts';
import { integer, seconds } from '../parsers.ts';
import { type PingOptions, pingOften } from '../ping.ts';

interface FlushOptions extends GlobalOptions {
  yes?: true;
}

/** The commands for whole servers: ping, version, flush. */
export function addServerCommands(program: Command): void {
  program
    .command('ping')
    .description('check that every server is up, and measure how long a response takes')
    .option('-c, --count <number>', 'ask so often, and tell how the times are spread', integer(1, 1_000_000))
    .option('-i, --interval <seconds>', 'the pause between two', seconds, 0.05)
    .addHelpText(
      'after',
      '\nExamples:\n  $ memts ping --servers a:11211,b:11211\n  $ memts ping --count 1000 --interval 0.01',
    )
    .action(async (_: unknown, command: Command) => {
      const options: PingOptions = command.optsWithGlobals();
      process.exitCode = await (options.count === undefined ? ping(options, true) : pingOften(options));
    });
  program
    .command('version')
    .description('print the version of every server')
    .addHelpText('after', '\nExample:\n  $ memts version --json')
    .action(async (_: unknown, command: Command) => {
      process.exitCode = await ping(command.optsWithGlobals(), false);
    });
  program
    .command('flush')
    .description('empty every server, once you have confirmed it')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  $ memts flush --servers staging:11211 --yes')
    .action(async (_: unknown, command: Command) => {
      process.exitCode = await flush(command.optsWithGlobals());
    });
}

/** In place of what is not known of a server. */
const NONE = '–';

interface Pong {
  server: string;
  /** As the client's `status()` has it. */
  state: ServerStatus['state'];
  version?: string;
  milliseconds?: number;
  error?: unknown;
}

async function ping(options: GlobalOptions, timed: boolean): Promise<number> {
  const pongs = await withTargets(openTargets(options), (targets) => Promise.all(targets.map(pingOne)));
  if (options.json) {
    for (const { server, state, version, milliseconds, error } of pongs) {
      const reason = error === undefined ? undefined : describe(error);
      await printJson({
        server,
        ...(timed ? { state } : {}),
        version,
        ...(timed ? { milliseconds } : {}),
        error: reason,
      });
    }
  } else {
    const timing = [{ title: 'STATE' }, { title: 'VERSION' }, { title: 'TIME', right: true }];
    const rows = pongs.map(({ server, state, version = NONE, milliseconds }) => {
      const time = milliseconds === undefined ? NONE : `${milliseconds.toFixed(2)} ms`;
      return timed ? [server, state, version, time] : [server, version];
    });
    await print(turnedTable([{ title: 'SERVER' }, ...(timed ? timing : [{ title: 'VERSION' }])], rows));
  }
  const errors = pongs.map(({ error }) => error).filter((error) => error !== undefined);
  for (const error of errors) complain(describe(error));
  return worstOf(errors);
}

/** The time of a response over an open connection. */
async function pingOne(target: Target): Promise<Pong> {
  const { client, name } = target;
  try {
    await client.version();
    const start = performance.now();
    const [version = ''] = Object.values(await client.version());
    const milliseconds = Math.round((performance.now() - start) * 1000) / 1000;
    return { server: name, state: stateOf(target), version, milliseconds };
  } catch (error) {
    return { server: name, state: stateOf(target), error };
  }
}

async function flush(options: FlushOptions): Promise<number> {
  return withClient(openClient(options), async (client) => {
    const names = client.servers.map(({ name }) => name);
    const question = `Delete everything on ${names.join(', ')}?`;
    const exitCode = options.yes ? undefined : await refused(question, 'nothing was flushed');
    if (exitCode !== undefined) return exitCode;
    const results = await client.flush();
    for (const [server, result] of Object.entries(results)) await printFlushed(server, result, options);
    return worstOf(Object.values(results).filter((result) => result !== true));
  });
}

async function printFlushed(server: string, result: true | Error, { json }: FlushOptions): Promise<void> {
  const error = result === true ? undefined : describe(result);
  if (json) await printJson({ server, flushed: result === true, error });
  else if (result === true) await print(`${server}: flushed`);
  if (error !== undefined) complain(error);
}
