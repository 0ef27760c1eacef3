import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { run } from './support/run.ts';

const CLI = join(ROOT, 'cli');
const MAIN = join(CLI, 'dist/main.mjs');

it('packs the program and what it needs to be read, and nothing else', async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--dry-run', '--ignore-scripts'], CLI);
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  expect(packed?.files.map(({ path }) => path).sort()).toEqual(
    ['LICENSE', 'README.md', 'dist/main.mjs', 'package.json'].sort(),
  );
});

it('is a program, which finds everything it imports', async () => {
  expect(statSync(MAIN).mode & 0o111).toBe(0o111);
  const { stdout } = await promisify(execFile)(MAIN, ['--version'], { cwd: CLI });
  expect(stdout.trim()).toBe(JSON.parse(readFileSync(join(CLI, 'package.json'), 'utf8')).version);
});

it('has the client inside, and outside only what it depends on', () => {
  const text = readFileSync(MAIN, 'utf8');
  const imported = [...text.matchAll(/^import .*"(.+)";$|await import\("([^".]+)"\)/gm)].map(
    ([, a, b]) => a ?? b ?? '',
  );
  const packages = imported
    .filter((name) => !name.startsWith('node:'))
    .map((name) => name.replace(/^((@[^/]+\/)?[^/]+).*/, '$1'));
  const { dependencies } = JSON.parse(readFileSync(join(CLI, 'package.json'), 'utf8'));
  expect(packages.length).toBeGreaterThan(5);
  expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
  expect(text).not.toContain(ROOT);
});
