/** What the guides show for hosts that are too large to be installed with everything else. */
import { spawnSync } from 'node:child_process';

const tests = ['test/package/opentelemetry-import', 'test/package/large-hosts'];
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'package', ...tests], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, MEMTS_HOSTS: 'all' },
});
process.exitCode = status ?? 1;
