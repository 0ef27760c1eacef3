import type { Command } from 'commander';

export function addDump(program: Command): void {
  program
    .command('dump')
    .description('write all items of the servers to a file, as JSON lines')
    .argument('<file>', 'the file; - for standard output')
    .option('--restart', 'forget a dump that was interrupted, and begin again')
    .addHelpText(
      'after',
      `
Each line is an item: {"key","value","flags","ttl","expires"}; bytes that are no text are in "keyBase64" and "base64".
"ttl" is how many seconds it had left (null: for ever), "expires" when that is, as a Unix time.
A dump that was interrupted is taken up again by the same command; FILE is there once it is whole.

Examples:
  $ memts dump cache.jsonl --servers old:11211
  $ memts dump - | gzip > cache.jsonl.gz`,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const { dump } = await import('../actions/dump.ts');
      process.exitCode = await dump(file, command.optsWithGlobals());
    });
}
