import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { startMemcached } from '../support/memcached.ts';
import { timesOfPrograms } from '../support/startup.ts';
import { run } from './support/run.ts';

const CLI = join(ROOT, 'cli');
const MAIN = join(CLI, 'dist/main.mjs');
/** The program, and what it loads when it is needed. */
const FILES = readdirSync(join(CLI, 'dist'));

it('packs the program and what it needs to be read, and nothing else', async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--dry-run', '--ignore-scripts'], CLI);
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  const files = FILES.map((file) => `dist/${file}`);
  expect(packed?.files.map(({ path }) => path).sort()).toEqual(
    ['LICENSE', 'README.md', ...files, 'package.json'].sort(),
  );
});

it('is a program, which finds everything it imports', async () => {
  expect(statSync(MAIN).mode & 0o111).toBe(0o111);
  const { stdout } = await promisify(execFile)(MAIN, ['--version'], { cwd: CLI });
  expect(stdout.trim()).toBe(JSON.parse(readFileSync(join(CLI, 'package.json'), 'utf8')).version);
});

/** What a file of the build imports, at once or when it is needed. */
function importsOf(file: string, how: 'at once' | 'when needed'): string[] {
  const text = readFileSync(join(CLI, 'dist', file), 'utf8');
  const pattern = how === 'at once' ? /^import (?:.* from )?"(.+)";$/gm : /\bimport\("(.+?)"\)/g;
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}

it('has the client inside, and outside only what it depends on', () => {
  const imported = FILES.flatMap((file) => [...importsOf(file, 'at once'), ...importsOf(file, 'when needed')]);
  const packages = imported
    .filter((name) => !name.startsWith('node:') && !FILES.includes(name.replace('./', '')))
    .map((name) => name.replace(/^((@[^/]+\/)?[^/]+).*/, '$1'));
  const { dependencies } = JSON.parse(readFileSync(join(CLI, 'package.json'), 'utf8'));
  expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies).sort());
  expect(FILES.filter((file) => readFileSync(join(CLI, 'dist', file), 'utf8').includes(ROOT))).toEqual([]);
});

/** What a file of the build loads at once, with all that these load. */
function loadedBy(file: string, loaded = new Set<string>()): ReadonlySet<string> {
  loaded.add(file);
  for (const name of importsOf(file, 'at once').map((one) => one.replace('./', ''))) {
    if (loaded.has(name)) continue;
    if (FILES.includes(name)) loadedBy(name, loaded);
    else loaded.add(name);
  }
  return loaded;
}

/** What a command that reads an item does without. */
const SPARED = [
  'node:tls',
  'node:crypto',
  'node:readline/promises',
  'cli-table3',
  'picocolors',
  '@bomb.sh/tab/commander',
];

it.each([
  ['main.mjs', 40_000],
  ['get.mjs', 265_000],
])('loads with %s no more than is needed, within %i bytes', (file, budget) => {
  const loaded = loadedBy(file);
  const files = FILES.filter((one) => loaded.has(one));
  const size = files.reduce((sum, one) => sum + statSync(join(CLI, 'dist', one)).size, 0);
  console.log(`${file}: ${size} bytes in ${files.join(', ')}`);
  expect(SPARED.filter((name) => loaded.has(name))).toEqual([]);
  expect(size).toBeLessThan(budget);
});

/** The least that a program takes that does the same: without commands, and with the client. */
const PLAIN = {
  '--version': "await import('commander');",
  get: `await import('commander');
const { Client } = await import(process.env.MEMTS);
const client = Client.create(process.env.SERVER);
await client.getMulti(['a']);
client.close();`,
};

/** The most that a command may take, in the time of such a program; 2.4 and 1.6 where everything is loaded at once. */
const BOUNDS = { '--version': 1.6, get: 1.35 };

it.each(['--version', 'get'] as const)(
  'takes little more time than a program that does no more, with %s',
  async (word) => {
    await using server = await startMemcached();
    const programs = [
      { name: 'plain', args: ['--input-type=module', '-e', PLAIN[word]] },
      {
        name: 'memts',
        args: [MAIN, word, ...(word === 'get' ? ['a', '--servers', server.address] : [])],
        codes: [0, 1],
      },
    ];
    const env = { SERVER: server.address, MEMTS: join(ROOT, 'dist/index.mjs') };
    const times = await timesOfPrograms(programs, 12, CLI, env);
    const [plain = Number.NaN, ours = Number.NaN] = programs.map(({ name }) => Math.min(...(times.get(name) ?? [])));
    console.log(`${word}: ${ours.toFixed(1)} ms of CPU, ${(ours / plain).toFixed(2)} x the other program's`);
    expect(ours / plain).toBeLessThan(BOUNDS[word]);
  },
);
