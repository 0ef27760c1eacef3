import { Argument, type Command } from 'commander';
import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { describe, worstOf } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { colors, complain, print, printJson, shown } from '../output.ts';
import { pattern } from '../parsers.ts';
import { logOf } from '../watch/log.ts';

const STREAMS = ['fetchers', 'mutations', 'evictions', 'connevents', 'deletions', 'sysevents', 'rawcmds'] as const;
const READS_AND_WRITES = ['fetchers', 'mutations'];

interface WatchOptions extends GlobalOptions {
  match?: RegExp;
}

export function addWatch(program: Command): void {
  program
    .command('watch')
    .description('follow the log of the servers: what is read, stored, evicted')
    .addArgument(new Argument('[stream...]', 'of which events').choices(STREAMS).default([...READS_AND_WRITES]))
    .option('-m, --match <regexp>', 'lines that a regular expression matches', pattern)
    .addHelpText(
      'after',
      `
A busy server leaves lines out, and says how many. Ctrl-C ends it.

Examples:
  $ memts watch
  $ memts watch evictions --match 'key=session'`,
    )
    .action(async (streams: string[], _: unknown, command: Command) => {
      const options: WatchOptions = command.optsWithGlobals();
      process.exitCode = await withTargets(openTargets(options), (targets) => watch(targets, streams, options));
    });
}

/** Follows the logs of all servers; what can't be followed is complained about. */
async function follow(
  targets: Target[],
  streams: string[],
  options: GlobalOptions,
  interruption: Interruption,
  use: (line: string, target: Target) => Promise<void> | undefined,
): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(
    targets.map(async (target) => {
      for await (const lines of logOf(target, timeoutOf(options), streams, interruption)) {
        for (const line of lines) await use(line.replace(/\r$/, ''), target);
      }
    }),
  );
  const errors = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
  for (const error of errors) complain(describe(error));
  return errors;
}

async function watch(targets: Target[], streams: string[], options: WatchOptions): Promise<number> {
  using interruption = new Interruption();
  const errors = await follow(targets, streams, options, interruption, (line, { name }) => {
    if (options.match !== undefined && !options.match.test(line)) return undefined;
    if (options.json) return printJson({ server: name, line });
    return print(targets.length > 1 ? `${colors.bold(name)} ${shown(line)}` : shown(line));
  });
  return Math.max(worstOf(errors), interruption.exitCode);
}
