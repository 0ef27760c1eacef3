/** The guide's files for OpenTelemetry's `--import`, with the whole SDK and its auto-instrumentations. */
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'package', 'test/package/opentelemetry-import'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, MEMTS_TELEMETRY: 'all' },
});
process.exitCode = status ?? 1;
