import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
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

it('has the client inside, and outside only what it depends on', () => {
  const text = FILES.map((file) => readFileSync(join(CLI, 'dist', file), 'utf8')).join('\n');
  const imported = [...text.matchAll(/^import .*"(.+)";$|import\("([^".]+|\.[^"]+)"\)/gm)].map(
    ([, a, b]) => a ?? b ?? '',
  );
  const packages = imported
    .filter((name) => !name.startsWith('node:') && !FILES.includes(name.replace('./', '')))
    .map((name) => name.replace(/^((@[^/]+\/)?[^/]+).*/, '$1'));
  const { dependencies } = JSON.parse(readFileSync(join(CLI, 'package.json'), 'utf8'));
  expect(packages.length).toBeGreaterThan(5);
  expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
  expect(text).not.toContain(ROOT);
});
