import type { Command } from 'commander';
import { integer, seconds } from '../parsers.ts';

export function addTop(program: Command): void {
  program
    .command('top')
    .description('watch the servers: hits, misses, rates, memory, evictions, connections')
    .option('-i, --interval <seconds>', 'how often to look', seconds, 1)
    .option('-c, --count <number>', 'end after so many looks', integer(1))
    .addHelpText(
      'after',
      `
In a terminal: q quits, ? explains, p pauses, ← and → choose the column to sort by, r reverses, ↑ and ↓ choose a server,
enter shows it alone.
In a pipe: a line for each server at each look; with --json an object.

Examples:
  $ memts top --servers a:11211,b:11211,c:11211
  $ memts top --interval 10 --count 6 --json > minute.jsonl`,
    )
    .action(async (_: unknown, command: Command) => {
      const { top } = await import('../actions/top.ts');
      process.exitCode = await top(command.optsWithGlobals());
    });
}
