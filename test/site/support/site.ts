import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative } from 'node:path';
import { ROOT } from '../../support/built.ts';

const SITE = join(ROOT, 'site');
const BASE = '/memts/';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** The addresses of all pages, without the origin. */
export function pages(): string[] {
  if (!existsSync(SITE)) throw new Error('there is no site/: "npm run docs" builds it');
  return readdirSync(SITE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.html') && entry.name !== '404.html')
    .map((entry) => relative(SITE, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .map((file) => BASE + file.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, ''))
    .sort();
}

/** The file behind an address, as the hosts of static sites look for it. */
function fileOf(path: string): string | undefined {
  if (!path.startsWith(BASE)) return undefined;
  const file = join(SITE, decodeURIComponent(path.slice(BASE.length)));
  const candidates = path.endsWith('/') ? [join(file, 'index.html')] : [file, `${file}.html`];
  return candidates.find(
    (candidate) => candidate.startsWith(SITE) && existsSync(candidate) && extname(candidate) !== '',
  );
}

export interface Site extends AsyncDisposable {
  origin: string;
}

/** Serves the site as it was built. */
export async function serveSite(): Promise<Site> {
  const server = createServer((request, response) => {
    const file = fileOf(new URL(request.url ?? '/', 'http://site').pathname);
    response.writeHead(file ? 200 : 404, {
      'content-type': TYPES[extname(file ?? '.html')] ?? 'application/octet-stream',
    });
    response.end(readFileSync(file ?? join(SITE, '404.html')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
