import type { Command } from 'commander';
import { integer, seconds } from '../parsers.ts';

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
      const { ping } = await import('../actions/servers.ts');
      process.exitCode = await ping(command.optsWithGlobals());
    });
  program
    .command('version')
    .description('print the version of every server')
    .addHelpText('after', '\nExample:\n  $ memts version --json')
    .action(async (_: unknown, command: Command) => {
      const { version } = await import('../actions/servers.ts');
      process.exitCode = await version(command.optsWithGlobals());
    });
  program
    .command('flush')
    .description('empty every server, once you have confirmed it')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  $ memts flush --servers staging:11211 --yes')
    .action(async (_: unknown, command: Command) => {
      const { flush } = await import('../actions/servers.ts');
      process.exitCode = await flush(command.optsWithGlobals());
    });
}
