import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { createCacheHandler } from '../../src/adapters/next/next.ts';
import { Client } from '../../src/index.ts';
import type { Memcached } from '../support/memcached.ts';
import { eventually, sleep } from '../support/wait.ts';
import { type Instance, invalidate, shown } from './app.ts';
import type { Origin } from './origin.ts';

/** Everything that the checks need. */
export interface Stage {
  readonly instances: readonly [Instance, Instance];
  readonly memcacheds: readonly [Memcached, Memcached];
  readonly origin: Origin;
  readonly browser: Browser;
  /** What identifies the build. */
  readonly build: string;
}

/** A row of the record: what was asked, and what came of it. */
export type Row = readonly [what: string, ...outcome: string[]];

/** Each kind of what Next.js stores: its page, where it asks the origin, and what it is invalidated by. */
const KINDS = [
  { kind: '`use cache: remote`', path: '/remote', asks: '/remote/one', by: '/invalidate?tag=remote' },
  { kind: 'a page of the app router, by a tag', path: '/isr/one', asks: '/isr/one', by: '/invalidate?tag=isr' },
  {
    kind: 'a page of the app router, by its path',
    path: '/isr/two',
    asks: '/isr/two',
    by: '/invalidate?path=/isr/two',
  },
  {
    kind: '`use cache: remote`, by the path of its page',
    path: '/remote?name=two',
    asks: '/remote/two',
    by: '/invalidate?path=/remote',
  },
  { kind: 'a route handler, by its path', path: '/feed/one', asks: '/feed/one', by: '/invalidate?path=/feed/one' },
  {
    kind: 'a page of the pages router, by `res.revalidate`',
    path: '/legacy/one',
    asks: '/legacy/one',
    by: '/api/revalidate?path=/legacy/one',
  },
  { kind: '`fetch`', path: '/fetched', asks: '/fetched', by: '/invalidate?tag=fetched' },
  { kind: '`unstable_cache`', path: '/unstable', asks: '/unstable', by: '/invalidate?tag=unstable' },
  { kind: 'a value of 3 MB, in parts', path: '/large', asks: '/large', by: '/invalidate?tag=large' },
] as const;

/** What one instance has made the other serves, and what one has invalidated the other makes again with its next request. */
export async function seenByBoth({ instances: [one, other], origin }: Stage): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { kind, path, asks, by } of KINDS) {
    const before = await shown(one, path);
    assert.equal(await shown(other, path), before, `${kind}: both show the same`);
    assert.equal(origin.asked(asks), 1, `${kind}: made once for both`);
    origin.state++;
    assert.equal(await shown(other, path), before, `${kind}: still from the cache`);
    const { answered, seen, after } = await invalidateAndLook(one, other, by, path, origin).catch((cause) => {
      throw new Error(`${kind}: the other instance does not see it`, { cause });
    });
    assert.equal(await shown(one, path), after, `${kind}: and so does that of the first`);
    // What is made while its invalidation is on its way may rest on what was before, and is not stored.
    assert.ok(origin.asked(asks) <= 3, `${kind}: made ${origin.asked(asks)} times for both`);
    const made = origin.asked(asks);
    for (const instance of [one, other, one, other]) assert.equal(await shown(instance, path), after, `${kind}: stays`);
    assert.equal(origin.asked(asks), made, `${kind}: and is stored`);
    rows.push([kind, `${answered.toFixed(0)} ms`, `${seen.toFixed(0)} ms`]);
  }
  return rows;
}

/**
 * Has one instance invalidate, and asks the other until it has the new state. Next.js sends the response of a route handler
 * while what it invalidated is still on its way.
 */
async function invalidateAndLook(one: Instance, other: Instance, by: string, path: string, origin: Origin) {
  const answered = await invalidate(one, by);
  const began = performance.now();
  const after = await eventually(
    async () => {
      const value = await shown(other, path);
      return value.startsWith(`state ${origin.state} of `) && value;
    },
    { timeout: 1000, interval: 1 },
  );
  return { answered, seen: performance.now() - began, after };
}

/** How long what a route handler invalidated is on its way, at the most, in milliseconds. */
const ON_ITS_WAY = 300;

/** With a profile, the old value is served while one makes the new one. */
export async function servesStale({ instances: [one, other], origin }: Stage): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { kind, path, asks, by } of KINDS.filter(({ by }) => by.startsWith('/invalidate?tag='))) {
    const before = await shown(one, path);
    const asked = origin.asked(asks);
    origin.state++;
    await invalidate(one, `${by}&profile=max`);
    await sleep(ON_ITS_WAY);
    assert.equal(await shown(other, path), before, `${kind}: the old one at first`);
    await eventually(async () => (await shown(other, path)).startsWith(`state ${origin.state} `));
    await eventually(async () => (await shown(one, path)).startsWith(`state ${origin.state} `));
    await sleep(200);
    const renders = origin.asked(asks) - asked;
    assert.ok(renders <= 2, `${kind}: made ${renders} times`);
    rows.push([
      kind,
      `the old one at once, then the new one, which was computed ${renders === 1 ? 'once' : 'once by each'}`,
    ]);
  }
  return rows;
}

