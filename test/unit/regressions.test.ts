import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';

const TABLE = 'docs/reliability/regressions.md';
const CONSISTENCY = 'docs/consistency.md';
const FOLDER = 'test/faults/regressions';

/** The titles of the tests in a file. */
function titles(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const [title] = ts.isCallExpression(node) ? node.arguments : [];
    if (ts.isCallExpression(node) && title && ts.isStringLiteralLike(title) && isTest(node.expression)) {
      found.push(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether that is `test` or `it`, with whatever modifiers and tables. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['test', 'it'].includes(callee.text);
  return (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) && isTest(callee.expression);
}

/** The tests that the rows of a page's tables end with. */
function rowsOf(page: string): { file: string; title: string }[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^\| .+ \| `(test\/\S+)` \| `(.+)` \|$/gm)].map(([, file = '', title = '']) => ({
    file,
    title,
  }));
}

const rows = rowsOf(TABLE);

it('every row of the table of regressions names a test that exists', () => {
  const lines = readFileSync(join(ROOT, TABLE), 'utf8').match(/^\| (?!what happened).+\|$/gm) ?? [];
  expect(rows.length).toBe(lines.length);
  expect(rows.length).toBeGreaterThan(100);
  const byFile = new Map(rows.map(({ file }) => [file, titles(file)]));
  expect(rows.filter(({ file, title }) => !byFile.get(file)?.includes(title))).toEqual([]);
});

it('every row about old values names a test that exists', () => {
  const lines = readFileSync(join(ROOT, CONSISTENCY), 'utf8').match(/^\| (?!what happens).+\|$/gm) ?? [];
  const named = rowsOf(CONSISTENCY);
  expect(named.length).toBe(lines.length);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ file, title }) => !titles(file).includes(title))).toEqual([]);
});

it('every test of a regression is in the table', () => {
  const files = readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith('.test.ts'));
  const tests = files.flatMap((name) =>
    titles(`${FOLDER}/${name}`).map((title) => ({ file: `${FOLDER}/${name}`, title })),
  );
  expect(tests.length).toBeGreaterThan(50);
  const named = new Set(rows.map(({ file, title }) => `${file}: ${title}`));
  expect(tests.filter(({ file, title }) => !named.has(`${file}: ${title}`))).toEqual([]);
});
