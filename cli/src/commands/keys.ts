import { type Command, Option } from 'commander';
import { bytes, duration, integer, pattern } from '../parsers.ts';

export function addKeys(program: Command): void {
  program
    .command('keys')
    .description('list the keys that the servers hold (lru_crawler metadump)')
    .option('-p, --prefix <text>', 'keys that begin with this')
    .option('-m, --match <regexp>', 'keys that a regular expression matches', pattern)
    .option('--larger <size>', 'items over this size: bytes, or 10k, 1m', bytes)
    .option('--smaller <size>', 'items under this size', bytes)
    .option('--idle <time>', 'items that nobody has asked for in this time: seconds, or 10m, 2h', duration)
    .option('--expires-within <time>', 'items with no more than this to live', duration)
    .option('--immortal', 'items that never expire')
    .option('--unread', 'items that have not been read since they were stored')
    .option('--class <number>', 'items of a slab class', integer(1, 255))
    .option('-n, --limit <number>', 'no more than so many keys', integer(1))
    .option('-l, --long', 'with time to live, time since the last use, size and class')
    .option('-c, --count', 'print how many there are, not which')
    .option('-s, --summary', 'count and bytes by the beginnings of keys, instead of keys')
    .option('--by <text>', 'with --summary: what ends the beginning', ':')
    .addOption(
      new Option('--sort <field>', 'the largest first, or what expires first').choices(['size', 'ttl', 'idle']),
    )
    .option('--delete', 'delete what was found, once you have confirmed it')
    .option('-y, --yes', 'with --delete: do not ask')
    .option('-0, --null', 'end each key with a NUL, for xargs -0: keys may hold spaces and quotes')
    .addHelpText(
      'after',
      `
The listing is the server's own and takes it some work: on a large cache, run it where that matters little.

Examples:
  $ memts keys --prefix user: --long
  $ memts keys --idle 1d --larger 100k --json
  $ memts keys --summary
  $ memts keys --sort size --limit 20 --long
  $ memts keys --prefix tmp: --idle 7d --delete
  $ memts keys --match '^tmp:' --null | xargs -0 -r memts delete --`,
    )
    .action(async (_: unknown, command: Command) => {
      const { keys } = await import('../actions/keys.ts');
      process.exitCode = await keys(command.optsWithGlobals());
    });
}
