import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { compile, STRICT } from './support/compile.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The names that open the pieces of code in the first column of the first table under a heading. */
function names(heading: string): string[] {
  const section = README.slice(README.indexOf(`\n${heading}\n`));
  const table = /(?:^\|.*\n)+/m.exec(section)?.[0] ?? '';
  const cells = table.split('\n').map((row) => row.split('|')[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)[^`]*`/g)].map(([, name = '']) => name));
}

/** An object that has exactly these names, which the compiler compares with those it should have. */
function literal(heading: string): string {
  return `{ ${names(heading).map((name) => `${name}: true`)} }`;
}

it("names every method, option and error code in the README's tables, and no others", async () => {
  const program = [
    "import type { Client, ClientOptions, ErrorCode } from 'memts';",
    'type Method<N extends keyof Client> = Client[N] extends (...given: never) => unknown ? N : never;',
    'type Methods = Extract<{ [N in keyof Client]: Method<N> }[keyof Client], string>;',
    `export const methods: Record<Methods, true> = ${literal('## API')};`,
    `export const options: Record<keyof ClientOptions, true> = ${literal('### Options')};`,
    `export const codes: Record<ErrorCode, true> = ${literal('### Errors')};`,
  ];
  expect(names('### Errors').length).toBeGreaterThan(10);
  expect(await compile(inject('ours'), program.join('\n'), ['readme.mts'], STRICT)).toEqual([]);
});
