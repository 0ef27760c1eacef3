/** Looks for words that docs and code do not use. A part of `npm run lint`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { check } from './words/check.ts';

const ROOT = join(import.meta.dirname, '..');
/** Folders that hold nothing of the repository's. */
const SKIPPED = new Set(['node_modules', 'dist', 'site', 'api', 'coverage', '.git']);
/** What is covered; a pattern for TypeScript covers its comments, texts and names. */
const COVERED = [
  /^[A-Z]+\.md$/,
  /^(docs|cli|bench)\/.*\.md$/,
  /^(src|cli\/src|bench|scripts)\/.*\.ts$/,
  /^test\/.*\.ts$/,
];

const files = filesIn(ROOT).filter((file) => COVERED.some((pattern) => pattern.test(file)));
const findings = files.flatMap((file) =>
  check(file, readFileSync(join(ROOT, file), 'utf8')).map(
    ({ line, found, instead }) => `${file}:${line}: "${found}": rather ${instead}`,
  ),
);
if (findings.length > 0) {
  console.error(`${findings.join('\n')}\nwords: ${findings.length} that scripts/words/list.ts has others for`);
  process.exitCode = 1;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesIn(path);
    return [relative(ROOT, path).replaceAll('\\', '/')];
  });
}
