import type { Command } from 'commander';

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('tell what items are: server, time to live, size, flags, last use, CAS')
    .argument('<key...>', 'one or more keys')
    .option('--preview', 'also the beginning of the value, decoded, which counts as a read of it')
    .addHelpText(
      'after',
      `
Without --preview the look changes nothing, not the time of the last use either. It needs the meta protocol.

Examples:
  $ memts inspect user:1
  $ memts inspect user:1 user:2 --json`,
    )
    .action(async (keys: string[], _: unknown, command: Command) => {
      const { inspect } = await import('../actions/inspect.ts');
      process.exitCode = await inspect(keys, command.optsWithGlobals());
    });
}
