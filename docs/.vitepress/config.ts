import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { PAGE_STYLE } from '../../scripts/figures/svg.ts';
import { inlineFigures } from './figures.ts';
import { resolveLinks, slugify } from './links.ts';
import { API, REPOSITORY, ROOT, rewrites, SECTIONS, SRC_EXCLUDE, sidebar, start } from './pages.ts';
import { search } from './search.ts';

const MARK =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0f766e"/>' +
      '<path d="M7 23V10l6 7 3-3.500 3 3.500 6-7v13" fill="none" stroke="#fff" stroke-width="3" stroke-linejoin="round" stroke-linecap="round"/></svg>',
  );

/** Pages that are mostly tables: records of runs and measurements. */
const RECORDS = /^docs\/(reliability|performance)\//;

export default defineConfig({
  title: 'memts',
  description: 'The memcached client for Node.js, in TypeScript, without dependencies.',
  lang: 'en',
  base: '/memts/',
  cleanUrls: true,
  srcDir: '..',
  srcExclude: SRC_EXCLUDE,
  rewrites: rewrites(),
  outDir: join(ROOT, 'site'),
  cacheDir: join(ROOT, 'node_modules/.cache/vitepress'),
  head: [
    ['link', { rel: 'icon', href: MARK }],
    ['style', {}, PAGE_STYLE],
  ],
  markdown: {
    anchor: { slugify },
    config: (markdown) => {
      resolveLinks(markdown);
      inlineFigures(markdown);
    },
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  transformPageData: ({ filePath, frontmatter }) => {
    // Nobody edits what typedoc writes.
    if (filePath.startsWith(`${API}/`)) return { frontmatter: { ...frontmatter, editLink: false } };
    // Tables of many columns get the width of the outline.
    if (RECORDS.test(filePath)) return { frontmatter: { ...frontmatter, aside: false, pageClass: 'record' } };
    return undefined;
  },
  themeConfig: {
    logo: MARK,
    nav: SECTIONS.map((section) => ({ text: section.text, link: start(section), activeMatch: `^/${section.path}/` })),
    sidebar: sidebar(),
    search,
    outline: [2, 3],
    editLink: { pattern: `${REPOSITORY}/edit/main/:path`, text: 'Edit this page' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    docFooter: { prev: 'Previous', next: 'Next' },
    footer: { message: 'MIT license' },
  },
});
