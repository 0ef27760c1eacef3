import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ROOT, requireBuild } from '../support/built.ts';
import { run } from './support/run.ts';

/** What `npm pack` says of what it packed. */
export interface Packed {
  filename: string;
  files: { path: string; size: number }[];
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The tarball's path. */
    tarball: string;
    packed: Packed;
    /** A project in which the packed package is installed under the name `memjs` and under its own. */
    ours: string;
    /** A project in which `memjs` is MemJS 1.3.2. */
    memjs: string;
  }
}

/** Packs the repository and installs the tarball, once for all tests of the package. */
export default async function setup(project: TestProject): Promise<() => void> {
  requireBuild();
  const folder = mkdtempSync(join(tmpdir(), 'memts-package-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const packed = await pack(folder);
    const tarball = join(folder, packed.filename);
    project.provide('packed', packed);
    project.provide('tarball', tarball);
    project.provide('ours', await installOurs(folder, tarball));
    project.provide('memjs', installMemjs(folder));
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}

async function pack(folder: string): Promise<Packed> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], ROOT);
  const [packed] = JSON.parse(stdout) as Packed[];
  if (packed === undefined) throw new Error(`npm pack names nothing that it packed: ${stdout}`);
  return packed;
}

async function installOurs(folder: string, tarball: string): Promise<string> {
  const project = makeProject(folder, 'ours');
  // An empty cache and no registry: the tarball has to be all that it takes.
  const flags = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--cache', join(folder, 'npm-cache')];
  await run('npm', ['install', ...flags, `memjs@file:${tarball}`, `memts@file:${tarball}`], project);
  return project;
}

function installMemjs(folder: string): string {
  const project = makeProject(folder, 'memjs');
  cpSync(join(ROOT, 'node_modules/memjs'), join(project, 'node_modules/memjs'), { recursive: true });
  return project;
}

function makeProject(folder: string, name: string): string {
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "a-project", "version": "1.0.0", "private": true }\n');
  return project;
}
