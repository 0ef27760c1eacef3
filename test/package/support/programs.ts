import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

/** Runs a program of the folder `fixtures` in a project and reads what it printed. */
export async function runProgram(
  project: string,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  cpSync(join(FIXTURES, name), join(project, name));
  const { stdout, stderr } = await run(process.execPath, [name], project, env);
  if (stderr !== '') throw new Error(`${name} wrote to its standard error: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
