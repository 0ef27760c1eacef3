/**
 * Feeds mutated inputs to everything that reads bytes from outside, and checks what `docs/reliability/fuzz.md` promises.
 *
 *     tsx scripts/fuzz.ts [--target NAME,…] [--inputs N] [--seed N] [--write]
 *
 * A million inputs for each target unless said otherwise. `--write` renews the record in the docs
 * for those targets.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { corpusFile } from '../test/fuzz/exchanges.ts';
import { fuzz } from '../test/fuzz/run.ts';
import type { Target } from '../test/fuzz/target.ts';
import { targets } from '../test/fuzz/targets.ts';
import { table } from './table.ts';

const RECORD = new URL('../docs/reliability/fuzz.md', import.meta.url);
/** The record begins behind this line, and goes on to the end. */
const MARK = '## The last run\n';

/** So many inputs have one seed. */
const ROUND = 10_000;

/** More memory than this, after all inputs of a target, would be a leak. */
const MOST_GROWTH = 300 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    write: { type: 'boolean', default: false },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);
if (!(Number.isSafeInteger(inputs) && inputs > 0 && Number.isSafeInteger(seed))) {
  throw new Error('--inputs and --seed take numbers');
}

const all = targets();
const wanted = values.target?.split(',') ?? all.map(({ name }) => name);
const unknown = wanted.filter((name) => !all.some((target) => target.name === name));
if (unknown.length > 0) {
  throw new Error(`No target ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
}

function version(file: string): string {
  return (JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string }).version;
}

const grouped = (count: number): string => count.toLocaleString('en-US');

/** Has a target read all its inputs, and tells it as a row of the record. */
async function run(target: Target): Promise<string[]> {
  const before = process.memoryUsage().rss;
  const started = performance.now();
  let done = 0;
  let round = seed;
  for (; done < inputs; round++) {
    const some = Math.min(ROUND, inputs - done);
    fuzz(target, some, round);
    done += some;
    // What zlib has finished with goes when the event loop turns.
    await new Promise(setImmediate);
  }
  const growth = process.memoryUsage().rss - before;
  if (growth > MOST_GROWTH) throw new Error(`${target.name}: the process grew by ${growth} bytes`);
  const counts = Object.entries(target.counts).map(([what, count]) => `${grouped(count)} ${what}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const seeds = round - 1 === seed ? `${seed}` : `${seed} to ${round - 1}`;
  console.log(`${target.name}: ${grouped(done)} inputs, seeds ${seeds}, ${counts.join(', ')}, ${seconds} s`);
  return [`\`${target.name}\``, target.reads, grouped(done), seeds, counts.join(', '), `${seconds} s`, '0'];
}

const rows = new Map<string, string[]>();
for (const target of all) if (wanted.includes(target.name)) rows.set(target.name, await run(target));

if (values.write) {
  const { server, recorded } = JSON.parse(readFileSync(corpusFile('meta'), 'utf8')) as Record<string, string>;
  const text = readFileSync(RECORD, 'utf8');
  const head = text.slice(0, text.indexOf(MARK) + MARK.length);
  const facts = [
    `On ${new Date().toISOString().slice(0, 10)}, with memts ${version('../package.json')}, Node.js ${process.version} and`,
    `fast-check ${version('../node_modules/fast-check/package.json')}; the corpus is of ${server}, recorded on ${recorded}.`,
  ];
  // Of targets that were not run, the record stays.
  const kept = (name: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`| \`${name}\` `))
      .map((line) => line.slice(2, -2).split(/ +\| /));
  const columns = ['target', 'reads', 'inputs', 'seeds', 'what became of them', 'time', 'findings'];
  const records = all.flatMap(({ name }) => {
    const row = rows.get(name);
    return row === undefined ? kept(name) : [row];
  });
  const left = columns.map(() => 'l');
  writeFileSync(RECORD, `${head}\n${facts.join('\n')}\n\n${table(columns, records, left)}\n`);
}
