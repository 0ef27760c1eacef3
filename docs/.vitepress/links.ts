/** Links are written for GitHub, by files; on the site they lead to its pages, and to GitHub for all other files. */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { API, REPOSITORY, ROOT, rewrites } from './pages.ts';

const PAGES = rewrites();

/** Headings have the anchors that GitHub gives them, so that a link with one works in both places. */
export function slugify(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Where a link of a file leads to on the site. */
export function target(file: string, link: string): string {
  if (/^([a-z]+:|#|\/)/.test(link)) return link;
  const [path = '', anchor] = link.split('#');
  const found = relative(ROOT, resolve(ROOT, dirname(file), decodeURI(path)));
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (found.startsWith(`${API}/`)) return `/reference/api/${found.slice(API.length + 1)}${hash}`;
  const page = PAGES[found];
  if (page !== undefined) return `/${page}${hash}`;
  // What is neither a page nor a file stays as it is, and the build refuses it as a dead link.
  return existsSync(join(ROOT, found)) ? `${REPOSITORY}/blob/main/${found}${hash}` : link;
}

/** Has markdown-it resolve the links of every page. */
export function resolveLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('links-of-the-repository', (state) => {
    const path: string | undefined = state.env.realPath ?? state.env.path;
    if (path === undefined) return; // a heading by itself
    const file = relative(ROOT, path);
    for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
      const link = token.type === 'link_open' ? token.attrGet('href') : null;
      if (link !== null) token.attrSet('href', target(file, link));
    }
  });
}
