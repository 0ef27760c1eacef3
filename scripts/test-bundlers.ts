/** Bundles of every entry by itself, besides those of all entries that `npm test` makes: 162 of them. */
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'package', 'test/bundlers'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, MEMTS_BUNDLERS: 'all' },
});
process.exitCode = status ?? 1;
