import { Argument, type Command } from 'commander';
import { pattern } from '../parsers.ts';

const STREAMS = ['fetchers', 'mutations', 'evictions', 'connevents', 'deletions', 'sysevents', 'rawcmds'] as const;
const READS_AND_WRITES = ['fetchers', 'mutations'];

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
      const { watch } = await import('../actions/watch.ts');
      process.exitCode = await watch(streams, command.optsWithGlobals());
    });
}
