import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject, ofOurs } from '../package/support/project.ts';
import { ROOT } from '../support/built.ts';
import { cachedPackages } from '../support/npm.ts';
import { compile, compileFiles, fixture, STRICT, STRICTEST } from './support/compile.ts';

/**
 * The lowest version that the guide names, the last that knows resolution without exports as it was, and the newest.
 * They are kept in the cache, since each brings a program `tsc`, and a project can have one.
 */
const VERSIONS = ['5.0.4', '5.9.3', '7.0.2'];

/** How long to wait for versions that are not there yet. */
const SECONDS = 30;

/** Hosts and their types, as they are installed beside our own entries. */
const HOSTS = ['keyv', 'unstorage', 'express-session', '@types/express-session', '@types/express'];
const OPENTELEMETRY = ['@opentelemetry/api', '@opentelemetry/instrumentation'];

const ENTRIES = `
import memts, { Client, jsonSerializer } from 'memts';
import { Cache } from 'memts/cache';
import { KeyvMemts } from 'memts/keyv';
import { createKeyv } from 'memts/keyv/create';
import { MemoryServer } from 'memts/memory-server';
import { MemtsInstrumentation } from 'memts/opentelemetry';
import { dalliSerializer } from 'memts/serializers';
import { MemtsStore } from 'memts/session';
import { memtsDriver } from 'memts/unstorage';

export const client: Client = memts.Client.create('localhost', { serializer: dalliSerializer() as never });
export const made: Promise<{ a: number }> = Client.create('localhost', { serializer: jsonSerializer() }).getOrSet(
  'key',
  () => ({ a: 1 }),
);
export const adapters = [new KeyvMemts(client), createKeyv(client), new MemtsStore({ client }), memtsDriver({ client })];
export const others = [MemoryServer.start(), new MemtsInstrumentation()];
export const cached: Promise<Date> = new Cache(client).getOrSet('key', () => new Date());
`;

let project: string;

beforeAll(() => {
  project = makeProject('typescript-versions', ofOurs([...HOSTS, ...OPENTELEMETRY]));
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** The compiler of a version, or why it can't be had. */
const compilers = new Map(
  VERSIONS.map((version) => [
    version,
    cachedPackages(`memts-typescript/${version}`, [`typescript@${version}`], SECONDS).then(
      (folder) => ({ tsc: join(folder, 'node_modules/typescript/bin/tsc'), reason: '' }),
      (error: Error) => ({ tsc: undefined, reason: error.message }),
    ),
  ]),
);

async function compilerOf(version: string, skip: (reason: string) => never): Promise<string> {
  const { tsc, reason } = (await compilers.get(version)) ?? { tsc: undefined, reason: 'not listed' };
  if (tsc !== undefined) return tsc;
  console.warn(`Not tested with TypeScript ${version}: ${reason}`);
  return skip(reason);
}

describe.each(VERSIONS)('with TypeScript %s, without skipLibCheck', (version) => {
  it('the types promise and refuse what they should, and every entry has its own', async ({ skip }) => {
    const tsc = await compilerOf(version, skip);
    const folder = join(project, `node16-${version}`);
    mkdirSync(folder);
    for (const kind of ['cts', 'mts']) {
      writeFileSync(join(folder, `promises.${kind}`), fixture('ours.ts'));
      writeFileSync(join(folder, `entries.${kind}`), ENTRIES);
    }
    const names = ['promises.cts', 'promises.mts', 'entries.cts', 'entries.mts'];
    expect(await compileFiles(folder, names, { ...STRICTEST, skipLibCheck: false }, project, tsc)).toEqual([]);
  });

  it('every entry is found with --module commonjs', async ({ skip }) => {
    const tsc = await compilerOf(version, skip);
    const options = { ...STRICT, skipLibCheck: false, module: 'commonjs' };
    expect(await compile(project, ENTRIES, [`entries-${version}.ts`], options, tsc)).toEqual([]);
  });
});

it('names the lowest version in the guide', () => {
  const guide = readFileSync(join(ROOT, 'docs/bundlers.md'), 'utf8');
  expect(guide).toContain(`Version ${VERSIONS[0]?.replace(/\.\d+$/, '')} and later`);
});

it('has no EventEmitter with arguments in its types, which each version of @types/node checks otherwise', () => {
  const names = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.d\.[cm]ts$/.test(name),
  );
  expect(names.length).toBeGreaterThan(20);
  const found = names.filter((name) => readFileSync(join(ROOT, 'dist', name), 'utf8').includes('EventEmitter<'));
  expect(found).toEqual([]);
});
