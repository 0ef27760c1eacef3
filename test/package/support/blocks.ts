import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/built.ts';

/** A block of code in the documentation. */
export interface Block {
  file: string;
  line: number;
  kind: 'js' | 'ts';
  code: string;
  /** What its comments say that it prints. */
  prints: string[];
}

/** Every block of JavaScript or TypeScript in the README and the guides, but those marked `fragment`. */
export function blocks(): Block[] {
  const guides = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...guides.sort().map((name) => `docs/${name}`)].flatMap(blocksOf);
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^```([jt]s)\n(.*?)^```$/gms)].map(({ 1: kind, 2: code = '', index }) => {
    const prints = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, output = '']) => output);
    return { file, line: text.slice(0, index).split('\n').length, kind: kind === 'ts' ? 'ts' : 'js', code, prints };
  });
}

/** What the guides take as given: each is put before a block that has the name and does not declare it. */
const GIVEN: readonly [name: string, code: string][] = [
  ['Client', "import { Client } from 'memts';"],
  ['MemoryServer', "import { MemoryServer } from 'memts/memory-server';"],
  ['elasticache', "import { elasticache } from 'memts';"],
  ['jsonSerializer', "import { jsonSerializer } from 'memts';"],
  ['compressed', "import { compressed } from 'memts';"],
  ['servers', "const servers = ['localhost:11211'];"],
  ['server', 'const server = await MemoryServer.start();'],
  ['client', "const client = Client.create('localhost:11211');"],
  ['metrics', 'const metrics = { down(..._given: unknown[]) {}, up(..._given: unknown[]) {} };'],
  ['page', "const page = '<html>';"],
  ['db', 'const db = { loadUser: async (id: unknown) => JSON.stringify({ id }) };'],
  ['change', "const change = (value: unknown) => value + '!';"],
  ['ca', "const ca = '';"],
  // Of Nuxt and Nitro, which are too large to be installed for this.
  [
    'defineNuxtConfig',
    'const defineNuxtConfig = (config: { nitro: { storage: Record<string, { driver: string; [option: string]: unknown }> } }) => config;',
  ],
  [
    'useStorage',
    "import { createStorage } from 'unstorage';\nconst storage = createStorage();\nconst useStorage = () => storage;",
  ],
  [
    'defineNitroPlugin',
    "type Nitro = { hooks: { hook(name: 'close', run: () => unknown): void } };\n" +
      'const defineNitroPlugin = (plugin: (nitro: Nitro) => void) => plugin({ hooks: { hook: (_name, run) => run() } });',
  ],
  ['readFileSync', "const readFileSync = (_path: string) => '';"],
];

/** What stands in for the test runners that the guides use. */
export const TEST_RUNNER = `
const hooks = { beforeAll: [], beforeEach: [], afterAll: [] };
const tests = [];
export const beforeAll = (run) => hooks.beforeAll.push(run);
export const beforeEach = (run) => hooks.beforeEach.push(run);
export const afterAll = (run) => hooks.afterAll.push(run);
export const test = (name, run) => tests.push(run);
export const expect = (found) => ({ toBe(wanted) { if (found !== wanted) throw new Error(found + ' is not ' + wanted); } });
export async function runTests() {
  const [start, each, end, run] = [hooks.beforeAll, hooks.beforeEach, hooks.afterAll, tests].map((list) => list.splice(0));
  for (const hook of start) await hook();
  for (const one of run) {
    for (const hook of each) await hook();
    const after = [];
    try { await one({ after: (hook) => after.push(hook) }); } finally { for (const hook of after) await hook(); }
  }
  for (const hook of end) await hook();
}
`;

/** Types of what the modules find at hand. */
export const GIVEN_TYPES = `
declare var consoleOf: (block: string) => Console;
declare module '*/test-runner.mjs' {
  type Run = (context: { after(hook: () => unknown): void }) => unknown;
  export const beforeAll: (run: Run) => void;
  export const beforeEach: (run: Run) => void;
  export const afterAll: (run: Run) => void;
  export const test: (name: string, run: Run) => void;
  export const expect: (found: unknown) => { toBe(wanted: unknown): void };
}
declare module 'memcached';
`;

/** What the guides' sessions hold, which JavaScript can't say. */
export const SESSION_TYPES = `
import 'express-session';
declare module 'express-session' {
  interface SessionData { user?: string; visits?: number }
}
`;

/**
 * A block as a module of its own that can be run, with the address of a server where it says localhost:11211. Modules
 * that are scripts of CommonJS stay so.
 */
export function program({ code, file, line }: Block, address: string): { extension: string; text: string } {
  const isScript = /\brequire\(/.test(code);
  const runner = /from '(vitest|node:test)'/.test(code) || /^(test|beforeAll)\(/m.test(code);
  let text = code.replaceAll(/ from '(vitest|node:test)'/g, " from './test-runner.mjs'");
  if (runner && isScript) text = `const { beforeAll, beforeEach, afterAll, test, expect } = testRunner;\n${text}`;
  for (const [name, given] of isScript ? [] : [...GIVEN].reverse()) {
    const declared = new RegExp(`\\b(const|let|var|function|class) ${name}\\b|import [^;]*\\b${name}\\b[^;]* from`);
    if (new RegExp(`(?<![.'\`/\\w-])${name}\\b(?![-:'])`).test(text) && !declared.test(text))
      text = `${given}\n${text}`;
  }
  text = text.replaceAll('localhost:11211', address);
  return {
    extension: isScript ? 'cjs' : 'mts',
    text: `const console = globalThis.consoleOf('${file}:${line}');\n${text}`,
  };
}

/** A program that runs the modules one after another and prints, as JSON, what each printed or failed with. */
export const RUNNER = `
import { writeFileSync } from 'node:fs';
import { format } from 'node:util';
import { createRequire } from 'node:module';
import { Client } from 'memts';
import * as testRunner from './test-runner.mjs';
globalThis.testRunner = testRunner;
const { RESULTS, SERVER, BLOCKS } = process.env;
const require = createRequire(import.meta.url);
const client = Client.create(SERVER);
const results = [];
let current;
const fail = (error) => { current.error ??= String(error?.stack ?? error); };
process.on('unhandledRejection', fail);
process.on('uncaughtException', fail);
const printed = {};
globalThis.consoleOf = (block) => ({
  ...console,
  log: (...given) => (printed[block] ??= []).push(...format(...given).split('\\n')),
});
const patience = (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref());
for (const { name, block, lines } of JSON.parse(BLOCKS)) {
  results.push((current = { block, printed: (printed[block] = []) }));
  await client.flush();
  try {
    const keepAlive = setInterval(() => {}, 1000);
    const run = async () => {
      await (name.endsWith('.cjs') ? require('./' + name) : import('./' + name));
      await testRunner.runTests();
    };
    await Promise.race([run(), patience(30_000).then(() => { throw new Error('took over 30 s'); })]);
    for (let waited = 0; current.printed.length < lines && waited < 1000; waited++) await patience(10);
    clearInterval(keepAlive);
  } catch (error) { fail(error); }
}
// What blocks leave undone, such as commands without await, ends here or fails.
await new Promise((resolve) => setTimeout(resolve, 200));
writeFileSync(RESULTS, JSON.stringify(results));
process.exit(0);
`;
