import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeProject, ofOurs } from '../package/support/project.ts';
import { run } from '../package/support/run.ts';
import { ROOT } from '../support/built.ts';
import { BUNDLERS, outfileOf } from './bundlers.ts';
import { expected, program, USES } from './programs.ts';

const HOSTS = ['keyv', 'express-session', 'unstorage', '@opentelemetry/api', '@opentelemetry/instrumentation'];
const ENTRIES = Object.keys(USES);

/** All entries in one bundle, and with `npm run test:bundlers` each by itself as well. */
const SETS = process.env.MEMTS_BUNDLERS === 'all' ? [ENTRIES, ...ENTRIES.map((entry) => [entry])] : [ENTRIES];

/** What is written, and what is made of it. */
const FORMATS = [
  ['esm', 'esm'],
  ['esm', 'cjs'],
  ['cjs', 'cjs'],
] as const;

let project: string;
/** A folder from which no package is to be found. */
let elsewhere: string;

beforeAll(() => {
  project = makeProject('bundled-programs', ofOurs(HOSTS));
  elsewhere = join(dirname(inject('ours')), 'bundles-alone');
  mkdirSync(elsewhere);
});

afterAll(() => {
  for (const folder of [project, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

it('has the versions in the guide that are bundled with here', () => {
  const guide = readFileSync(join(ROOT, 'docs/bundlers.md'), 'utf8');
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const bundler of Object.keys(BUNDLERS)) {
    const name = bundler.split(' ')[0] ?? '';
    const version: string = devDependencies[name.toLowerCase()];
    expect(guide).toMatch(new RegExp(`^\\| ${name} \\(.*\\| ${version.split('.').slice(0, 2).join('\\.')} \\|`, 'm'));
  }
});

describe.each(Object.entries(BUNDLERS))('%s', (bundler, bundle) => {
  describe.each(FORMATS)('from %s to %s', (source, format) => {
    describe.each([true, false])('with the hosts inside: %s', (inside) => {
      it.each(SETS.map((set) => [set.length > 1 ? 'all entries' : set.join(), set] as const))(
        '%s',
        async (name, set) => {
          const parts = [bundler, source, format, inside ? 'inside' : 'beside', name];
          const file = outfileOf(project, ['program', ...parts], source);
          const folder = inside ? elsewhere : project;
          const outfile = outfileOf(folder, parts, format);
          writeFileSync(file, program(set, source));
          await bundle({ file, outfile, format, external: inside ? [] : HOSTS });
          const { stdout, stderr } = await run(process.execPath, [outfile], folder);
          expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: expected(set), stderr: '' });
        },
      );
    });
  });
});
