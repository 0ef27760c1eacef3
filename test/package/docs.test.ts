import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { startMemcached } from '../support/memcached.ts';
import { compileFiles, STRICT } from '../types/support/compile.ts';
import { type Block, blocks, GIVEN_TYPES, program, RUNNER, SESSION_TYPES, TEST_RUNNER } from './support/blocks.ts';
import { run } from './support/run.ts';

interface Result {
  /** Its file and line. */
  block: string;
  printed: string[];
  error?: string;
}

const BLOCKS = blocks();
/** NestJS has decorators of TypeScript's own kind. */
const DECORATORS = { experimentalDecorators: true };
const TSX = createRequire(import.meta.url).resolve('tsx');
let results: Map<string, Result>;
let project: string;

/** The file that a block becomes; scripts of CommonJS are recognised by the program that it is. */
function nameOf({ file, line }: Block, extension: string): string {
  return `${file.replaceAll(/\W/g, '-')}-${line}.${extension}`;
}

const placeOf = ({ file, line }: Block): string => `${file}:${line}`;

/** A project with the packed package and whatever else the guides import. */
function makeProject(texts: readonly string[]): string {
  const project = join(dirname(inject('ours')), 'docs');
  const modules = join(project, 'node_modules');
  mkdirSync(modules, { recursive: true });
  for (const name of ['memts', 'memjs']) {
    cpSync(join(inject('ours'), 'node_modules', name), join(modules, name), { recursive: true });
  }
  const named = texts.flatMap((text) => [
    ...text.matchAll(/(?:from |import |require\()'((?:@[^'/]+\/)?[^'/.@:][^'/@:]*)[^']*'/g),
  ]);
  const { peerDependencies = {} } = JSON.parse(readFileSync(join(modules, 'memts/package.json'), 'utf8'));
  const wanted = [...named.map(([, found = '']) => found), ...Object.keys(peerDependencies)];
  const types = wanted.filter((name) => !name.startsWith('@')).map((name) => `@types/${name}`);
  for (const name of new Set([...wanted, ...types])) {
    const installed = join(ROOT, 'node_modules', name);
    if (existsSync(join(modules, name)) || !existsSync(installed)) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(installed, join(modules, name), 'dir');
  }
  return project;
}

// One process for all of them: most of the time that one takes is its start.
beforeAll(async () => {
  await using server = await startMemcached();
  const programs = BLOCKS.map((block) => ({ block, ...program(block, server.address) }));
  project = makeProject(programs.map(({ text }) => text));
  for (const { block, extension, text } of programs) writeFileSync(join(project, nameOf(block, extension)), text);
  writeFileSync(join(project, 'test-runner.mjs'), TEST_RUNNER);
  writeFileSync(join(project, 'given.d.ts'), GIVEN_TYPES);
  writeFileSync(join(project, 'sessions.d.ts'), SESSION_TYPES);
  writeFileSync(join(project, 'run.mjs'), RUNNER);
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: DECORATORS }));
  const file = join(project, 'results.json');
  await run(process.execPath, ['--import', pathToFileURL(TSX).href, 'run.mjs'], project, {
    RESULTS: file,
    SERVER: server.address,
    MEMCACHE_SERVERS: server.address,
    BLOCKS: JSON.stringify(
      programs.map(({ block, extension }) => ({
        name: nameOf(block, extension),
        block: placeOf(block),
        lines: block.prints.length,
      })),
    ),
  });
  const list: Result[] = JSON.parse(readFileSync(file, 'utf8'));
  results = new Map(list.map((result) => [result.block, result]));
});

it('has blocks', () => expect(BLOCKS.length).toBeGreaterThan(25));

it.each(BLOCKS)('$file:$line runs, and prints what it says', (block) => {
  const result = results.get(placeOf(block));
  expect(result?.error).toBeUndefined();
  // A block without such comments may print what it likes.
  if (block.prints.length > 0) expect(result?.printed).toEqual(block.prints);
  expect(result).toBeDefined();
});

it.each(['ts', 'js'] as const)('has %s that compiles, strictly', async (kind) => {
  const files = BLOCKS.filter((block) => block.kind === kind && !block.code.includes('require(')).map((block) =>
    nameOf(block, 'mts'),
  );
  expect(files.length).toBeGreaterThan(10);
  // JavaScript can't say what a parameter is.
  const options = { ...STRICT, ...DECORATORS, noImplicitAny: kind === 'ts' };
  expect(await compileFiles(project, [...files, 'given.d.ts', 'sessions.d.ts'], options)).toEqual([]);
});
