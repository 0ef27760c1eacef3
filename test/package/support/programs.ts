import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

/** What a program prints, step by step. */
export type Results = Record<string, unknown>;

export interface Program {
  /** Its file in `fixtures`. */
  name: string;
  expected: Results;
  /** What MemJS 1.3.2 prints instead, and the fault behind it. In all else it prints the same. */
  differences: Record<string, { memjs: unknown; fault: string }>;
}

/** Runs a program of the folder `fixtures` in a project and reads what it printed. */
export async function runProgram(
  project: string,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<Results> {
  cpSync(join(FIXTURES, name), join(project, name));
  const { stdout, stderr } = await run(process.execPath, [name], project, env);
  if (stderr !== '') throw new Error(`${name} wrote to its standard error: ${stderr}`);
  return JSON.parse(stdout) as Results;
}
