import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { startMemcached } from '../support/memcached.ts';
import { run } from './support/run.ts';

interface Example {
  file: string;
  line: number;
  code: string;
  /** What its comments say that it prints. */
  prints: string[];
}

const EXAMPLES = ['README.md', 'docs/from-memjs.md'].flatMap(examplesOf);

function examplesOf(file: string): Example[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^```js\n(.*?)^```/gms)].map(({ 1: code = '', index }) => {
    const prints = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, output = '']) => output);
    return { file, line: text.slice(0, index).split('\n').length, code, prints };
  });
}

it('has examples', () => expect(EXAMPLES.length).toBeGreaterThanOrEqual(2));

it.each(EXAMPLES)('$file:$line prints what it says', async ({ file, line, code, prints }) => {
  expect(prints).not.toEqual([]);
  await using server = await startMemcached();
  const name = `${file.replaceAll(/\W/g, '-')}-${line}.${/^import /m.test(code) ? 'mjs' : 'cjs'}`;
  writeFileSync(join(inject('ours'), name), code.replaceAll('localhost:11211', server.address));
  const { stdout } = await run(process.execPath, [name], inject('ours'), { MEMCACHE_SERVERS: server.address });
  expect(stdout.trimEnd().split('\n')).toEqual(prints);
});
