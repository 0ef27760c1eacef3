import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { startMemcached } from '../support/memcached.ts';
import { makeProject, ofOurs } from './support/project.ts';
import { run } from './support/run.ts';

/** Packages that were written for `memcached`, and do not know that it is another one. */
const HOSTS = ['connect-memcached', 'rate-limit-memcached', 'cache-manager-memcached-store'];
const BESIDE = ['express-session', 'express', 'express-rate-limit', 'rate-limiter-flexible', 'kruptein'];

const PROGRAM = `
const Memcached = require('memcached');
const results = {};
const { MEMCACHED: server } = process.env;
const promised = (object, method, ...given) => new Promise((resolve, reject) =>
  object[method](...given, (error, result) => (error ? reject(error) : resolve(result))));

async function sessions(name, options) {
  const session = require('express-session');
  const Store = require('connect-memcached')(session);
  const store = new Store({ hosts: [server], prefix: 'session:', ...options });
  await promised(store, 'set', 'id', { cookie: { maxAge: 60000 }, user: 'Ada' });
  const { user } = await promised(store, 'get', 'id');
  await promised(store, 'destroy', 'id');
  results[name] = [user, (await promised(store, 'get', 'id')) ?? null];
  store.client.end();
}

async function limits() {
  const express = require('express');
  const { rateLimit } = require('express-rate-limit');
  const { MemcachedStore } = require('rate-limit-memcached');
  const store = new MemcachedStore({ locations: [server] });
  const app = express();
  app.use(rateLimit({ windowMs: 60000, limit: 2, store, legacyHeaders: false }));
  app.get('/', (request, response) => response.send('served'));
  const listening = await new Promise((resolve) => { const made = app.listen(0, '127.0.0.1', () => resolve(made)); });
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await fetch('http://127.0.0.1:' + listening.address().port)).status);
  results['rate-limit-memcached'] = statuses;
  listening.closeAllConnections();
  listening.close();
  store.client.end();
}

async function flexible() {
  const { RateLimiterMemcache } = require('rate-limiter-flexible');
  const storeClient = new Memcached(server);
  const limiter = new RateLimiterMemcache({ storeClient, points: 2, duration: 60 });
  const taken = [];
  for (let i = 0; i < 3; i++) {
    taken.push(await limiter.consume('caller').then((result) => result.remainingPoints, (refused) => refused.consumedPoints));
  }
  await limiter.delete('caller');
  results['rate-limiter-flexible'] = [...taken, (await limiter.consume('caller')).remainingPoints];
  storeClient.end();
}

// The store takes promises and one argument, as another driver has them.
async function cacheManager() {
  class Driver extends Memcached { constructor(options) { super(options.hosts, options); } }
  const store = require('cache-manager-memcached-store').create({ driver: Driver, options: { hosts: [server] } });
  await store.set('key', { a: 1 }, 60);
  results['cache-manager-memcached-store'] = [await store.get('key'), await store.mget(['key', 'none'])];
  store.memcached.end();
}

sessions('connect-memcached')
  .then(() => sessions('connect-memcached, encrypted', { secret: 'S3cret-of-MORE-than-32-characters!!' }))
  .then(limits).then(flexible).then(cacheManager)
  .then(() => console.log(JSON.stringify(results)), (error) => { console.error(error); process.exit(1); });
`;

/** The package's own test files but for those of its sockets and its parser. Each test takes `done`, as in mocha. */
const OWN_TESTS = ['add', 'cas', 'get-set', 'incr-decr', 'namespace', 'touch'].map(
  (name) => `memcached-${name}.test.js`,
);