/** Many requests for what is missing, or has expired. */
export async function stampede({ instances, origin }: Stage): Promise<Row[]> {
  const rows: Row[] = [];
  const storm = async (path: string, asks: string): Promise<{ renders: number; took: number; states: Set<string> }> => {
    const asked = origin.asked(asks);
    const began = performance.now();
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => shown(instances[i % 2] as Instance, path)));
    const took = performance.now() - began;
    await sleep(800);
    return { renders: origin.asked(asks) - asked, took, states: new Set(all) };
  };
  const row = (what: string, { renders, took }: { renders: number; took: number }): void => {
    assert.equal(renders, 1, `${what}: rendered once`);
    rows.push([what, `rendered once; all 200 had their response within ${took.toFixed(0)} ms`]);
  };
  origin.delay = 400;
  row('a page that nobody has rendered', await storm('/isr/storm', '/isr/storm'));
  await invalidate(instances[0], '/invalidate?tag=isr');
  await sleep(ON_ITS_WAY);
  row('a page whose tag was invalidated', await storm('/isr/storm', '/isr/storm'));
  origin.delay = 0;
  await shown(instances[0], '/short/storm');
  origin.delay = 400;
  await sleep(2500);
  row('a page that is past its `revalidate`', await storm('/short/storm', '/short/storm'));
  row('data of `use cache: remote`', await storm('/remote?name=storm', '/remote/storm'));
  origin.delay = 0;
  return rows;
}

const TAGGED = 100_000;
/** How many entries are stored at a time. */
const AT_ONCE = 500;

/** An invalidation costs the same however many entries have the tag. */
export async function constantCost({ instances: [one, other], memcacheds, origin, build }: Stage): Promise<Row[]> {
  const client = Client.create(memcacheds.map(({ address }) => address));
  const Handler = createCacheHandler({ client, buildId: build });
  const headers = { 'x-next-cache-tags': 'isr,_N_T_/layout' };
  const cost = async (): Promise<{ took: number; commands: number }> => {
    const before = await commands(client);
    const took = await invalidate(one, '/invalidate?tag=isr');
    await sleep(ON_ITS_WAY);
    return { took, commands: (await commands(client)) - before };
  };
  const rows: Row[] = [];
  const few = await cost();
  rows.push(['`revalidateTag` with hardly an entry', `${few.took.toFixed(0)} ms, ${few.commands} commands`]);
  const handler = new Handler();
  const began = performance.now();
  for (let i = 0; i < TAGGED; i += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, j) => {
        const value = { kind: 'APP_PAGE', html: `page ${i + j}`, headers, rscData: undefined, status: 200 };
        return handler.set(`/tagged/${i + j}`, value, { cacheControl: { revalidate: 3600, expire: 7200 } });
      }),
    );
  }
  const stored = (performance.now() - began) / 1000;
  const isThere = async (i: number): Promise<boolean> =>
    (await new Handler().get(`/tagged/${i}`, { kind: 'APP_PAGE' })) !== null;
  assert.ok(await isThere(0));
  assert.ok(await isThere(TAGGED - 1));
  const many = await cost();
  rows.push([
    `the same with ${TAGGED.toLocaleString('en')} entries`,
    `${many.took.toFixed(0)} ms, ${many.commands} commands`,
  ]);
  assert.ok(!(await isThere(1)) && !(await isThere(TAGGED - 2)), 'all of them are gone');
  assert.equal(many.commands, few.commands);
  origin.state++;
  assert.match(await shown(other, '/isr/one'), new RegExp(`^state ${origin.state} `));
  rows.push(['a handler for Redis with 18,000 keys, as its users report', '10 s']);
  rows.push(['storing the entries beforehand, for comparison', `${stored.toFixed(1)} s`]);
  await client.quit();
  return rows;
}

/** How many commands the servers have had for items. */
async function commands(client: Client): Promise<number> {
  const all = Object.values(await client.stats());
  const counters = ['cmd_get', 'cmd_set', 'cmd_touch', 'delete_hits', 'delete_misses'];
  return all.reduce((sum, stats) => sum + counters.reduce((part, name) => part + Number(stats[name] ?? 0), 0), 0);
}

