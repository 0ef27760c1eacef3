/**
 * What it costs a program to load memts and its peers, and to run commands of the command line: processor time of a fresh
 * process, all its threads. They take turns. `npm run bench:startup` builds and runs it; `-- --times N` says how often.
 */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../test/support/built.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { median, type Program, Startup, timesOfPrograms, type Way } from '../test/support/startup.ts';
import { table } from './table.ts';

const { values } = parseArgs({ options: { times: { type: 'string', default: '41' } } });
const times = Number(values.times);
if (!(Number.isInteger(times) && times > 0)) throw new Error('--times takes a number from 1 on');

const PEERS = ['memjs', 'memcached', 'ioredis'];
const require = createRequire(join(ROOT, 'bench/package.json'));
const places = PEERS.map((name) => [name, folderOf(name)] as const);
const startup = new Startup({ memts: ROOT, ...Object.fromEntries(places) });

function folderOf(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

console.log(`Node.js ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores, medians of ${times}\n`);
const found = new Map<Way, Map<string, number>>();
for (const way of ['import', 'require'] as const)
  found.set(way, await startup.medians(['memts', ...PEERS], way, times));
const rows = ['memts', ...PEERS].map((name) => {
  const cells = [...found.values()].flatMap((all) => {
    const [own = 0, memjs = 0] = [all.get(name), all.get('memjs')];
    return [own.toFixed(1), (own / memjs).toFixed(2)];
  });
  return [name, ...cells];
});
console.log(table(['client', 'import, ms', '× MemJS', 'require, ms', '× MemJS'], rows));
startup.remove();

await using server = await startMemcached();
const MAIN = join(ROOT, 'cli/dist/main.mjs');
const COMMANDS = [
  ['--version'],
  ['--help'],
  ['get', 'a'],
  ['set', 'a', 'b'],
  ['stats'],
  ['keys'],
  ['completion', 'bash'],
];
const programs: Program[] = [
  { name: 'bare Node.js', args: ['-e', '0'] },
  ...COMMANDS.map((words) => {
    const name = `memts ${words.join(' ')}`;
    return { name, args: [MAIN, ...words, '--servers', server.address], codes: [0, 1] };
  }),
];
const taken = await timesOfPrograms(programs, times);
const bare = median(taken.get('bare Node.js') ?? []);
console.log();
console.log(
  table(
    ['command line', 'from start to end, ms', '× bare'],
    programs.map(({ name }) => {
      const own = median(taken.get(name) ?? []);
      return [name, own.toFixed(1), (own / bare).toFixed(2)];
    }),
  ),
);
