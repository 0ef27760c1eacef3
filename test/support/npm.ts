import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './built.ts';

const CACHE = join(ROOT, 'node_modules/.cache');

/** Installs with npm into a folder; rejects, and says why, where that can't be done in that time. */
export function npmInstall(packages: readonly string[], folder: string, seconds: number): Promise<void> {
  const flags = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: folder, timeout: seconds * 1000, maxBuffer: 2 ** 24, shell: process.platform === 'win32' };
  const what = packages.join(' ') || 'what the project needs';
  return new Promise((resolve, reject) => {
    const args = ['install', ...flags, '--prefer-offline', '--prefix', folder, ...packages];
    execFile('npm', args, options, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else if (error.killed) reject(new Error(`${what} did not come within ${seconds} s`));
      else reject(new Error(`${what} could not be installed: ${lastLine(stderr) || error.message}`));
    });
  });
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /^npm (error|ERR!) (?!A complete log)/.test(line));
  return lines.slice(0, 2).join(' ');
}

/** The folder of packages that are kept in the cache under a name, installed where they are not there yet. */
export async function cachedPackages(name: string, packages: readonly string[], seconds: number): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  mkdirSync(join(folder, '..'), { recursive: true });
  const unfinished = mkdtempSync(join(folder, '../unfinished-'));
  try {
    await npmInstall([...packages, '--no-save'], unfinished, seconds);
    // In one step, so that a folder with this name is whole.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
