/**
 * The CPU of a command beside that of an older build: `npm run bench:before -- ../old/dist/index.mjs`. Both builds work in one
 * process, a few hundredths of a second each in turns, since two processes with the same build differ by a tenth and more.
 * Each of many processes gives a ratio, new to old; what counts is their median.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Client as BuiltClient } from '../src/index.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { median } from '../test/support/startup.ts';
import { table } from './table.ts';

const KEYS = Array.from({ length: 256 }, (_, i) => `key:${i}`);
const BATCH = KEYS.slice(0, 100);
const VALUE = Buffer.alloc(100, 'x');
/** Slices of each build in one process, how long each is, and how long the first ones are, in milliseconds. */
const SLICES = 30;
const SLICE = 30;
const WARM_UP = 600;

type Client = InstanceType<typeof BuiltClient>;

const COMMANDS = {
  get: { keys: 1, run: (client: Client, index: number) => client.get(KEYS[index % KEYS.length] as string) },
  set: { keys: 1, run: (client: Client, index: number) => client.set(KEYS[index % KEYS.length] as string, VALUE) },
  getMulti: { keys: BATCH.length, run: (client: Client) => client.getMulti(BATCH) },
} as const;

type Command = keyof typeof COMMANDS;

const PROTOCOLS = ['binary', 'meta', 'classic'] as const;
const WORK: readonly (readonly [Command, number])[] = [
  ['get', 64],
  ['get', 256],
  ['set', 64],
  ['getMulti', 4],
];

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, work: { type: 'boolean' } },
  allowPositionals: true,
});
if (values.work === true) await work(positionals);
else await compare(positionals[0], Number(values.rounds));

async function compare(before: string | undefined, rounds: number): Promise<void> {
  if (before === undefined) throw new Error('Which build? npm run bench:before -- ../old/dist/index.mjs');
  await using memcached = await startMemcached();
  const builds = [before, 'dist/index.mjs'].map((file) => pathToFileURL(file).href);
  const lines: string[][] = [];
  for (const [command, inFlight] of WORK) {
    for (const protocol of PROTOCOLS) {
      const ratios = Array.from({ length: rounds }, () =>
        ratioOf(builds, memcached.address, command, protocol, inFlight),
      );
      ratios.sort((one, other) => one - other);
      const at = (part: number) => (ratios[Math.floor((ratios.length - 1) * part)] as number).toFixed(3);
      lines.push([command, protocol, String(inFlight), at(0.5), `${at(0.25)} to ${at(0.75)}`]);
    }
  }
  console.log(`CPU of a key, new to old, of ${rounds} processes, Node.js ${process.version}\n`);
  console.log(table(['command', 'protocol', 'in flight', 'median', 'half of them'], lines, [...'llrrr']));
}

function ratioOf(builds: string[], address: string, command: Command, protocol: string, inFlight: number): number {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--work', address, command, protocol];
  return Number(execFileSync(process.execPath, [...args, String(inFlight), ...builds], { encoding: 'utf8' }));
}

/** Prints the ratio of the median slices. */
async function work([address = '', command = '', protocol = '', inFlight = '', ...builds]: string[]): Promise<void> {
  const { keys, run } = COMMANDS[command as Command];
  const clients: Client[] = [];
  for (const build of builds) {
    const { Client } = (await import(build)) as { Client: typeof BuiltClient };
    const client = Client.create(address, { protocol: protocol as 'binary', timeout: 20, logger: false });
    await Promise.all(KEYS.map((key) => client.set(key, VALUE)));
    clients.push(client);
  }
  const slice = async (client: Client, milliseconds: number): Promise<number> => {
    const end = performance.now() + milliseconds;
    let count = 0;
    const lane = async (): Promise<void> => {
      for (let index = 0; performance.now() < end; index++, count++) await run(client, index);
    };
    const before = process.cpuUsage();
    await Promise.all(Array.from({ length: Number(inFlight) }, lane));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (count * keys);
  };
  for (const client of clients) await slice(client, WARM_UP);
  const taken = clients.map((): number[] => []);
  for (let round = 0; round < SLICES; round++) {
    // Neither is always the first.
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0])
      taken[index]?.push(await slice(clients[index] as Client, SLICE));
  }
  const [before = 0, now = 0] = taken.map(median);
  console.log(now / before);
  await Promise.all(clients.map((client) => client.quit()));
}
