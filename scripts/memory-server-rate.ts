/**
 * How fast a MemoryServer is against memcached: the same client with 100 B gets and sets, 64 in flight, against both in
 * turn, the MemoryServer in a process of its own. Needs the build: `npm run build && npm run bench:memory-server`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Client as BuiltClient, ServerOptions } from '../src/index.ts';
import type { MemoryServer as BuiltServer } from '../src/memory-server/index.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { median } from '../test/support/startup.ts';
import { table } from './table.ts';

const ROUNDS = 7;
const COMMANDS = 60_000;
const IN_FLIGHT = 64;
const VALUE = Buffer.alloc(100, 'x');
const KEYS = Array.from({ length: 1000 }, (_, i) => `key:${i}`);

/** The build, so that what is measured is what users get. */
async function built<T>(name: string): Promise<T> {
  return (await import(new URL(`../dist/${name}.mjs`, import.meta.url).href)) as T;
}

async function serve(): Promise<void> {
  const { MemoryServer } = await built<{ MemoryServer: typeof BuiltServer }>('memory-server');
  const server = await MemoryServer.start();
  process.send?.(server.address);
}

/** Commands a second. */
async function load(client: BuiltClient, operation: 'get' | 'set', commands: number): Promise<number> {
  let left = commands;
  const start = performance.now();
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const key = KEYS[left % KEYS.length] as string;
      if (operation === 'get') await client.get(key);
      else await client.set(key, VALUE);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (commands / (performance.now() - start)) * 1000;
}

async function compare(
  addresses: readonly string[],
  protocol: NonNullable<ServerOptions['protocol']>,
): Promise<string[][]> {
  const rows: string[][] = [];
  const { Client } = await built<{ Client: typeof BuiltClient }>('index');
  const clients = addresses.map((address) => Client.create(address, { protocol, timeout: 5 }));
  for (const operation of ['set', 'get'] as const) {
    const rates: number[][] = [[], []];
    for (const client of clients) await load(client, operation, COMMANDS / 3);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, client] of clients.entries()) rates[i]?.push(await load(client, operation, COMMANDS));
    }
    const [real, memory] = rates as [number[], number[]];
    const ratio = median(memory.map((rate, i) => rate / (real[i] as number)));
    rows.push([`${protocol} ${operation}`, rounded(real), rounded(memory), ratio.toFixed(2)]);
  }
  for (const client of clients) client.close();
  return rows;
}

function rounded(rates: number[]): string {
  return Math.round(median([...rates])).toLocaleString('en');
}

async function main(): Promise<void> {
  await using memcached = await startMemcached();
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['serve'], { execArgv: process.execArgv });
  const [address] = (await once(child, 'message')) as [string];
  const rows: string[][] = [];
  for (const protocol of ['binary', 'meta', 'classic'] as const) {
    rows.push(...(await compare([memcached.address, address], protocol)));
  }
  console.log(table(['100 B, 64 in flight', 'memcached /s', 'MemoryServer /s', 'ratio'], rows));
  child.kill();
}

if (process.argv[2] === 'serve') await serve();
else await main();
