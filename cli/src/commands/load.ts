import type { Command } from 'commander';

export function addLoad(program: Command): void {
  program
    .command('load')
    .description('store the items of a dump')
    .argument('<file>', 'the file; - for standard input')
    .option('--no-clobber', 'leave items alone that are there already')
    .option('--keep-ttl', 'let items live as long as they had left at the dump, however long ago that was')
    .option('--restart', 'forget a load that was interrupted, and begin again')
    .addHelpText(
      'after',
      `
Items expire when they would have where they came from; one that has expired since is skipped.
A load that was interrupted is taken up again by the same command, from FILE.progress.

Examples:
  $ memts load cache.jsonl --servers new:11211
  $ zcat cache.jsonl.gz | memts load - --no-clobber`,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const { load } = await import('../actions/load.ts');
      process.exitCode = await load(file, command.optsWithGlobals());
    });
}
