import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { makeFolder } from '../support/leftovers.ts';

const PLUGIN = join(ROOT, 'node_modules/@fastify/rate-limit');
const FIXTURES = join(ROOT, 'test/rate-limit/fixtures');
/** By its place: what runs is in a folder of its own. */
const TSX = join(ROOT, 'node_modules/tsx/dist/loader.mjs');

/** About the plugin's own stores. */
const NOT_OURS = ['redis-rate-limit.test.js', 'local-store-close.test.js', 'ip-normalization.test.js'];

/** What memcached's whole seconds and longest window do not allow. */
const DIFFERENT = [
  'With { increment: false } and continueExceeding the peek mirrors the active window',
  'With { increment: false } and exponentialBackoff the peek reports the base window without escalating it',
  'afterReset and Rate Limit remain the same when enableDraftSpec is enabled',
  // A window of 285,421 years.
  'MAx safe Exponential Backoff',
];

it("passes the plugin's own tests of a store", { timeout: 60_000 }, async () => {
  const folder = makeFolder();
  const files = ['test', 'test/github-issues'].flatMap((place) => {
    mkdirSync(join(folder, place), { recursive: true });
    return readdirSync(join(PLUGIN, place))
      .filter((name) => name.endsWith('.test.js') && !NOT_OURS.includes(name))
      .map((name) => join(place, name));
  });
  for (const file of files) {
    const text = readFileSync(join(PLUGIN, file), 'utf8');
    // What they wait for in real time goes by on that clock, too.
    const waits = 'ms < 500 ? setTimeout(resolve, ms) : (goBy(ms), setImmediate(resolve))';
    writeFileSync(join(folder, file), text.replace('setTimeout(resolve, ms)', waits));
  }
  writeFileSync(
    join(folder, 'index.js'),
    `module.exports = require(${JSON.stringify(`${FIXTURES}/fastify-plugin.cjs`)});`,
  );
  writeFileSync(join(folder, 'all.js'), files.map((file) => `require('./${file}');`).join('\n'));
  const args = [
    '--require',
    `${FIXTURES}/fastify-clock.cjs`,
    '--import',
    TSX,
    '--test-force-exit',
    '--test-reporter=tap',
    'all.js',
  ];
  const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules'), NODE_TEST_CONTEXT: undefined };
  // With failures among the tests it ends with 1.
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env, timeout: 50_000 }).catch(
    (error) => error,
  );
  const outcomes = [...String(stdout).matchAll(/^(ok|not ok) \d+ - (.*?)( # SKIP)?$/gm)];
  const failed = outcomes.filter(([, outcome]) => outcome === 'not ok').map(([, , name]) => String(name));
  expect(outcomes.length).toBeGreaterThan(90);
  expect(failed.filter((name) => !DIFFERENT.includes(name))).toEqual([]);
});
