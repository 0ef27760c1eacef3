/**
 * Installs the runtimes that the package is tested on, with npm, into node_modules/.cache. Exits with 1 where one can't
 * be had; `npm test` takes those that are there or come quickly, and skips the others by name.
 */
import { findRuntime, installRuntime, RUNTIMES, type Runtime } from '../test/support/runtimes.ts';

const SECONDS = 600;

process.exitCode = await main();

async function main(): Promise<number> {
  const there = await Promise.all(RUNTIMES.map(install));
  return there.every(Boolean) ? 0 : 1;
}

async function install(runtime: Runtime): Promise<boolean> {
  const label = `${runtime.name} (${runtime.version})`;
  try {
    const had = findRuntime(runtime);
    const path = await installRuntime(runtime, SECONDS);
    console.log(`${label}: ${had ? 'is there' : 'installed'}, ${path}`);
    return true;
  } catch (error) {
    console.error(`${label}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}
