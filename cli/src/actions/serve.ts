import { MemoryServer, type MemoryServerOptions } from 'memts/memory-server';
import { credentialsOf, type GlobalOptions, ownCertificate } from '../connection.ts';
import { Exit, usageError } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { print, printJson } from '../output.ts';

interface ServeOptions extends GlobalOptions {
  host: string;
  port: number;
  path?: string;
  memory: number;
  maxItemSize: number;
}

export async function serve(options: ServeOptions): Promise<number> {
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
  const { cert, key } = await ownCertificate(options);
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
