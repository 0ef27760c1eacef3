import type { Command } from 'commander';
import { MemoryServer, type MemoryServerOptions } from 'memts/memory-server';
import { credentialsOf, type GlobalOptions, ownCertificate } from '../connection.ts';
import { Exit, usageError } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { print, printJson } from '../output.ts';
import { bytes, integer } from '../parsers.ts';

interface ServeOptions extends GlobalOptions {
  host: string;
  port: number;
  path?: string;
  memory: number;
  maxItemSize: number;
}

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
      process.exitCode = await serve(command.optsWithGlobals());
    });
}

async function serve(options: ServeOptions): Promise<number> {
  using interruption = new Interruption();
  const server = await start(options);
  try {
    if (options.json) await printJson({ address: server.address });
    else await print(`listening on ${server.address}`);
    await new Promise<void>((resolve) => {
      if (interruption.requested) resolve();
      else interruption.signal.addEventListener('abort', () => resolve());
    });
    // To be ended is what it waits for.
    return Exit.Ok;
  } finally {
    await server.stop();
  }
}

async function start(options: ServeOptions): Promise<MemoryServer> {
  const { host, port, path, memory, maxItemSize, user, passwordFile, tls } = options;
  const { cert, key } = ownCertificate(options);
  if (tls && cert === undefined) throw usageError('a server needs --tls-cert and --tls-key for --tls');
  // A login that is in the environment alone is for servers elsewhere.
  const guarded = user !== undefined || passwordFile !== undefined;
  const { username, password } = guarded ? credentialsOf(options) : {};
  const chosen: MemoryServerOptions = {
    ...(path === undefined ? { host, port } : { path }),
    memoryLimit: memory,
    maxItemSize,
    ...(username && password ? { users: [{ username, password }] } : {}),
    ...(cert && key ? { tls: { cert, key } } : {}),
  };
  return MemoryServer.start(chosen);
}
