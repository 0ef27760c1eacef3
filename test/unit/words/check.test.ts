import { expect, it } from 'vitest';
import { check } from '../../../scripts/words/check.ts';

const found = (file: string, text: string): string[] => check(file, text).map(({ line, found }) => `${line} ${found}`);

it('finds the words of the list in Markdown, with their lines', () => {
  expect(found('a.md', 'A server is told\nanew, after\nthe floor.')).toEqual(['1 told', '2 anew', '3 the floor']);
});

it('looks at the titles and the comments of tests', () => {
  const program =
    "it('is told', () => {});\ndescribe.each([['anew']])('left alone %s', () => {\n  it(`ours anew`, () => log('anew')); // told\n});\n";
  expect(found('test/a.test.ts', program)).toEqual(['1 told', '2 left alone', '3 ours', '3 told', '3 anew']);
});

it('says what to write instead', () => {
  expect(check('a.md', 'left alone')[0]?.instead).toContain('ejected');
});

it.each([
  ['a fenced block', '```js\n// left alone\n```'],
  ['code in a line', 'see `left alone`'],
  ['the target of a link', '[here](left-alone.md#ours)'],
  ['the field’s word', 'a thundering herd'],
])('passes over %s', (_, text) => expect(found('a.md', text)).toEqual([]));

it('looks into comments, texts and names of TypeScript', () => {
  const program =
    "/** It is told. */\nconst done = 'left alone'; // ours\nconst leftAlone = `told`;\nthis.#outOfStep(OURS, the, floor);\n";
  expect(found('a.ts', program)).toEqual([
    '1 told',
    '2 left alone',
    '2 ours',
    '3 left Alone',
    '3 told',
    '4 OURS',
    '4 out Of Step',
  ]);
});
