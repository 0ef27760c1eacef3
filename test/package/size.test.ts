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
  '*': 150_000,
  Client: 135_000,
  jsonSerializer: 8_000,
  MemcacheError: 1_000,
};

/** What a bundler makes of a program that imports one name of the packed package, or all of them. */
async function bundled(name: string): Promise<Uint8Array> {
  const what = name === '*' ? '*' : `{ ${name} }`;
  const { outputFiles } = await build({
    stdin: { contents: `export ${what} from 'memts';`, resolveDir: inject('ours') },
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
])('has code that can be read, and names in the stack of an error, when it is %s', async (_how, kind, load) => {
  const program = `${load}\ntry { Client.create('a', { retries: -1 }); } catch (error) { console.log(error.stack); }`;
  const name = `stack.${kind}`;
  writeFileSync(join(inject('ours'), name), program);
  const { stdout } = await run(process.execPath, [name], inject('ours'));
  const [, file = '', line] = /at checkOptions \((?:file:\/\/)?(.*):(\d+):\d+\)/.exec(stdout) ?? [];
  const source = readFileSync(file, 'utf8').split('\n');
  expect(source[Number(line) - 1]).toMatch(/^\t+throw new .*MemcacheError\("ERR_INVALID_ARGUMENT"/);
});
