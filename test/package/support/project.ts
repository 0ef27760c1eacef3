import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { ROOT } from '../../support/built.ts';

/** A project with the packed package and other packages beside it: by their names there, where they are. */
export function makeProject(name: string, packages: Readonly<Record<string, string>>): string {
  const project = join(dirname(inject('ours')), name);
  cpSync(join(inject('ours'), 'node_modules/memts'), join(project, 'node_modules/memts'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "name": "a-project", "private": true }\n');
  for (const [to, from] of Object.entries(packages)) {
    mkdirSync(dirname(join(project, 'node_modules', to)), { recursive: true });
    symlinkSync(from, join(project, 'node_modules', to), 'dir');
  }
  return project;
}

/** memts's packages, to be put beside it. */
export function ofOurs(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, join(ROOT, 'node_modules', name)]));
}
