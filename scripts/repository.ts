/**
 * Where the project is stands in package.json: `homepage`, `bugs`, `author`, `repository`. This puts it into the other
 * files that have to have it by themselves. `npm test` fails where they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REPOSITORY } from './packed-readme.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

type Json = Record<string, unknown>;

const read = (file: string): Json => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

/** The files as they have to be. */
export function filled(): Map<string, Json> {
  const { homepage, bugs, author, repository } = read('package.json');
  const files: [string, Json][] = [
    ...['cli', 'memcached'].map((directory): [string, Json] => {
      const file = `${directory}/package.json`;
      return [file, { ...read(file), homepage, bugs, author, repository: { ...(repository as Json), directory } }];
    }),
    [
      'typedoc.json',
      { ...read('typedoc.json'), sourceLinkTemplate: `${REPOSITORY}/blob/{gitRevision}/{path}#L{line}` },
    ],
  ];
  return new Map(files);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, content] of filled()) writeFileSync(join(ROOT, file), `${JSON.stringify(content, null, 2)}\n`);
}
