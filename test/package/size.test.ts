import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, inject, it } from 'vitest';
import { run } from './support/run.ts';

/**
 * The most that programs which import these may weigh, in bytes, bundled and minified for Node.js. The aim for the whole
 * entry is 60,000; it is above it, so that these bounds keep it from growing.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  '*': 195_450,
  Client: 173_850,
  jsonSerializer: 8_000,
  MemcacheError: 1_000,
};

/** What `memts/cache` may add to a program that has all of the main entry, and to one that has the client alone. */
const CACHE_BUDGETS: Readonly<Record<string, number>> = { '*': 20_000, Client: 29_050 };

/** What a bundler makes of a program that imports one name of the packed package, or all of them. */
async function bundled(name: string, more = ''): Promise<Uint8Array> {
  const what = name === '*' ? '*' : `{ ${name} }`;
  const { outputFiles } = await build({
    stdin: { contents: `export ${what} from 'memts'; ${more}`, resolveDir: inject('ours') },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

it.each(Object.entries(BUDGETS))('keeps %s within %i bytes', async (name, budget) => {
  const bytes = await bundled(name);
  console.log(`${name}: ${bytes.length} bytes minified, ${gzipSync(bytes).length} in gzip`);
  expect(bytes.length).toBeGreaterThan(100);
  expect(bytes.length).toBeLessThan(budget);
});

it.each(Object.entries(CACHE_BUDGETS))('adds a cache to %s within %i bytes', async (name, budget) => {
  const without = await bundled(name);
  const added = (await bundled(name, "export { Cache } from 'memts/cache';")).length - without.length;
  console.log(`memts/cache beside ${name}: ${added} bytes minified`);
  expect(added).toBeGreaterThan(5000);
  expect(added).toBeLessThan(budget);
  // Who does not import it has nothing of it.
  expect(Buffer.from(without).includes('mC1')).toBe(false);
});

it('adds rate limits to a client within 11,000 bytes, and nothing to who does not import them', async () => {
  const without = await bundled('Client');
  const added = (await bundled('Client', "export * from 'memts/rate-limit';")).length - without.length;
  console.log(`memts/rate-limit beside Client: ${added} bytes minified`);
  expect(added).toBeGreaterThan(1000);
  expect(added).toBeLessThan(11_000);
  expect(Buffer.from(without).includes('whenDown')).toBe(false);
});

it('has an entry that works when it is bundled', async () => {
  const folder = join(inject('ours'), 'bundled');
  mkdirSync(folder);
  writeFileSync(join(folder, 'client.mjs'), await bundled('*'));
  const program = "import { Client } from './client.mjs'; console.log(Client.create('a').servers[0].host);";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], folder);
  expect(stdout).toBe('a\n');
});

it.each([
  ['imported', 'mjs', "import { Client } from 'memts';"],
  ['required', 'cjs', "const { Client } = require('memts');"],
])(
  'has the names of its functions in the stack of an error, and no comments or spare whitespace, when it is %s',
  async (_how, kind, load) => {
    const program = `${load}\ntry { Client.create('a', { retries: -1 }); } catch (error) { console.log(error.stack); }`;
    const name = `stack.${kind}`;
    writeFileSync(join(inject('ours'), name), program);
    const { stdout } = await run(process.execPath, [name], inject('ours'));
    expect(stdout).toMatch(/at checkOptions \(.*\n.*at Client\.create \(/s);
    const [, file = '', line] = /at checkOptions \((?:file:\/\/)?(.*):(\d+):\d+\)/.exec(stdout) ?? [];
    const code = readFileSync(file, 'utf8');
    // What Node.js prints of the code where nobody catches the error.
    expect(code.split('\n')[Number(line) - 1]).toMatch(/^\S.{20,200}$/);
    expect(code).not.toMatch(/^\s|^\/\/#|\/\*\*/m);
  },
);

it('is ASCII, so that Node.js keeps each file in half the memory', () => {
  const folder = join(inject('ours'), 'node_modules/memts');
  const files = inject('packed').files.filter(({ path }) => /\.[cm]js$/.test(path));
  expect(files.length).toBeGreaterThan(15);
  const others = files.filter(({ path }) => /[^\0-\x7f]/.test(readFileSync(join(folder, path), 'utf8')));
  expect(others).toEqual([]);
});
