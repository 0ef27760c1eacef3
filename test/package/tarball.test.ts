import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import { publint } from 'publint';
import { expect, inject, it } from 'vitest';
import { REPOSITORY } from '../../scripts/packed-readme.ts';
import { filled } from '../../scripts/repository.ts';
import { ROOT } from '../support/built.ts';
import { run } from './support/run.ts';

const PROSE = ['CHANGELOG.md', 'LICENSE', 'README.md'];

/** The most that the unpacked package may weigh, in bytes. */
const BUDGET = 1_600_000;

const INSTALLED = join(inject('ours'), 'node_modules/memts');
const PATHS = inject('packed').files.map(({ path }) => path);
const MANIFEST = JSON.parse(readFileSync(join(INSTALLED, 'package.json'), 'utf8'));

/** Every file that a value of package.json names. */
function named(value: unknown): string[] {
  if (typeof value === 'string') return [value.replace('./', '')];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(named) : [];
}

/** A file, and every one that it leads to. */
function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = /\.(mjs|cjs|mts|cts)$/.test(file) ? readFileSync(join(INSTALLED, file), 'utf8') : '';
  for (const [, found = ''] of text.matchAll(/(?:from ?|import ?|require\()["`](\.[^"`]+)["`]/g)) {
    const target = posix.join(posix.dirname(file), found);
    reached(/\.d\.[mc]ts$/.test(file) ? target.replace(/\.([mc])js$/, '.d.$1ts') : target, seen);
  }
  return seen;
}

it('holds what its entries lead to and nothing else', () => {
  const entries = named(MANIFEST.exports);
  expect(entries.length).toBeGreaterThan(25);
  const needed = new Set(entries.flatMap((entry) => [...reached(entry)]));
  expect(PATHS.toSorted()).toEqual([...PROSE, ...needed].toSorted());
});

it('holds nothing empty, and no mention of a map that is not there', () => {
  const empty = inject('packed').files.filter(({ size }) => size === 0);
  expect(empty).toEqual([]);
  const mapped = PATHS.filter((path) => readFileSync(join(INSTALLED, path), 'utf8').includes('sourceMappingURL'));
  expect(mapped).toEqual([]);
});

it('is small', () => {
  const bytes = inject('packed').files.reduce((sum, { size }) => sum + size, 0);
  console.log(`${bytes} bytes unpacked`);
  expect(bytes).toBeLessThan(BUDGET);
});

it('has declarations for TypeScript that knows no exports, one for each entry', () => {
  const entries = Object.keys(MANIFEST.exports).map((entry) => entry.slice(2));
  const versions: Record<string, string[]> = MANIFEST.typesVersions['*'];
  expect(Object.keys(versions).toSorted()).toEqual(
    entries.filter((entry) => entry !== '' && entry !== 'package.json').toSorted(),
  );
  for (const [entry, files] of Object.entries(versions)) {
    expect(files).toEqual([MANIFEST.exports[`./${entry}`].require.types]);
  }
});

it('says whose it is and where, in one place', () => {
  const { homepage, bugs, author, repository } = MANIFEST;
  expect({ homepage, bugs, author }).toEqual({
    homepage: expect.stringMatching(/^https:/),
    bugs: expect.stringMatching(/^https:/),
    author: expect.any(String),
  });
  expect(repository.url).toBe(`git+${REPOSITORY}.git`);
  // What differs is put right by `npm run repository`.
  for (const [file, content] of filled()) {
    expect(JSON.parse(readFileSync(join(ROOT, file), 'utf8')), file).toEqual(content);
  }
});

it('names no folder of the machine that built it', () => {
  const naming = PATHS.filter((path) => readFileSync(join(INSTALLED, path), 'utf8').includes(ROOT));
  expect(naming).toEqual([]);
});

it('has no dependencies at run time and runs nothing when it is installed', () => {
  expect(MANIFEST).toMatchObject({ name: 'memts', license: 'MIT', engines: { node: '>=20' } });
  expect(MANIFEST.dependencies ?? {}).toEqual({});
  const peers = Object.keys(MANIFEST.peerDependencies);
  expect(peers).toEqual([
    '@fastify/rate-limit',
    '@nestjs/throttler',
    '@opentelemetry/api',
    '@opentelemetry/instrumentation',
    'express-rate-limit',
    'express-session',
    'hono-rate-limiter',
    'keyv',
    'next',
    'unstorage',
  ]);
  expect(MANIFEST.peerDependenciesMeta).toEqual(Object.fromEntries(peers.map((peer) => [peer, { optional: true }])));
  const { install, preinstall, postinstall, prepare } = MANIFEST.scripts ?? {};
  expect({ install, preinstall, postinstall, prepare }).toEqual({});
});

it('has nothing for publint to say', async () => {
  const bytes = readFileSync(inject('tarball'));
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages } = await publint({ strict: true, pack: { tarball } });
  expect(messages).toEqual([]);
});

it('has nothing for attw to say', async () => {
  const program = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const args = [program, inject('tarball'), '--no-definitely-typed', '--format', 'json'];
  const { stdout } = await run(process.execPath, args, inject('ours'));
  // A problem makes it exit with 1, and `run` reject; it knows TypeScript's old resolution, too.
  const { analysis } = JSON.parse(stdout);
  expect(analysis.types).toEqual({ kind: 'included' });
  expect(Object.keys(analysis.entrypoints)).toContain('.');
});

it('gives one set of exports to import and require, under both names', async () => {
  const require = createRequire(join(inject('ours'), 'index.js'));
  const names = [
    'Client',
    'Header',
    'MemcacheError',
    'Server',
    'Utils',
    'compressed',
    'default',
    'dns',
    'elasticache',
    'jsonSerializer',
    'ketama',
    'noopSerializer',
    'structuredSerializer',
  ];
  for (const name of ['memts', 'memjs']) {
    expect(Object.keys(require(name)).toSorted()).toEqual(names);
    const imported = await import(/* @vite-ignore */ join(inject('ours'), 'node_modules', name, 'dist/index.mjs'));
    expect(Object.keys(imported).toSorted()).toEqual(names);
    // MemJS's own four.
    for (const all of [imported.default, require(name).default]) {
      expect(Object.keys(all).toSorted()).toEqual(['Client', 'Header', 'Server', 'Utils']);
    }
    expect(Object.keys(require(`${name}/memory-server`))).toEqual(['MemoryServer']);
    expect(Object.keys(require(`${name}/serializers`)).toSorted()).toEqual([
      'dalliSerializer',
      'phpSerializer',
      'pylibmcSerializer',
      'pymemcacheSerializer',
    ]);
  }
});
