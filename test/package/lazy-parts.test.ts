import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { run } from './support/run.ts';

/** Programs that require the package, whose parts are loaded when they are first used. */
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
  return () => server[Symbol.asyncDispose]();
});

/** Runs a program beside the package, or a copy of it without some of its parts, and gives what it printed last, as JSON. */
async function printed(name: string, program: string, without: readonly string[] = []): Promise<unknown> {
  const folder = without.length === 0 ? inject('ours') : join(inject('ours'), name);
  if (without.length > 0) {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    cpSync(join(inject('ours'), 'node_modules/memts'), join(folder, 'node_modules/memts'), { recursive: true });
    for (const part of without) rmSync(join(folder, `node_modules/memts/dist/parts/${part}.cjs`));
  }
  writeFileSync(join(folder, `${name}.cjs`), `(async () => {\n${program}\n})();`);
  const { stdout } = await run(process.execPath, [`${name}.cjs`], folder, { SERVER: server.address });
  // The client logs to stdout, as MemJS does.
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

const LOADED = `
const loaded = () => Object.keys(require.cache).flatMap((path) => /dist.(?:parts.)?([\\w-]+)\\.cjs$/.exec(path)?.[1] ?? []);
`;

it('loads each part when it is first used, and whatever is made of it works', async () => {
  const program = `${LOADED}
const memts = require('memts');
const steps = [loaded().sort()];
const step = (value) => steps.push([value, ...loaded().filter((part) => !steps.flat().includes(part))]);
const client = memts.Client.create(process.env.SERVER);
step('created');
await client.set('lazy', 'value');
step(String((await client.get('lazy')).value));
step(String((await client.getMulti(['lazy'])).get('lazy').value));
step(String(await client.getOrSet('lazy-computed', () => 'computed')));
const json = memts.Client.create(process.env.SERVER, { serializer: memts.jsonSerializer() });
await json.set('lazy-json', { a: 1 });
step((await json.get('lazy-json')).value.a);
const cluster = memts.Client.create([process.env.SERVER, '127.0.0.1:1'], { distribution: memts.ketama(), failover: true });
step(typeof cluster.getServer('key'));
const binary = memts.Client.create(process.env.SERVER, { protocol: 'binary' });
step(String((await binary.get('lazy')).value));
for (const each of [client, json, cluster, binary]) each.close();
console.log(JSON.stringify(steps));`;
  expect(await printed('steps', program)).toEqual([
    ['client', 'index'],
    ['created', 'connection'],
    ['value', 'text'],
    ['value'],
    ['computed', 'get-or-set'],
    [1, 'values'],
    ['number', 'cluster'],
    ['value', 'binary'],
  ]);
});

it('has each name that one part takes from another', async () => {
  const dist = join(inject('ours'), 'node_modules/memts/dist');
  const require = createRequire(import.meta.url);
  const home = require(join(dist, 'parts/client.cjs')) as Record<string, unknown>;
  const lazy = new Map<string, Record<string, unknown>>();
  for (const [name, part] of Object.entries(home)) {
    if (name.startsWith('require_')) lazy.set(name, (part as { whole: Record<string, unknown> }).whole);
  }
  expect(lazy.size).toBe(6);
  const missing: string[] = [];
  let taken = 0;
  const take = (file: string, part: Record<string, unknown> | undefined, name: string): void => {
    taken++;
    if (part?.[name] === undefined) missing.push(`${file}: ${name}`);
  };
  for (const path of (readdirSync(dist, { recursive: true }) as string[]).filter((file) => file.endsWith('.cjs'))) {
    const code = readFileSync(join(dist, path), 'utf8');
    // The lines at the top of a lazy part, in which it takes what it needs.
    const [top = ''] =
      /^"use strict";\nmodule\.exports = \(function\(\w+, \w+\) \{\n(?:const \{ .* \} = .*;\n)*/.exec(code) ?? [];
    for (const [, names = '', from = ''] of top.matchAll(/^const \{ (.*) \} = \w+(?:\.(require_\w+)\.whole)?;$/gm)) {
      for (const name of names.split(', ')) take(path, from === '' ? home : lazy.get(from), name.split(':')[0] ?? '');
    }
    for (const [, variable = '', from = ''] of code.matchAll(/^const (\w+) = .*?(require_parts_\w+)(?: = .*)?;$/gm)) {
      const uses = code.matchAll(new RegExp(`(?<![.\\w$])${variable}\\.whole\\.([\\w$]+)`, 'g'));
      for (const [, name = ''] of uses) take(path, lazy.get(from), name);
    }
  }
  expect(missing).toEqual([]);
  expect(taken).toBeGreaterThan(200);
});

it('gives parts that come late what the program has, when the registry has been emptied meanwhile', async () => {
  const program = `
const { Client, MemcacheError } = require('memts');
const client = Client.create(process.env.SERVER, { conntimeout: 1, retries: 0 });
for (const path of Object.keys(require.cache)) delete require.cache[path];
const value = String(await client.getOrSet('emptied', () => 'computed'));
const error = await client.getOrSet('', () => 'computed').catch((error) => error);
const again = Object.keys(require.cache).filter((path) => /client.cjs$/.test(path)).length;
client.close();
console.log(JSON.stringify([value, error.code, error instanceof MemcacheError, again]));`;
  expect(await printed('emptied', program)).toEqual(['computed', 'ERR_INVALID_KEY', true, 0]);
});

it('has exports that can be listed, replaced and put into another object, loaded or not', async () => {
  const program = `${LOADED}
const memts = require('memts');
const names = Object.keys(memts);
const before = loaded().length;
const mine = () => {};
memts.jsonSerializer = mine;
const all = { ...memts };
console.log(JSON.stringify([names.includes('structuredSerializer'), before, all.jsonSerializer === mine,
  names.filter((name) => all[name] === undefined)]));`;
  expect(await printed('exports', program)).toEqual([true, 2, true, []]);
});

it('rejects, and says which file, where a part can not be loaded', async () => {
  const program = `
const { Client } = require('memts');
process.on('uncaughtException', (error) => { console.log(JSON.stringify(['uncaught', error.message])); process.exit(); });
const client = Client.create(process.env.SERVER, { timeout: 1, retries: 0 });
const failures = [
  await client.get('key').catch((error) => error),
  await client.getOrSet('key', () => 'value').catch((error) => error),
  await client.getOrSetMulti(['key'], () => new Map()).catch((error) => error),
  await client.invalidate('key').catch((error) => error),
];
client.close();
const named = (error) => /dist.parts.([\\w-]+)\\.cjs|parts.([\\w-]+)\\.cjs|\\.\\/([\\w-]+)\\.cjs/.exec((error.cause ?? error).message).slice(1).join('');
console.log(JSON.stringify(failures.map((error) => [error.code, named(error)])));`;
  expect(await printed('broken', program, ['text', 'get-or-set'])).toEqual([
    ['ERR_CONNECT', 'text'],
    ['MODULE_NOT_FOUND', 'get-or-set'],
    ['MODULE_NOT_FOUND', 'get-or-set'],
    ['MODULE_NOT_FOUND', 'get-or-set'],
  ]);
});

it('rejects where the protocol that is tried next can not be loaded', async () => {
  const program = `
const { createServer } = require('node:net');
const { Client } = require('memts');
process.on('uncaughtException', (error) => { console.log(JSON.stringify(['uncaught', error.message])); process.exit(); });
const hangsUp = createServer((socket) => socket.once('data', () => socket.end()).on('error', () => {}));
await new Promise((resolve) => hangsUp.listen(0, '127.0.0.1', resolve));
const client = Client.create('127.0.0.1:' + hangsUp.address().port, { timeout: 5, retries: 0 });
const error = await client.get('key').catch((error) => error);
client.close();
hangsUp.close();
console.log(JSON.stringify([error.code, error.cause?.code]));`;
  expect(await printed('next', program, ['binary'])).toEqual(['ERR_CONNECT', 'MODULE_NOT_FOUND']);
});
