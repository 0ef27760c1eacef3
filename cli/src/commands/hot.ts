import type { Command } from 'commander';
import { integer, seconds } from '../parsers.ts';

export function addHot(program: Command): void {
  program
    .command('hot')
    .description('find the keys that are read and stored most')
    .option('-s, --seconds <number>', 'for how long to look; 30 in a pipe, until q in a terminal', seconds)
    .option('-i, --interval <seconds>', 'how often the screen is drawn', seconds, 1)
    .option('--by <text>', 'prefixes that end so, as ":", instead of keys')
    .option('-n, --limit <number>', 'how many to print at the end', integer(1, 10_000), 20)
    .addHelpText(
      'after',
      `
It counts what the log of the servers says (watch fetchers mutations), which costs them a little. Where a server leaves
lines out, it says how many, and rates are too low by that share. Ctrl-C ends it earlier, with what has been seen.
In a terminal: q quits, ? explains, p pauses, ← and → choose the column to sort by, r reverses, b changes between keys
and prefixes. In a pipe: one table at the end; with --json an object for each key, and one for the whole.

Examples:
  $ memts hot
  $ memts hot --seconds 10 --by : --json`,
    )
    .action(async (_: unknown, command: Command) => {
      const { hot } = await import('../actions/hot.ts');
      process.exitCode = await hot(command.optsWithGlobals());
    });
}
