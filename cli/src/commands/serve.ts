import type { Command } from 'commander';
import { bytes, integer } from '../parsers.ts';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run a memcached in this process, for development and tests')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('-p, --port <number>', 'the port; 0 for any free one', integer(0, 65_535), 11_211)
    .option('--path <socket>', 'a unix socket instead')
    .option('-m, --memory <size>', 'what all items together may take', bytes, 64 * 1024 * 1024)
    .option('-I, --max-item-size <size>', 'what one item may take', bytes, 1024 * 1024)
    .addHelpText(
      'after',
      `
With --user and --password-file it wants a login; with --tls-cert and --tls-key it speaks TLS.
It keeps nothing, and has not been made for production. Ctrl-C ends it.

Examples:
  $ memts serve --port 0
  $ memts serve --memory 256m --user app --password-file secret.txt`,
    )
    .action(async (_: unknown, command: Command) => {
      const { serve } = await import('../actions/serve.ts');
      process.exitCode = await serve(command.optsWithGlobals());
    });
}
