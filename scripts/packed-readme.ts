/**
 * `npm pack` takes README.md as it is, and on npm's page there is no repository for its links to lead into. So they are
 * made absolute before, and relative again after: `packed-readme.ts absolute` and `relative`, in the package's folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Where the repository is to be seen. */
export const REPOSITORY: string = MANIFEST.homepage.replace(/#.*$/, '');

const [FILES, IMAGES] = [`${REPOSITORY}/blob/main/`, `${REPOSITORY}/raw/main/`];

/** A text whose links lead to the repository, from wherever it is read. `folder` is the file's, from the root. */
export function withAbsoluteLinks(text: string, folder: string): string {
  return text.replaceAll(
    /(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)/g,
    (_, image: string, label: string, path: string) => {
      const target = join(folder, path).replaceAll('\\', '/');
      return `${image}${label}(${image === '' ? FILES : IMAGES}${target})`;
    },
  );
}

/** The same text as it was. */
export function withRelativeLinks(text: string, folder: string): string {
  return text.replaceAll(/\]\(([^)\s]+)\)/g, (link, target: string) => {
    const base = [FILES, IMAGES].find((each) => target.startsWith(each));
    return base === undefined ? link : `](${relative(folder, target.slice(base.length)).replaceAll('\\', '/')})`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const change = process.argv[2] === 'absolute' ? withAbsoluteLinks : withRelativeLinks;
  writeFileSync('README.md', change(readFileSync('README.md', 'utf8'), relative(ROOT, process.cwd())));
}