const RUNNER = `
const tests = [];
let group = '';
globalThis.describe = (name, define) => { group = name; define.call({ timeout() {} }); };
globalThis.it = (name, test) => tests.push({ name: group + ': ' + name, test });
const { join } = require('node:path');
require('should');
for (const file of process.argv.slice(2)) require(join(__dirname, 'node_modules/memcached/test', file));
(async () => {
  const outcomes = {};
  for (const { name, test } of tests) {
    outcomes[name] = await new Promise((resolve) => {
      const timer = setTimeout(resolve, 8000, 'not done');
      const end = (error) => { clearTimeout(timer); resolve(error ? String(error.message ?? error) : 'passed'); };
      process.removeAllListeners('uncaughtException').on('uncaughtException', end);
      try { test.call({ timeout() {} }, end); } catch (error) { end(error); }
    });
  }
  console.log(JSON.stringify(outcomes));
  process.exit();
})();
`;

let project: string;

beforeAll(() => {
  project = makeProject('memcached-hosts', ofOurs(BESIDE));
  // Copies, since a link would find the package beside where it leads to.
  for (const host of HOSTS)
    cpSync(join(ROOT, 'node_modules', host), join(project, 'node_modules', host), { recursive: true });
  mkdirSync(join(project, 'node_modules/memcached'));
  for (const part of ['package.json', 'dist']) {
    cpSync(join(ROOT, 'memcached', part), join(project, 'node_modules/memcached', part), { recursive: true });
  }
  writeFileSync(join(project, 'program.cjs'), PROGRAM);
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

it('stands in for memcached under the packages that were written for it', async () => {
  await using server = await startMemcached();
  const { stdout, stderr } = await run(process.execPath, ['program.cjs'], project, { MEMCACHED: server.address });
  expect({ results: JSON.parse(stdout), stderr }).toEqual({
    results: {
      'connect-memcached': ['Ada', null],
      'connect-memcached, encrypted': ['Ada', null],
      'rate-limit-memcached': [200, 200, 429, 429],
      'rate-limiter-flexible': [1, 0, 3, 1],
      'cache-manager-memcached-store': [{ a: 1 }, { key: { a: 1 } }],
    },
    stderr: '',
  });
});

it("passes memcached's own tests as memcached does", { timeout: 120_000 }, async () => {
  const theirs = join(ROOT, 'node_modules/memcached');
  const [expected, found] = await Promise.all([
    ownTests('own-tests-of-memcached', theirs),
    ownTests('own-tests-of-ours', join(project, 'node_modules/memcached')),
  ]);
  expect(Object.keys(expected).length).toBeGreaterThan(30);
  expect(found).toEqual(expected);
});

/** What came of each test, run on a package under the name `memcached`. */
async function ownTests(name: string, subject: string): Promise<Record<string, string>> {
  const servers = await Promise.all(Array.from({ length: 3 }, () => startMemcached()));
  const [single, ...others] = servers.map(({ address }) => address);
  const tests = join(ROOT, 'node_modules/memcached/test');
  const folder = makeProject(name, ofOurs(['hashring', 'jackpot', 'should']));
  const installed = join(folder, 'node_modules/memcached');
  cpSync(subject, installed, { recursive: true });
  cpSync(tests, join(installed, 'test'), { recursive: true });
  const common = readFileSync(join(tests, 'common.js'), 'utf8')
    .replace(/single: .*/, `single: '${single}'`)
    .replace(/multi: \[[^\]]*\]/, `multi: ${JSON.stringify([single, ...others])}`);
  writeFileSync(join(installed, 'test/common.js'), common);
  writeFileSync(join(folder, 'runner.cjs'), RUNNER);
  const { stdout } = await run(process.execPath, ['runner.cjs', ...OWN_TESTS], folder);
  rmSync(folder, { recursive: true, force: true });
  await Promise.all(servers.map((server) => server.stop()));
  return JSON.parse(stdout) as Record<string, string>;
}

it('is the class itself to require, under both names, and a default to import', async () => {
  const code = `
    import { createRequire } from 'node:module';
    import imported, { Memcached as named } from 'memts/memcached';
    import alias from 'memcached';
    const require = createRequire(import.meta.url);
    const required = require('memts/memcached');
    console.log([imported === named, typeof required, required.default === required, typeof alias, require('memcached') === alias].join());
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], project);
  expect(stdout.trim()).toBe('true,function,true,function,true');
  expect(inject('ours')).toBeTypeOf('string');
});
