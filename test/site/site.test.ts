import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseScheme, openContext, type Scheme, startBrowser } from './support/browser.ts';
import { pages, type Site, serveSite } from './support/site.ts';

const PAGES = pages();
const WIDTHS = [1280, 390];
const SCHEMES: readonly Scheme[] = ['light', 'dark'];
/** A folder for pictures of every page, for whoever wants to look at them. */
const PICTURES = process.env.SITE_PICTURES;

let site: Site;
let browser: Browser;

beforeAll(async () => {
  site = await serveSite();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
});

/** What a reader would see as broken, by what the page itself says. */
const PROBLEMS = `(() => {
  const root = document.documentElement;
  const found = [];
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
    found.push('wider than the window by ' + (root.scrollWidth - root.clientWidth) + ' px: ' + (wide.at(-1)?.outerHTML ?? '').slice(0, 120));
  }
  for (const image of document.images) if (image.complete && image.naturalWidth === 0) found.push('no picture at ' + image.src);
  for (const text of document.querySelectorAll('.figure svg text')) {
    const box = text.getBoundingClientRect(), frame = text.ownerSVGElement.getBoundingClientRect();
    if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push('text outside of its figure: ' + text.textContent);
  }
  return found;
})()`;

/** The page's links within the site, and the anchors that it has. */
const LINKS = `[...document.querySelectorAll('a[href]')].map((a) => a.href).filter((href) => href.startsWith(location.origin))`;
const ANCHORS = `[...document.querySelectorAll('[id]')].map((e) => e.id)`;

const links = new Map<string, string[]>();
const anchors = new Map<string, Set<string>>();

async function look(page: Page, path: string): Promise<string[]> {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('requestfailed', (request) => problems.push(`${request.url()} did not load`));
  await page.goto(site.origin + path, { waitUntil: 'load' });
  await page.waitForFunction('document.querySelector("#app")?.__vue_app__ !== undefined');
  links.set(path, await page.evaluate<string[]>(LINKS));
  anchors.set(path, new Set(await page.evaluate<string[]>(ANCHORS)));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const scheme of SCHEMES) {
      await chooseScheme(page, scheme);
      const kind = `${width}-${scheme}`;
      problems.push(...(await page.evaluate<string[]>(PROBLEMS)).map((problem) => `${kind}: ${problem}`));
      if (PICTURES) await takePicture(page, path, kind);
    }
  }
  return problems;
}

async function takePicture(page: Page, path: string, kind: string): Promise<void> {
  const folder = join(PICTURES ?? '', kind);
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${path.replaceAll('/', '_')}.png`), fullPage: true });
}

it('has pages', () => expect(PAGES.length).toBeGreaterThan(100));

it.each(PAGES)('%s fits on a desk and on a phone, light and dark, without an error', async (path) => {
  await using context = await openContext(browser);
  expect(await look(await context.newPage(), path)).toEqual([]);
});

it('has no broken link', () => {
  const broken = [...links].flatMap(([from, targets]) =>
    targets
      .filter((target) => {
        const { pathname, hash } = new URL(target);
        const there = anchors.get(pathname);
        return there === undefined || (hash.length > 1 && !there.has(decodeURIComponent(hash.slice(1))));
      })
      .map((target) => `${from}: ${target.slice(site.origin.length)}`),
  );
  expect([...links.values()].flat().length).toBeGreaterThan(1000);
  expect(broken).toEqual([]);
});

describe('the search', () => {
  let page: Page;
  beforeAll(async () => {
    const context = await openContext(browser);
    page = await context.newPage();
  });

  /** Where the first result leads. */
  async function answer(question: string): Promise<string> {
    await page.goto(`${site.origin}/memts/`, { waitUntil: 'load' });
    await page.click('#local-search button');
    await page.fill('#localsearch-input', question);
    await page.waitForSelector('.result.selected');
    await page.waitForTimeout(400); // results come a moment after the last key
    await page.press('#localsearch-input', 'Enter');
    await page.waitForURL((url) => url.pathname !== '/memts/');
    const { pathname, hash } = new URL(page.url());
    return pathname + hash;
  }

  it.each([
    ['TTL in Lambda', '/memts/recipes/lambda'],
    ['what ERR_TIMEOUT means', '/memts/reference/errors#err_timeout'],
    ['how to stop a stampede', '/memts/recipes/stampede'],
    ['how to test with jest', '/memts/recipes/testing'],
    ['testing with jest', '/memts/recipes/testing'],
    ['how to move from memcached', '/memts/guide/from-memcached'],
    ['moving from memcached', '/memts/guide/from-memcached'],
    ['what a readiness probe asks', '/memts/recipes/deployments#what-a-readiness-probe-asks'],
    ['readiness probe', '/memts/recipes/deployments'],
    ['encrypt sessions', '/memts/adapters/sessions'],
    ['NestJS', '/memts/adapters/nestjs'],
    ['why no locks', '/memts/recipes/recipes'],
    ['lambda', '/memts/recipes/lambda'],
    ['stampede', '/memts/recipes/stampede'],
    ['ERR_TIMEOUT', '/memts/reference/errors#err_timeout'],
    ['jest', '/memts/recipes/testing#jest'],
  ])('answers "%s" in one step', async (question, place) => {
    const found = await answer(question);
    expect(found.startsWith(place), `${found} instead of ${place}`).toBe(true);
  });
});
