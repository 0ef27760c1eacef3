import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, inject, it } from 'vitest';
import { target } from '../../docs/.vitepress/links.ts';
import { SECTIONS } from '../../docs/.vitepress/pages.ts';
import { REPOSITORY, withAbsoluteLinks, withRelativeLinks } from '../../scripts/packed-readme.ts';
import { ROOT } from '../support/built.ts';

const NOT_OURS = ['node_modules', 'dist', 'site', 'api', '.git', 'coverage'];

/** All Markdown files, by their path from the root. */
const FILES = new Map(
  markdownFiles(ROOT).map((path) => [relative(ROOT, path), withoutCode(readFileSync(path, 'utf8'))]),
);

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.includes(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Blocks of code hold brackets that are no links, and comments that are no headings. */
function withoutCode(text: string): string {
  return text.replaceAll(/^( *)```.*?^\1```/gms, '');
}

/** The anchors of a file's headings, as GitHub makes them. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let i = 1; found.has(unique); i++) unique = `${anchor}-${i}`;
    found.add(unique);
  }
  return found;
}

function links(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** What is wrong with a link, if anything is. */
function problem(file: string, link: string): string[] {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : relative(ROOT, resolve(ROOT, dirname(file), path));
  if (!existsSync(join(ROOT, target))) return [`${file}: ${link} leads to no file`];
  if (anchor === undefined || anchors(FILES.get(target) ?? '').has(anchor)) return [];
  return [`${file}: ${link} leads to no heading`];
}

it('has no dead links in Markdown files', () => {
  const all = [...FILES].flatMap(([file, text]) => links(text).map((link) => [file, link] as const));
  expect(all.length).toBeGreaterThan(40);
  expect(all.flatMap(([file, link]) => problem(file, link))).toEqual([]);
});

/** The guides, without the site's landing page. */
const GUIDES = [...FILES.keys()]
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /^docs\/[^/]+\.md$/.test(file) && file !== 'docs/index.md');

it('leads from the README as npm shows it to files of the repository', () => {
  const packed = readFileSync(join(inject('ours'), 'node_modules/memts/README.md'), 'utf8');
  const here = readFileSync(join(ROOT, 'README.md'), 'utf8');
  expect(links(withoutCode(packed)).filter((link) => !link.startsWith('#'))).toEqual([]);
  expect(packed).toContain(`(${REPOSITORY}/blob/main/docs/getting-started.md)`);
  expect(packed).toContain(`(${REPOSITORY}/raw/main/docs/performance/benchmark-get-100B.svg)`);
  // What each leads to is checked above, in the README that it was made of.
  expect(withRelativeLinks(packed, '')).toBe(here);
  expect(withAbsoluteLinks(here, '')).toBe(packed);
  const cli = readFileSync(join(ROOT, 'cli/README.md'), 'utf8');
  expect(withAbsoluteLinks(cli, 'cli')).toContain(`(${REPOSITORY}/blob/main/docs/cli.md)`);
  expect(withRelativeLinks(withAbsoluteLinks(cli, 'cli'), 'cli')).toBe(cli);
});

it('names every guide in the README', () => {
  const named = new Set(links(FILES.get('README.md') ?? '').map((link) => link.split('#')[0]));
  expect(GUIDES.filter((file) => !named.has(file))).toEqual([]);
});

it('has every guide in a section of the site, and no page without a file', () => {
  const listed = SECTIONS.flatMap(({ pages }) => pages.map(({ file }) => file));
  expect(GUIDES.filter((file) => !listed.includes(file))).toEqual([]);
  expect(listed.filter((file) => !FILES.has(file))).toEqual([]);
});

it('has links of the site lead to its pages, and to GitHub for what is none', () => {
  expect(target('docs/health.md', 'clusters.md#hot-keys')).toBe('/operate/clusters.md#hot-keys');
  expect(target('docs/performance/goals.md', '../health.md')).toBe('/operate/health.md');
  expect(target('docs/keys.md', '../examples/update.ts')).toBe(
    'https://github.com/memts/memts/blob/main/examples/update.ts',
  );
  expect(target('docs/keys.md', 'nothing.md')).toBe('nothing.md');
  expect(target('docs/keys.md', '#here')).toBe('#here');
});

it('finds what is dead', () => {
  expect(problem('README.md', 'docs/nothing.md')).toEqual(['README.md: docs/nothing.md leads to no file']);
  expect(problem('README.md', 'docs/clusters.md#nothing')).toHaveLength(1);
  expect(problem('docs/clusters.md', '#what-a-change-costs-in-misses')).toEqual([]);
});
