import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { compile, STRICT } from './support/compile.ts';

const GUIDE = readFileSync(join(ROOT, 'docs/options.md'), 'utf8');

/** The options' type for each heading of the guide, without what its text says is left out or said elsewhere. */
const TYPES: Readonly<Record<string, string>> = {
  '## Client': "Omit<ClientOptions, Exclude<keyof ServerOptions, 'protocol'>>",
  '## Server': 'ServerOptions',
  '## An address': 'ServerAddress',
  '## Commands': 'CommandOptions',
  '### get, getAndTouch': 'Omit<GetOptions, keyof CommandOptions>',
  '### get': 'Omit<GetIfChangedOptions, keyof GetOptions>',
  '### getMulti': 'Omit<GetMultiOptions, keyof CommandOptions>',
  '### delete, append, prepend': 'Omit<ChangeOptions, keyof CommandOptions>',
  '### set, add, replace': 'Omit<InsertOptions, keyof CommandOptions>',
  '### setMulti': 'Omit<SetMultiOptions, keyof CommandOptions>',
  '### increment, decrement': 'Omit<IncrementDecrementOptions, keyof CommandOptions>',
  '### flush': 'Omit<FlushOptions, keyof CommandOptions>',
  '### getOrSet': 'GetOrSetOptions',
  '### invalidate': 'Omit<InvalidateOptions, keyof CommandOptions>',
  '### update': 'Omit<UpdateOptions, keyof CommandOptions>',
  '### jsonSerializer': 'JsonSerializerOptions',
  '### compressed': 'CompressOptions',
  '### Shared with other languages': 'SharedSerializerOptions',
  '### dalliSerializer': 'Omit<DalliSerializerOptions, keyof SharedSerializerOptions>',
  '## Cache': 'CacheOptions',
  '### near': 'NearOptions',
  '### set and getOrSet of a cache': 'CacheSetOptions',
  '### getOrSet of a cache': 'Omit<CacheGetOrSetOptions, keyof CacheSetOptions>',
  '### invalidateTags': 'InvalidateTagsOptions',
  '### elasticache': 'ElasticacheOptions',
  '### dns': 'DnsOptions',
  '### ketama': 'KetamaOptions',
  '## MemoryServer': 'MemoryServerOptions',
};

/** Those that are not of the main entry. */
const ELSEWHERE: Readonly<Record<string, string[]>> = {
  'memts/cache': ['CacheOptions', 'CacheSetOptions', 'CacheGetOrSetOptions', 'InvalidateTagsOptions', 'NearOptions'],
  'memts/memory-server': ['MemoryServerOptions'],
  'memts/serializers': ['DalliSerializerOptions', 'SharedSerializerOptions'],
};

/** The names in the first column of the first table under a heading. */
function names(heading: string): string[] {
  const start = GUIDE.indexOf(`\n${heading}\n`);
  const table = /(?:^\|.*\n)+/m.exec(GUIDE.slice(start))?.[0] ?? '';
  const cells = table.split('\n').map((row) => row.split('|')[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
}

it('has a table for every heading that is checked, and checks every table', () => {
  const tables = [...GUIDE.matchAll(/^\| (option|field) \|/gm)].length;
  expect(Object.keys(TYPES).filter((heading) => !GUIDE.includes(`\n${heading}\n`))).toEqual([]);
  expect(tables).toBe(Object.keys(TYPES).length);
});

it('names every option, and no others', async () => {
  const types = [...new Set(Object.values(TYPES).flatMap((type) => type.match(/\w+Options|ServerAddress/g) ?? []))];
  const program = [
    `import type { ${types.filter((type) => !Object.values(ELSEWHERE).flat().includes(type)).join(', ')} } from 'memts';`,
    ...Object.entries(ELSEWHERE).map(([entry, names]) => `import type { ${names} } from '${entry}';`),
    ...Object.entries(TYPES).map(([heading, type], i) => {
      const literal = names(heading).map((name) => `${name}: true`);
      return `export const table${i}: Record<keyof (${type}), true> = { ${literal} };`;
    }),
  ];
  expect(await compile(inject('ours'), program.join('\n'), ['options.mts'], STRICT)).toEqual([]);
});
