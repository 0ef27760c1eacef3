import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { startMemcached } from '../support/memcached.ts';
import { npmInstall } from '../support/npm.ts';
import { run } from './support/run.ts';

/** How long npm may take to bring them. */
const SECONDS = 60;

/** Packages that depend on `memjs` themselves, and what a program needs beside them. */
const DEPENDENCIES = {
  '@keyv/memcache': '1.4.1',
  'connect-memjs': '0.2.1',
  'express-session': '1.19.0',
  keyv: '5.6.0',
};

const PROGRAM = `
const session = require('express-session');
const { Keyv } = require('keyv');
const KeyvMemcache = require('@keyv/memcache');
const MemjsStore = require('connect-memjs')(session);
const { MEMCACHE_SERVERS: servers } = process.env;
const print = (...parts) => console.log(parts.join(' '));
const of = (name) => require(require.resolve('memjs/package.json', { paths: [require.resolve(name)] })).name;
async function main() {
  print(of('@keyv/memcache'), of('connect-memjs'));
  const keyv = new Keyv({ store: new KeyvMemcache(servers), namespace: 'shop' });
  print(await keyv.set('key', { a: 1 }, 60_000), JSON.stringify(await keyv.get('key')), await keyv.get('none'));
  print(await keyv.delete('key'), await keyv.get('key'));
  const store = new MemjsStore({ servers: [servers], prefix: 'sess:' });
  const call = (name, ...given) => new Promise((resolve, reject) =>
    store[name](...given, (error, result) => (error ? reject(error) : resolve(result))));
  await call('set', 'id', { cookie: { maxAge: 60_000 }, user: 'Ada' });
  print((await call('get', 'id')).user);
  await call('destroy', 'id');
  print('gone', (await call('get', 'id')) ?? null);
  process.exit();
}
main().catch((error) => { console.error(error); process.exit(1); });
`;

const project = join(dirname(inject('ours')), 'dependents');
afterAll(() => rmSync(project, { recursive: true, force: true }));

it('stands in for memjs under connect-memjs and @keyv/memcache, with an override', async ({ skip }) => {
  mkdirSync(project);
  const manifest = {
    name: 'a-project',
    private: true,
    dependencies: { ...DEPENDENCIES, memjs: `file:${inject('tarball')}` },
    overrides: { memjs: '$memjs' },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(project, 'program.cjs'), PROGRAM);
  await npmInstall([], project, SECONDS).catch((error: Error) => {
    console.warn(`connect-memjs and @keyv/memcache are not tested: ${error.message}`);
    skip(error.message);
  });
  await using server = await startMemcached();
  const { stdout, stderr } = await run(process.execPath, ['program.cjs'], project, {
    MEMCACHE_SERVERS: server.address,
  });
  // One of them passes us an option of its own that is nearly one of memts's.
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('memts: there is no option ttl'));
  expect({ lines, stderr }).toEqual({
    lines: ['memts memts', 'true {"a":1} ', 'true ', 'Ada', 'gone '],
    stderr: '',
  });
});
