import type { Command } from 'commander';

export function addRaw(program: Command): void {
  program
    .command('raw')
    .description('send a line of the text protocol to every server, and print what comes back')
    .argument('<line>', "as in memcached's protocol.txt")
    .option('--data <text>', 'the block of data behind the line of a store')
    .addHelpText(
      'after',
      `
What comes back is printed as it is; in a terminal, control characters are shown as \\x1b.

Examples:
  $ memts raw 'mg user:1 t s l h f c u'
  $ memts raw 'set greeting 0 60 5' --data hello
  $ memts raw 'lru_crawler status' --servers a:11211,b:11211`,
    )
    .action(async (line: string, _: unknown, command: Command) => {
      const { raw } = await import('../actions/raw.ts');
      process.exitCode = await raw(line, command.optsWithGlobals());
    });
}
