import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../package/support/run.ts';
import { ROOT } from '../../support/built.ts';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

export const STRICT = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  module: 'node16',
  target: 'es2022',
  lib: ['es2023'],
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules/@types')],
};

/** What else a careful user switches on. */
export const STRICTEST = {
  ...STRICT,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
};

/** The text of a program of the folder `fixtures`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}

/** Has a program compiled, under each of these names, in a folder of a project; resolves with the complaints. */
export async function compile(
  project: string,
  program: string,
  names: readonly string[],
  options: object,
  tsc = TSC,
): Promise<string[]> {
  const folder = join(project, `types-${names.join('-').replaceAll('.', '-')}`);
  mkdirSync(folder);
  for (const name of names) writeFileSync(join(folder, name), program);
  return await compileFiles(folder, names, options, project, tsc);
}

/** Has files of a folder compiled; resolves with the complaints. */
export async function compileFiles(
  folder: string,
  names: readonly string[],
  options: object,
  project = folder,
  tsc = TSC,
): Promise<string[]> {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: names }));
  // With complaints, which go to standard output, it ends with 2.
  const { stdout } = await run(process.execPath, [tsc, '--pretty', 'false', '-p', folder], project, {}, [0, 2]);
  return stdout.split('\n').filter(Boolean);
}
