import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requireProgram } from '../../support/programs.ts';

const DRIVER = fileURLToPath(new URL('./libmemcached.py', import.meta.url));

export interface LibmemcachedServer {
  /** A path for a unix socket. */
  host: string;
  port: number;
  weight: number;
}

interface Keys {
  servers: readonly LibmemcachedServer[];
  keys: readonly string[];
  prefix?: string;
}

/** libmemcached with weighted ketama. */
export const libmemcached = {
  /** For each request the index of the server of each key; no server is asked. */
  map: (requests: readonly Keys[]): Promise<number[][]> => run('map', requests) as Promise<number[][]>,

  /** Stores each key with itself as the value; tells how many were stored. */
  set: async (request: Keys): Promise<unknown> => (await run('set', [request]))[0],

  /** Tells how many keys were found with themselves as the value. */
  get: async (request: Keys): Promise<unknown> => (await run('get', [request]))[0],
};

async function run(command: string, requests: readonly Keys[]): Promise<unknown[]> {
  const input = requests.map(({ servers, keys, prefix }) => ({
    command,
    servers: servers.map(({ host, port, weight }) => [host, port, weight]),
    keys,
    prefix,
  }));
  // Debian's own Python first: another one may be of another architecture than the library.
  const child = spawn(requireProgram('/usr/bin/python3', 'python3'), [DRIVER], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(input));
  const [code, output, errors] = await Promise.all([
    new Promise((resolve, reject) => child.once('close', resolve).once('error', reject)),
    child.stdout.toArray(),
    child.stderr.toArray(),
  ]);
  if (code !== 0) throw new Error(`libmemcached: ${Buffer.concat(errors)}`);
  return JSON.parse(Buffer.concat(output).toString()) as unknown[];
}
