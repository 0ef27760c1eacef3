import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = new URL('../../', import.meta.url);
/** Below node_modules, so that the peers are found from there; named after the process, so that two don't meet. */
const OUTPUT = fileURLToPath(new URL(`node_modules/.cache/memts-reliability/worker-${process.pid}.mjs`, ROOT));

let made: Promise<string> | undefined;

/** The worker with the sources in one file, as they are built: run by tsx they are slower by a third. */
export function workerBundle(): Promise<string> {
  made ??= bundle();
  return made;
}

/** When no more workers are started; those that run have read it. */
export function removeWorkerBundle(): void {
  made = undefined;
  rmSync(OUTPUT, { force: true });
}

async function bundle(): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
    outfile: OUTPUT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  process.once('exit', removeWorkerBundle);
  return OUTPUT;
}
