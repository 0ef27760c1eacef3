/**
 * What `repair` costs a get and a set of 100 B while nothing goes wrong, 64 in flight over one socket: instructions for each,
 * counted by valgrind, so that what else the machine does makes no difference. `npm run bench:repair` builds and runs it; with
 * `-- --base FILE` another build's `index.mjs` is counted as well, such as one from before the option.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { startMemcached } from '../test/support/memcached.ts';
import { requireProgram } from '../test/support/programs.ts';
import { table } from './table.ts';

/** Commands in the two runs whose difference is taken: in the first of them all is compiled. */
const FEW = 50_000;
const MANY = 90_000;

/** One thread, and collections at the same points each time: then the numbers are the same each time. */
const NODE = ['--single-threaded', '--predictable-gc-schedule', '--max-semi-space-size=16'];
const VALGRIND = ['--tool=callgrind', '--smc-check=all-non-file', '--callgrind-out-file=/dev/null'];

/** What is counted: plain JavaScript, since what compiles anything else would be counted too. */
const LOAD = `
const [build, address, options, command, count] = process.argv.slice(1);
const { Client } = await import(build);
const client = Client.create(address, { protocol: 'meta', timeout: 60, failFast: false, ...JSON.parse(options) });
const keys = Array.from({ length: 1000 }, (_, i) => 'key:' + i);
const value = Buffer.alloc(100, 'x');
const call = command === 'get' ? (key) => client.get(key) : (key) => client.set(key, value);
let left = Number(count);
const work = async () => { while (left-- > 0) await call(keys[left % keys.length]); };
await Promise.all(Array.from({ length: 64 }, work));
client.close();
`;

const VARIANTS = [
  ['without', {}],
  ['with `repair`', { repair: true }],
  ['`failover` without', { failover: true }],
  ['`failover` with `repair`', { failover: true, repair: true }],
] as const;

function instructions(args: readonly string[], count: number): number {
  const node = [process.execPath, ...NODE, '--input-type=module', '-e', LOAD, ...args, String(count)];
  const { stderr } = spawnSync(requireProgram('valgrind'), [...VALGRIND, ...node], { encoding: 'utf8' });
  const [, collected] = /Collected : (\d+)/.exec(stderr) ?? [];
  if (collected === undefined) throw new Error(`valgrind has counted nothing: ${stderr}`);
  return Number(collected);
}

const { values } = parseArgs({ options: { base: { type: 'string' }, dist: { type: 'string', default: 'dist' } } });
await using memcached = await startMemcached();

/** Instructions for one command. */
function each(build: string, options: object, command: string): number {
  const args = [pathToFileURL(build).href, memcached.address, JSON.stringify(options), command];
  return Math.round((instructions(args, MANY) - instructions(args, FEW)) / (MANY - FEW));
}

const ours = join(values.dist, 'index.mjs');
const builds = VARIANTS.map(([name, options]) => [name, options, ours] as const);
const all = values.base === undefined ? builds : [['base', {}, values.base] as const, ...builds];
const rows = all.map(([name, options, build]) => [
  name,
  ...['get', 'set'].map((command) => each(build, options, command).toLocaleString('en')),
]);
console.log(table(['', 'get, instructions', 'set, instructions'], rows));
