import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../../support/built.ts';
import { makeFolder } from '../../support/leftovers.ts';
import type { Collected } from './tap.ts';

/** What MemJS's test files require, and what they are to get. */
export type Modules = Record<
  'index.js' | 'lib/memjs/protocol.js' | 'lib/memjs/header.js' | 'lib/memjs/utils.js',
  string
>;

const BUILT = JSON.stringify(join(ROOT, 'dist', 'index.cjs'));
const MEMJS = join(ROOT, 'node_modules', 'memjs');

/** The built package, in the places where MemJS has its modules. */
export const OURS: Modules = {
  'index.js': `module.exports = require(${BUILT});\n`,
  'lib/memjs/protocol.js': `exports.errors = require(${BUILT}).Utils.errors;\n`,
  'lib/memjs/header.js': `module.exports = require(${BUILT}).Header;\n`,
  'lib/memjs/utils.js': `module.exports = require(${BUILT}).Utils;\n`,
};

const memjsModule = (name: string): string => `module.exports = require(${JSON.stringify(join(MEMJS, name))});\n`;

/** MemJS itself. */
export const MEMJS_ITSELF: Modules = {
  'index.js': memjsModule('lib/memjs/memjs.js'),
  'lib/memjs/protocol.js': memjsModule('lib/memjs/protocol.js'),
  'lib/memjs/header.js': memjsModule('lib/memjs/header.js'),
  'lib/memjs/utils.js': memjsModule('lib/memjs/utils.js'),
};

/** Copies MemJS's test files, as they are, into a folder of their own among these modules, and loads them. */
export function loadTests<TFile extends string>(modules: Modules, files: readonly TFile[]): Record<TFile, Collected[]> {
  const folder = makeFolder();
  for (const path of ['test', 'lib/memjs', 'node_modules/tap']) mkdirSync(join(folder, path), { recursive: true });
  for (const [path, source] of Object.entries(modules)) writeFileSync(join(folder, path), source);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  cpSync(new URL('./tap-shim.cjs', import.meta.url), join(folder, 'node_modules/tap/index.js'));
  const require = createRequire(join(folder, 'test', 'index.js'));
  const tap = require('tap') as { tests: Collected[] };
  const loaded = files.map((file): [TFile, Collected[]] => {
    cpSync(join(MEMJS, 'test', file), join(folder, 'test', file));
    require(`./${file}`);
    return [file, tap.tests.splice(0)];
  });
  return Object.fromEntries(loaded) as Record<TFile, Collected[]>;
}
