import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { findKeyv6 } from '../support/keyv-6.ts';
import { startMemcached } from '../support/memcached.ts';
import { compile, STRICT } from '../types/support/compile.ts';
import { makeProject, ofOurs } from './support/project.ts';
import { run } from './support/run.ts';

/** The adapters' hosts, and what the programs need beside them. */
const HOSTS = [
  '@fastify/rate-limit',
  '@nestjs/throttler',
  '@types/express',
  '@types/express-session',
  'express',
  'express-rate-limit',
  'express-session',
  'hono-rate-limiter',
  'unstorage',
];
const FIXTURES = join(ROOT, 'test/package/fixtures');

/** Projects where the hosts are installed, by the Keyv that is. */
const projects = new Map<string, string>();

const { folder: keyv6, reason } = await findKeyv6();

beforeAll(() => {
  projects.set('Keyv 5', makeProject('with-keyv-5', ofOurs([...HOSTS, 'keyv'])));
  if (keyv6 !== undefined) projects.set('Keyv 6', makeProject('with-keyv-6', { ...ofOurs(HOSTS), keyv: keyv6 }));
});

afterAll(() => {
  for (const project of projects.values()) rmSync(project, { recursive: true, force: true });
});

describe.each(['Keyv 5', 'Keyv 6'])('with the hosts installed, and %s', (keyv) => {
  it('every adapter works, imported and required', async ({ skip }) => {
    const project = projects.get(keyv) ?? skip(reason);
    await using server = await startMemcached();
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
      expected[`limits (${way})`] = [true, false];
      expected[`limited (${way})`] = 429;
    }
    expect({ results: JSON.parse(stdout), stderr }).toEqual({ results: expected, stderr: '' });
  });
});

// With Keyv 6, and in CommonJS, nothing differs: the types of both builds are one text.
it('their types fit the hosts', async () => {
  const program = readFileSync(join(FIXTURES, 'adapters.ts'), 'utf8');
  expect(await compile(projects.get('Keyv 5') ?? '', program, ['adapters.mts'], STRICT)).toEqual([]);
});

describe('without the hosts', () => {
  const outcome = async (code: string, kind: 'mjs' | 'cjs'): Promise<string> => {
    const name = `missing.${kind}`;
    writeFileSync(join(inject('ours'), name), code);
    const { stdout } = await run(process.execPath, [name], inject('ours'));
    return stdout.trim();
  };
  const message = (error: string) => `${error}.catch((error) => console.log(error.code, error.message))`;

  it.each([
    ['memts/session', 'express-session'],
    ['memts/keyv/create', 'keyv'],
  ])('%s names what to install', async (entry, host) => {
    const file = `memts/dist/${entry.slice('memts/'.length).replace('/', '-')}`;
    const imported = await outcome(message(`import('${entry}')`), 'mjs');
    expect(imported).toContain(`ERR_MODULE_NOT_FOUND Cannot find package '${host}' imported from `);
    expect(imported).toContain(`${file}.mjs`);
    const required = await outcome(message(`(async () => require('${entry}'))()`), 'cjs');
    expect(required).toContain(`MODULE_NOT_FOUND Cannot find module '${host}'`);
    expect(required).toContain(`${file}.cjs`);
  });

  it('the other adapters need nothing', async () => {
    const code = `
      import { KeyvMemts } from 'memts/keyv';
      import { memtsDriver } from 'memts/unstorage';
      import { createRequire } from 'node:module';
      import { cacheHandler, cacheHandlers } from 'memts/next';
      import handler from 'memts/next/handler';
      import remote from 'memts/next/remote';
      import { ExpressRateLimitStore } from 'memts/rate-limit';
      const require = createRequire(import.meta.url);
      // As Next.js takes what a path in its configuration leads to.
      const required = require('memts/next/handler').default === require('memts/next').cacheHandler;
      const next = handler === cacheHandler && remote === cacheHandlers.remote && required;
      const keyv = new KeyvMemts('localhost:1');
      const limits = new ExpressRateLimitStore(keyv.client);
      console.log(keyv.opts.dialect, memtsDriver({ servers: 'localhost:1' }).name, limits.prefix, next);`;
    expect(await outcome(code, 'mjs')).toBe('memcached memts rl true');
  });
});
