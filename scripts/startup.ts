/**
 * What it costs a program to load memts and its peers: processor time of a fresh process, all its threads. They take
 * turns. `npm run bench:startup` builds and runs it; `-- --times N` says how often.
 */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../test/support/built.ts';
import { Startup, type Way } from '../test/support/startup.ts';
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
