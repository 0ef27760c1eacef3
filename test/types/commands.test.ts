import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { compile, STRICT } from './support/compile.ts';

/** The names that open the pieces of code in the first column of the first table under a heading. */
function names(file: string, heading: string): string[] {
  const page = readFileSync(join(ROOT, 'docs', file), 'utf8');
  const section = page.slice(page.indexOf(`\n${heading}\n`));
  const table = /(?:^\|.*\n)+/m.exec(section)?.[0] ?? '';
  const cells = table.split('\n').map((row) => row.split('|')[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)[^`]*`/g)].map(([, name = '']) => name));
}

/** An object that has exactly these names, which the compiler compares with those it should have. */
const literal = (found: string[]): string => `{ ${found.map((name) => `${name}: true`)} }`;

it('name every method and every error code in their tables, and no others', async () => {
  const methods = names('commands.md', '## Methods');
  const codes = names('errors.md', '## Every code');
  const program = [
    "import type { Client, ErrorCode } from 'memts';",
    'type Method<N extends keyof Client> = Client[N] extends (...given: never) => unknown ? N : never;',
    'type Methods = Extract<{ [N in keyof Client]: Method<N> }[keyof Client], string>;',
    `export const methods: Record<Methods, true> = ${literal(methods)};`,
    `export const codes: Record<ErrorCode, true> = ${literal(codes)};`,
  ];
  expect(methods.length).toBeGreaterThan(20);
  expect(codes.length).toBeGreaterThan(10);
  expect(await compile(inject('ours'), program.join('\n'), ['commands.mts'], STRICT)).toEqual([]);
});
