import { Argument, type Command, Option } from 'commander';
import { seconds } from '../parsers.ts';

const GROUPS = ['settings', 'items', 'slabs', 'sizes', 'conns'] as const;
export function addStats(program: Command): void {
  program
    .command('stats')
    .description('print the statistics of every server')
    .addArgument(new Argument('[group]', 'a group of them instead of the general ones').choices(GROUPS))
    .option('--raw', 'names and numbers as the server has them')
    .addOption(
      new Option('--diff <seconds>', 'look twice, and print what changed, per second')
        .argParser(seconds)
        .conflicts(['raw', 'reset']),
    )
    .option('--reset', 'then set the counters of every server to 0')
    .addHelpText(
      'after',
      `
Servers stand beside each other; slab classes, items and connections have a row each.
JSON has numbers as numbers; those past 2^53 - 1, which programs round, are strings.

Examples:
  $ memts stats --servers a:11211,b:11211
  $ memts stats --diff 10
  $ memts stats slabs --servers a:11211
  $ memts stats --json | jq .stats.get_hits`,
    )
    .action(async (group: string | undefined, _: unknown, command: Command) => {
      const { stats } = await import('../actions/stats.ts');
      process.exitCode = await stats(group, command.optsWithGlobals());
    });
}
