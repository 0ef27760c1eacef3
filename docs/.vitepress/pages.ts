/** What is on the site: which file of the repository is which page, in reading order. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
export const REPOSITORY: string = MANIFEST.homepage.replace(/#.*$/, '');

/** typedoc writes the API's pages here; they are not in the repository. */
export const API = 'docs/api';

interface Page {
  /** Its path from the root of the repository. */
  file: string;
  /** Its name in the sidebar, shorter than its heading. */
  text: string;
}

interface Section {
  text: string;
  /** The first part of the address of its pages. */
  path: string;
  pages: readonly Page[];
}

const guide = (name: string, text: string): Page => ({ file: `docs/${name}.md`, text });
const root = (name: string, text: string): Page => ({ file: `${name}.md`, text });

export const SECTIONS: readonly Section[] = [
  {
    text: 'Guide',
    path: 'guide',
    pages: [
      root('README', 'Overview'),
      guide('getting-started', 'Getting started'),
      guide('memcached', 'memcached in five minutes'),
      guide('which-client', 'Which client'),
      guide('from-memjs', 'From MemJS'),
      guide('from-memcached', 'From memcached'),
      guide('from-memcached-to-client', 'From memcached or memcache to Client'),
      guide('cache', 'Cache'),
      guide('get-or-set', 'getOrSet'),
      guide('consistency', 'Consistency'),
      guide('many-keys', 'Many keys'),
      guide('cas-and-update', 'update and CAS'),
      guide('keys', 'Keys'),
      guide('serializers', 'Serializers'),
      guide('memory-server', 'MemoryServer'),
      guide('fake-timers', 'Fake timers'),
    ],
  },
  {
    text: 'Recipes',
    path: 'recipes',
    pages: [
      guide('recipes', 'Recipes'),
      guide('stampede', 'Stop a stampede'),
      guide('testing', 'Testing'),
      guide('lambda', 'AWS Lambda'),
      guide('deployments', 'Deployments'),
      guide('production', 'Checklist for production'),
      guide('troubleshooting', 'Troubleshooting'),
    ],
  },
  {
    text: 'Operate',
    path: 'operate',
    pages: [
      guide('clusters', 'Clusters'),
      guide('servers', 'Servers'),
      guide('proxies', 'Proxies'),
      guide('services', 'Managed services'),
      guide('discovery', 'Discovery'),
      guide('health', 'Health and failover'),
      guide('protocols', 'Protocols'),
      guide('tls', 'TLS'),
      guide('security', 'Security'),
      guide('observability', 'Observability'),
      guide('performance', 'Performance'),
      guide('reliability', 'Reliability'),
      guide('runtimes', 'Runtimes'),
      guide('bundlers', 'Bundlers and TypeScript'),
      guide('cli', 'The command line'),
    ],
  },
  {
    text: 'Adapters and frameworks',
    path: 'adapters',
    pages: [
      guide('keyv', 'Keyv and cache-manager'),
      guide('sessions', 'Express sessions'),
      guide('unstorage', 'unstorage'),
      guide('rate-limits', 'Rate limits'),
      guide('nestjs', 'NestJS'),
      guide('fastify', 'Fastify'),
      guide('hono', 'Hono'),
      guide('koa', 'Koa'),
      guide('apollo-server', 'Apollo Server'),
      guide('nuxt', 'Nuxt and Nitro'),
      guide('better-auth', 'better-auth'),
      guide('next', 'Next.js'),
    ],
  },
  {
    text: 'Reference',
    path: 'reference',
    pages: [
      guide('commands', 'Commands'),
      guide('options', 'Options'),
      guide('errors', 'Errors'),
      guide('glossary', 'Glossary'),
      guide('support', 'Support'),
      root('CHANGELOG', 'Changelog'),
    ],
  },
  {
    text: 'Internals',
    path: 'internals',
    pages: [
      root('ARCHITECTURE', 'Design'),
      guide('performance/goals', 'Goals'),
      guide('performance/profiles', 'What profiles show'),
      guide('performance/benchmark', 'Benchmark'),
      guide('performance/protocols', 'Protocols compared'),
      guide('reliability/faults', 'Fault runs'),
      guide('reliability/repair', 'Old values after faults'),
      guide('reliability/soak', 'Soak run'),
      guide('reliability/hang', 'A server that hangs'),
      guide('reliability/fuzz', 'Fuzzing'),
      guide('reliability/regressions', 'Regressions'),
      root('CONTRIBUTING', 'Contributing'),
      root('SECURITY', 'Security policy'),
    ],
  },
];

/** The file's place on the site, as a Markdown file. */
function place(section: Section, { file }: Page): string {
  return `${section.path}/${basename(file) === 'README.md' ? 'overview.md' : basename(file).toLowerCase()}`;
}

/** Folders whose Markdown is not on the site. */
export const SRC_EXCLUDE = ['test/**', 'bench/**', 'cli/**', 'examples/**', 'site/**', 'coverage/**'];

/** The address of a section's first page. */
export function start(section: Section): string {
  const [first] = section.pages;
  return first === undefined ? '/' : address(section, first);
}

function address(section: Section, page: Page): string {
  return `/${place(section, page).replace(/\.md$/, '')}`;
}

/** Files of the repository by their places on the site. */
export function rewrites(): Record<string, string> {
  const pages = SECTIONS.flatMap((section) => section.pages.map((page) => [page.file, place(section, page)] as const));
  return { 'docs/index.md': 'index.md', ...Object.fromEntries(pages), [`${API}/:page*`]: 'reference/api/:page*' };
}

interface SidebarItem {
  text: string;
  link?: string;
  items?: SidebarItem[];
  collapsed?: boolean;
}

/** The sidebar is the same for every page, so that previous and next go through the whole of it. */
export function sidebar(): SidebarItem[] {
  return SECTIONS.map((section) => ({
    text: section.text,
    collapsed: false,
    items: [
      ...section.pages.map((page) => ({ text: page.text, link: address(section, page) })),
      ...(section.path === 'reference' ? [{ text: 'API', collapsed: true, items: apiItems() }] : []),
    ],
  }));
}

interface NavigationItem {
  title: string;
  path?: string | null;
  children?: NavigationItem[];
}

/** The entry points and what each exports, as typedoc lists them. */
function apiItems(): SidebarItem[] {
  const list: NavigationItem[] = JSON.parse(readFileSync(join(ROOT, API, 'navigation.json'), 'utf8'));
  const item = ({ title, path, children }: NavigationItem): SidebarItem => ({
    text: title,
    ...(path ? { link: `/reference/api/${path.replace(/(index)?\.md$/, '')}` } : {}),
    ...(children ? { collapsed: true, items: children.map(item) } : {}),
  });
  return list.map(item);
}