/** In a browser: who presses the button sees the new state at once, and so does who looks at the other instance. */
export async function inBrowser({ instances: [one, other], browser }: Stage): Promise<Row[]> {
  const page = await browser.newPage();
  const second = await browser.newPage();
  const value = (): Promise<string | null> => page.textContent('#value');
  await page.goto(`${one.url}/admin`);
  await second.goto(`${other.url}/admin`);
  const before = await value();
  assert.equal(await second.textContent('#value'), before);
  await page.click('button');
  await eventually(async () => (await value()) !== before);
  const after = await value();
  await second.reload();
  assert.equal(await second.textContent('#value'), after);
  await page.close();
  await second.close();
  return [
    [
      '`updateTag` in a server action',
      'the response to the action has the new state, and so has the other instance when it is asked next',
    ],
  ];
}

/** Shells that are rendered beforehand, with holes that are filled for each request. */
export async function shells([one, other]: Stage['instances'], origin: Origin): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [id, what] of [
    ['shell', 'the static shell, by a tag of its `use cache`'],
    ['hole', 'a hole in it, by a tag of its `use cache: remote`'],
  ] as const) {
    await shown(one, '/', id);
    await sleep(ON_ITS_WAY);
    const before = await shown(other, '/', id);
    assert.equal(await shown(one, '/', id), before, `${what}: both show the same`);
    origin.state++;
    assert.equal(await shown(other, '/', id), before, `${what}: still from the cache`);
    await invalidate(one, `/invalidate?tag=${id}`);
    await sleep(ON_ITS_WAY);
    const after = await shown(other, '/', id);
    assert.ok(after.startsWith(`state ${origin.state} of `), `${what}: the next request sees it`);
    assert.equal(await shown(one, '/', id), after, `${what}: and so does that of the first`);
    rows.push([what, 'the next request to the other instance has the new state']);
  }
  return rows;
}

/** Entries of another build are not there. */
export async function otherBuild({ memcacheds, build }: Stage): Promise<Row[]> {
  const client = Client.create(memcacheds.map(({ address }) => address));
  const Same = createCacheHandler({ client, buildId: build });
  const Other = createCacheHandler({ client, buildId: `${build}-2` });
  const look = (Handler: typeof Same) => new Handler().get('/probe', { kind: 'APP_ROUTE' });
  const value = { kind: 'APP_ROUTE', body: Buffer.from('a'), headers: {}, status: 200 };
  await new Same().set('/probe', value, { cacheControl: { revalidate: 60, expire: 600 } });
  assert.deepEqual((await look(Same))?.value, value);
  assert.equal(await look(Other), null);
  await client.quit();
  return [['an entry of another build', 'a miss']];
}

/** How long the slowest of some pages takes, in milliseconds. */
async function slowestOf(instances: Stage['instances'], paths: readonly string[]): Promise<number> {
  let slowest = 0;
  for (const instance of instances) {
    for (const path of paths) {
      const began = performance.now();
      await shown(instance, path);
      slowest = Math.max(slowest, performance.now() - began);
    }
  }
  return slowest;
}

/** Pages are rendered when servers are away, and stored again when they are back. */
export async function serversAway({ instances, memcacheds, origin }: Stage): Promise<Row[]> {
  const rows: Row[] = [];
  const paths = KINDS.map(({ path }) => path);
  const round = async (): Promise<number> => {
    const began = performance.now();
    for (const instance of instances) for (const path of paths) await shown(instance, path);
    return (performance.now() - began) / (instances.length * paths.length);
  };
  const there = await round();
  memcacheds[0].pause();
  const slowest = await slowestOf(instances, paths);
  const then = await slowestOf(instances, paths);
  memcacheds[0].resume();
  rows.push([
    'one server of two hangs',
    `every page is served; the slowest took ${slowest.toFixed(0)} ms when it began, and ${then.toFixed(0)} ms from then on`,
  ]);
  await sleep(3000);
  await memcacheds[0].kill();
  const first = await round();
  const second = await round();
  rows.push([
    'one server of two is gone',
    `every page is served, in ${second.toFixed(0)} ms at the mean (before: ${there.toFixed(0)} ms; just after it went: ${first.toFixed(0)} ms)`,
  ]);
  await memcacheds[1].kill();
  await round();
  const none = await round();
  await invalidate(instances[0], '/invalidate?tag=remote');
  rows.push([
    'both are gone',
    `every page is rendered, in ${none.toFixed(0)} ms at the mean, and \`revalidateTag\` does not fail`,
  ]);
  await Promise.all(memcacheds.map((server) => server.restart()));
  await eventually(
    async () => {
      const asked = origin.asked('/isr/back');
      await shown(instances[0], '/isr/back');
      await shown(instances[1], '/isr/back');
      return origin.asked('/isr/back') <= asked;
    },
    { timeout: 20_000, interval: 300 },
  );
  origin.state++;
  await invalidate(instances[0], '/invalidate?tag=remote');
  await sleep(ON_ITS_WAY);
  assert.match(await shown(instances[1], '/remote'), new RegExp(`^state ${origin.state} `));
  rows.push(['both are back', 'pages are stored and invalidated again']);
  return rows;
}
