import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's folder, without a slash at the end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

const FILES = ['index.cjs', 'index.mjs', 'index.d.cts', 'index.d.mts'];

/** Throws, and says what to do, unless the package has been built. */
export function requireBuild(): void {
  const missing = FILES.filter((name) => !existsSync(`${ROOT}/dist/${name}`));
  if (missing.length > 0) throw new Error(`dist/ lacks ${missing.join(', ')}: run "npm run build" before these tests`);
}
