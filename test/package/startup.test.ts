import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startMemcached } from '../support/memcached.ts';
import { Startup } from '../support/startup.ts';
import { run } from './support/run.ts';

/** How often each is started. Both take turns, so that whatever else the machine does costs both the same. */
const TIMES = 15;

/**
 * The most that loading the client may take, in MemJS's time for the same. The goal of `npm run bench:startup` is 1.8;
 * these leave room for a machine that has much else to do.
 */
const BOUNDS = { import: 2, require: 2.4 } as const;

/** What a client of a plain connection does without: these take longer to load than all of the client. */
const SPARED = ['tls', '_tls_wrap', 'crypto', 'zlib', 'dns/promises', 'inspector', 'http', 'readline'];
/** What is loaded by the first connection, where `require` can put that off, and by the first value that comes back. */
const LATER = { import: ['worker_threads'], require: ['net', 'worker_threads'] };

const LOADS = {
  import: ['mjs', "const { Client } = await import('memts');"],
  require: ['cjs', "const { Client } = require('memts');"],
} as const;

/** Prints which modules of Node.js were loaded by the package, and which by a command. */
const program = (load: string): string => `
const own = new Set(process.moduleLoadList);
const loaded = () => process.moduleLoadList.filter((name) => !own.has(name)).map((name) => name.replace(/^NativeModule /, ''));
(async () => {
${load}
const first = loaded();
const client = Client.create(process.env.SERVER);
await client.set('key', 'value');
await client.get('key');
console.log(JSON.stringify({ first, all: loaded() }));
await client.quit();
})();
`;

let startup: Startup;

beforeAll(() => {
  const folder = (project: string) => join(inject(project as 'ours'), 'node_modules');
  startup = new Startup({ memts: join(folder('ours'), 'memts'), memjs: join(folder('memjs'), 'memjs') });
});

afterAll(() => startup.remove());

it.each(['import', 'require'] as const)(
  'loads no module of Node.js early that few programs need, by %s',
  async (way) => {
    await using server = await startMemcached();
    const [kind, load] = LOADS[way];
    const name = `modules.${kind}`;
    writeFileSync(join(inject('ours'), name), program(load));
    const { stdout } = await run(process.execPath, [name], inject('ours'), { SERVER: server.address });
    const { first, all } = JSON.parse(stdout) as { first: string[]; all: string[] };
    expect(first).toContain('diagnostics_channel');
    expect(first.filter((name) => [...SPARED, ...LATER[way]].includes(name))).toEqual([]);
    expect(all).toEqual(expect.arrayContaining(LATER[way]));
    expect(all.filter((name) => SPARED.includes(name))).toEqual([]);
  },
);

it.each(['import', 'require'] as const)('is loaded in little more time than MemJS, by %s', async (way) => {
  // To import CommonJS, Node.js compiles code on other threads, which a few processes end without: their least says little.
  const times = await startup[way === 'import' ? 'medians' : 'minima'](['memts', 'memjs'], way, TIMES);
  const [ours = Number.NaN, memjs = Number.NaN] = [times.get('memts'), times.get('memjs')];
  console.log(`${way}: ${ours.toFixed(1)} ms of CPU, ${(ours / memjs).toFixed(2)} x MemJS's`);
  expect(ours / memjs).toBeLessThan(BOUNDS[way]);
});
