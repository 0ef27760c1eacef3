import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { publint } from 'publint';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { run } from './support/run.ts';

/** The package's entry points, as files in `dist`. */
const ENTRIES = ['index', 'keyv', 'memory-server', 'opentelemetry', 'session', 'unstorage'];
const KINDS = ['cjs', 'cjs.map', 'd.cts', 'd.mts', 'mjs', 'mjs.map'];
/** What the main entry is made of, so that a bundler can leave parts out; `rolldown-runtime.cjs` has their helpers. */
const PARTS = ['client', 'errors', 'serializers'].flatMap((part) =>
  ['cjs', 'cjs.map', 'mjs', 'mjs.map'].map((kind) => `dist/${part}.${kind}`),
);
const PROSE = ['CHANGELOG.md', 'LICENSE', 'README.md'];

it('holds what it needs and nothing else', () => {
  const built = ENTRIES.flatMap((entry) => KINDS.map((kind) => `dist/${entry}.${kind}`));
  const paths = inject('packed').files.map(({ path }) => path);
  expect(paths.toSorted()).toEqual(
    [...PROSE, ...built, ...PARTS, 'dist/rolldown-runtime.cjs', 'package.json'].toSorted(),
  );
});

it('holds nothing empty', () => {
  const empty = inject('packed').files.filter(({ size }) => size === 0);
  expect(empty).toEqual([]);
});

it('names no folder of the machine that built it', () => {
  const installed = join(inject('ours'), 'node_modules/memts');
  const naming = inject('packed').files.filter(({ path }) =>
    readFileSync(join(installed, path), 'utf8').includes(ROOT),
  );
  expect(naming).toEqual([]);
});

it('has no dependencies at run time and runs nothing when it is installed', () => {
  const manifest = JSON.parse(readFileSync(join(inject('ours'), 'node_modules/memts/package.json'), 'utf8'));
  expect(manifest).toMatchObject({ name: 'memts', license: 'MIT', engines: { node: '>=20' } });
  expect(manifest.dependencies ?? {}).toEqual({});
  const peers = Object.keys(manifest.peerDependencies);
  expect(peers).toEqual([
    '@opentelemetry/api',
    '@opentelemetry/instrumentation',
    'express-session',
    'keyv',
    'unstorage',
  ]);
  expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(peers.map((peer) => [peer, { optional: true }])));
  const { install, preinstall, postinstall, prepare } = manifest.scripts ?? {};
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
  const args = [program, inject('tarball'), '--profile', 'node16', '--no-definitely-typed', '--format', 'json'];
  const { stdout } = await run(process.execPath, args, inject('ours'));
  // A problem that the profile does not leave out makes it exit with 1, and `run` reject.
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
    'dalliSerializer',
    'default',
    'dns',
    'elasticache',
    'jsonSerializer',
    'ketama',
    'noopSerializer',
    'phpSerializer',
    'pylibmcSerializer',
    'pymemcacheSerializer',
  ];
  for (const name of ['memts', 'memjs']) {
    expect(Object.keys(require(name)).toSorted()).toEqual(names);
    const imported = await import(/* @vite-ignore */ join(inject('ours'), 'node_modules', name, 'dist/index.mjs'));
    expect(Object.keys(imported).toSorted()).toEqual(names);
    expect(Object.keys(imported.default).toSorted()).toEqual(names.filter((each) => each !== 'default'));
    expect(Object.keys(require(`${name}/memory-server`))).toEqual(['MemoryServer']);
  }
});
