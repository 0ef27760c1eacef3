import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './leftovers.ts';
import { freePort } from './ports.ts';
import { requireProgram } from './programs.ts';
import { ServerProcess } from './server-process.ts';

export interface TwemproxyOptions {
  /** `host:port`, `host:port:weight` or `host:port:weight name`; a name takes the address's place in ketama. */
  servers: readonly string[];
  /** @default 'ketama' */
  distribution?: 'ketama' | 'modula' | 'random' | undefined;
  /** @default 'md5' */
  hash?: string | undefined;
  /** More settings of the pool, as `{ timeout: 400, server_connections: 2 }`. */
  settings?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** @default a free one */
  port?: number | undefined;
}

/** Starts twemproxy (nutcracker) on 127.0.0.1 in front of those servers; ready when this resolves. */
export async function startTwemproxy(options: TwemproxyOptions): Promise<ServerProcess> {
  const program = requireProgram('nutcracker', 'twemproxy');
  const folder = makeFolder();
  const port = options.port ?? (await freePort());
  const config = join(folder, 'nutcracker.yml');
  writeFileSync(config, poolConfig(port, options));
  // All of these have defaults that only a service may use, or that a second proxy would find taken.
  const statistics = ['-a', '127.0.0.1', '-s', String(await freePort())];
  const files = ['-c', config, '-o', join(folder, 'server.log'), '-p', join(folder, 'pid')];
  return ServerProcess.start({ program, args: [...files, ...statistics], folder, host: '127.0.0.1', port });
}

function poolConfig(port: number, options: TwemproxyOptions): string {
  const { servers, distribution = 'ketama', hash = 'md5', settings = {} } = options;
  const pool = { listen: `127.0.0.1:${port}`, distribution, hash, ...settings };
  return [
    'memts:',
    ...Object.entries(pool).map(([name, value]) => `  ${name}: ${value}`),
    '  servers:',
    ...servers.map((server) => `    - ${withWeight(server)}`),
    '',
  ].join('\n');
}

function withWeight(server: string): string {
  return /^\S+:\d+:\d+/.test(server) ? server : server.replace(/^(\S+:\d+)/, '$1:1');
}
