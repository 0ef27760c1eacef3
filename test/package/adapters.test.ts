import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { startMemcached } from '../support/memcached.ts';
import { compile, STRICT } from '../types/support/compile.ts';
import { run } from './support/run.ts';

/** The adapters' hosts, and what the programs need beside them. */
const HOSTS = ['express', 'express-session', 'unstorage', '@types/express', '@types/express-session'];
const FIXTURES = join(ROOT, 'test/package/fixtures');

/** Projects where the hosts are installed, by the Keyv that is. */
const projects = new Map<string, string>();

/** The packed package with its peers beside it, as npm would put them. */
function makeProject(keyv: string): string {
  const project = join(dirname(inject('ours')), `with-${keyv}`);
  cpSync(join(inject('ours'), 'node_modules/memts'), join(project, 'node_modules/memts'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "name": "a-project", "private": true }\n');
  const links = [...HOSTS.map((host) => [host, host]), [keyv, 'keyv']];
  for (const [from = '', to = ''] of links) {
    mkdirSync(dirname(join(project, 'node_modules', to)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', from), join(project, 'node_modules', to));
  }
  return project;
}

beforeAll(() => {
  for (const keyv of ['keyv', 'keyv-6']) projects.set(keyv, makeProject(keyv));
});

afterAll(() => {
  for (const project of projects.values()) rmSync(project, { recursive: true, force: true });
});

describe.each(['keyv', 'keyv-6'])('with the hosts installed, and %s', (keyv) => {
  it('every adapter works, imported and required', async () => {
    await using server = await startMemcached();
    const project = projects.get(keyv) ?? '';
    cpSync(join(FIXTURES, 'adapters.mjs'), join(project, 'adapters.mjs'));
    const { stdout, stderr } = await run(process.execPath, ['adapters.mjs'], project, {
      MEMCACHE_SERVERS: server.address,
    });
    const expected: Record<string, unknown> = {
      'default and named are one': true,
      'one copy of the client': true,
    };
    for (const way of ['import', 'required']) {
      expected[`keyv (${way})`] = { way };
      expected[`createKeyv (${way})`] = [way, [way, null]];
      expected[`createKeyv, cleared (${way})`] = null;
      expected[`unstorage (${way})`] = { way };
      expected[`a store (${way})`] = [true, true];
      expected[`sessions (${way})`] = [1, 2];
    }
    expect({ results: JSON.parse(stdout), stderr }).toEqual({ results: expected, stderr: '' });
  });
});

it.each(['esm', 'cjs'] as const)('every adapter works where a bundler made one file of %s', async (format) => {
  const project = projects.get('keyv') ?? '';
  const program = `
    import { createKeyv } from 'memts/keyv';
    import { MemtsStore } from 'memts/session';
    import { memtsDriver } from 'memts/unstorage';
    const servers = 'localhost:1';
    console.log(createKeyv(servers).store.opts.dialect, memtsDriver({ servers }).name, typeof new MemtsStore({ servers }).touch);`;
  const name = `bundled.${format === 'esm' ? 'mjs' : 'cjs'}`;
  await build({
    stdin: { contents: program, resolveDir: project },
    bundle: true,
    platform: 'node',
    format,
    outfile: join(project, name),
    logLevel: 'error',
  });
  const { stdout } = await run(process.execPath, [name], project);
  expect(stdout.trim()).toBe('memcached memts function');
});

// With Keyv 6, and in CommonJS, nothing differs: the types of both builds are one text.
it('their types fit the hosts', async () => {
  const program = readFileSync(join(FIXTURES, 'adapters.ts'), 'utf8');
  expect(await compile(projects.get('keyv') ?? '', program, ['adapters.mts'], STRICT)).toEqual([]);
});

describe('without the hosts', () => {
  const outcome = async (code: string, kind: 'mjs' | 'cjs'): Promise<string> => {
    const name = `missing.${kind}`;
    writeFileSync(join(inject('ours'), name), code);
    const { stdout } = await run(process.execPath, [name], inject('ours'));
    return stdout.trim();
  };
  const message = (error: string) => `${error}.catch((error) => console.log(error.code, error.message))`;

  it('the session store says what to install', async () => {
    const expected =
      'ERR_UNSUPPORTED memts/session needs express-session, which is not installed: npm install express-session';
    expect(await outcome(message("import('memts/session')"), 'mjs')).toBe(expected);
    expect(await outcome(message("(async () => require('memts/session'))()"), 'cjs')).toBe(expected);
  });

  it('createKeyv says what to install', async () => {
    const expected = 'ERR_UNSUPPORTED createKeyv needs keyv, which is not installed: npm install keyv';
    expect(await outcome(message("import('memts/keyv').then(({ createKeyv }) => createKeyv())"), 'mjs')).toBe(expected);
    expect(await outcome(message("(async () => require('memts/keyv').createKeyv())()"), 'cjs')).toBe(expected);
  });

  it('the other adapters need nothing', async () => {
    const code = `
      import { KeyvMemts } from 'memts/keyv';
      import { memtsDriver } from 'memts/unstorage';
      console.log(new KeyvMemts('localhost:1').opts.dialect, memtsDriver({ servers: 'localhost:1' }).name);`;
    expect(await outcome(code, 'mjs')).toBe('memcached memts');
  });
});
