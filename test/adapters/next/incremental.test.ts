import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCacheHandler } from '../../../src/adapters/next/next.ts';
import { makeFolder } from '../../support/leftovers.ts';
import { sleep } from '../../support/wait.ts';
import { twoClasses, useInstances } from './support.ts';

const instances = await useInstances();

const PAGE = { kind: 'APP_PAGE', isFallback: false } as const;
const LIFE = { cacheControl: { revalidate: 900, expire: 3600 } };

/** A page of the app router, as Next.js stores it. */
function page(html: string, tags: string) {
  const headers = { 'x-next-cache-tags': tags, 'set-cookie': ['a', 'b'] };
  const segmentData = new Map([['/_tree', Buffer.from('tree')]]);
  return {
    kind: 'APP_PAGE',
    html,
    rscData: Buffer.from('rsc'),
    segmentData,
    headers,
    status: 200,
    postponed: undefined,
  };
}

describe('cacheHandler', () => {
  it('gives every kind of value back as it was, to every instance', async () => {
    const [One, Other] = twoClasses(instances);
    const values = {
      '/page': page('<p>', '_N_T_/layout,_N_T_/page'),
      '/route': { kind: 'APP_ROUTE', body: Buffer.from([0, 255]), headers: { 'content-type': 'x' }, status: 200 },
      '/legacy': { kind: 'PAGES', html: '<p>', pageData: { pageProps: { a: [1] } }, headers: undefined, status: 200 },
      '/gone': null,
      '/moved': { kind: 'REDIRECT', props: { to: '/' } },
    };
    for (const [key, value] of Object.entries(values)) {
      expect(await new One().get(key, { ...PAGE, kind: 'PAGES' })).toBeNull();
      await new One().set(key, value, LIFE);
      for (const Handler of [One, Other]) {
        expect(await new Handler().get(key, PAGE)).toEqual({ value, lastModified: expect.any(Number), ...LIFE });
      }
    }
  });

  it('ends pages by their tags for all instances, at once or after the time of a profile', async () => {
    const [One, Other] = twoClasses(instances);
    await new One().get('/a', PAGE);
    await new One().set('/a', page('a', 'products,_N_T_/a'), LIFE);
    await new Other().revalidateTag(['products'], { expire: 300 });
    // A life that has passed has Next.js serve the page and render it again: for one instance, and for the others none.
    const first = await new One().get('/a', PAGE);
    expect(first?.lastModified).toBeLessThan(Date.now() - 1000 * Number(first?.cacheControl?.revalidate));
    const second = await new Other().get('/a', PAGE);
    expect(second).toMatchObject({ value: { html: 'a' }, ...LIFE });
    expect(second?.lastModified).toBeGreaterThan(Date.now() - 1000);
    await new One().set('/a', page('b', 'products,_N_T_/a'), LIFE);
    expect(await new Other().get('/a', PAGE)).toMatchObject({ value: { html: 'b' }, ...LIFE });
    await new Other().revalidateTag('_N_T_/a');
    expect(await new One().get('/a', PAGE)).toBeNull();
  });

  it('has one instance render what is past its revalidate or expire', async () => {
    const [One, Other] = twoClasses(instances);
    await new One().set('/stale', page('stale', 't'), { cacheControl: { revalidate: 0.1, expire: 3600 } });
    await new One().set('/dead', page('dead', 't'), { cacheControl: { revalidate: 0.1, expire: 0.2 } });
    await sleep(250);
    expect((await new One().get('/stale', PAGE))?.lastModified).toBeLessThan(Date.now() - 1500);
    expect((await new Other().get('/stale', PAGE))?.lastModified).toBeGreaterThan(Date.now() - 1000);
    expect(await new One().get('/dead', PAGE)).toBeNull();
    const waiting = new Other().get('/dead', PAGE);
    await sleep(30);
    await new One().set('/dead', page('alive', 't'), LIFE);
    expect((await waiting)?.value.html).toBe('alive');
  });

  it('does not store a page that was begun before one of its tags was invalidated', async () => {
    const [One, Other] = twoClasses(instances);
    const request = new One();
    await request.get('/a', PAGE);
    await new Other().revalidateTag('t');
    request.resetRequestCache();
    await request.set('/a', page('of before', 't'), LIFE);
    expect(await new Other().get('/a', PAGE)).toBeNull();
  });

  it('keeps fetches by their tags and the tags of their pages', async () => {
    const [One, Other] = twoClasses(instances);
    const value = { kind: 'FETCH', data: { headers: {}, body: 'Ym9keQ==', url: 'http://a' }, revalidate: 600 };
    const get = (Handler: typeof One, tags: string[], softTags: string[] = []) =>
      new Handler().get('hash', { kind: 'FETCH', revalidate: 600, tags, softTags });
    expect(await get(One, ['t'])).toBeNull();
    await new One().set('hash', value, { fetchCache: true, tags: ['t'] });
    expect(await get(Other, ['t'], ['_N_T_/a'])).toMatchObject({ value });
    // With a tag that it lacks it is fetched once more, and has both from then on.
    const request = new Other();
    expect(await request.get('hash', { kind: 'FETCH', tags: ['u'] })).toBeNull();
    await request.set('hash', value, { fetchCache: true, tags: ['u'] });
    for (const tags of [['t'], ['u'], ['t', 'u']]) expect(await get(One, tags)).toMatchObject({ value });
    // Of a page's path, which it does not rest on.
    await new Other().revalidateTag('_N_T_/a');
    expect(await get(One, ['t'], ['_N_T_/b'])).toMatchObject({ value });
    expect(await get(One, ['t'], ['_N_T_/a'])).toBeNull();
    // With a profile every instance hears that it is stale: what is made of it may be stored, too.
    await new Other().revalidateTag('t', { expire: 60 });
    for (const Handler of [One, Other]) {
      expect((await get(Handler, ['t']))?.lastModified).toBeLessThan(Date.now() - 600_000);
    }
  });

  it('knows the build by its files, and nothing of another one', async () => {
    const folder = makeFolder();
    const builds = ['first', 'second'].map((name) => {
      const serverDistDir = join(folder, name, 'server');
      mkdirSync(serverDistDir, { recursive: true });
      writeFileSync(join(folder, name, 'BUILD_ID'), `${name}\n`);
      return { serverDistDir };
    });
    const Handler = createCacheHandler(instances.options({ buildId: undefined }));
    await new Handler(builds[0]).set('/a', page('a', 't'), LIFE);
    expect(await new Handler(builds[0]).get('/a', PAGE)).not.toBeNull();
    expect(await new Handler(builds[1]).get('/a', PAGE)).toBeNull();
    expect(await new Handler().get('/a', PAGE)).toBeNull();
  });
});

it('asks no server while next build runs, and shares fetches among the pages of a process', async () => {
  process.env.NEXT_PHASE = 'phase-production-build';
  try {
    const Handler = createCacheHandler({ servers: '127.0.0.1:1' });
    const value = { kind: 'FETCH', data: {}, revalidate: 60 };
    await new Handler().set('/a', page('a', 't'), LIFE);
    await new Handler().set('hash', value, { fetchCache: true, tags: [] });
    await new Handler().revalidateTag('t');
    expect(await new Handler().get('/a', PAGE)).toBeNull();
    expect(await new Handler().get('hash', { kind: 'FETCH' })).toMatchObject({ value });
  } finally {
    delete process.env.NEXT_PHASE;
  }
});
