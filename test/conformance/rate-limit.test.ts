import { describe, expect, it, vi } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { ExpressRateLimitStore, type RateLimiter, rateLimiter } from '../../src/rate-limit/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { eventually, sleep } from '../support/wait.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere, PROTOCOLS } from './every-target.ts';

const ALGORITHMS = ['fixed', 'sliding'] as const;

describeEverywhere((target: Target) => {
  describe.each(ALGORITHMS)('a %s limit', (algorithm) => {
    it('allows so many points and no more, and counts what it denies', async () => {
      const { client } = target;
      const limiter = rateLimiter(client, { points: 5, per: 2_591_999, algorithm });
      const key = target.key();
      const takes = [];
      for (const cost of [1, 3, 1, 1, 2]) takes.push(await limiter.take(key, cost));
      expect(takes.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
        [true, 4],
        [true, 1],
        [true, 0],
        [false, 0],
        [false, 0],
      ]);
      await limiter.reset(key);
      expect(await limiter.take(key)).toMatchObject({ allowed: true, remaining: 4, retryAfter: 0 });
      // A part of what does not fit is not taken.
      expect(await limiter.take(key, 5)).toMatchObject({ allowed: false, remaining: 0 });
      expect(await limiter.take(key)).toMatchObject({ allowed: false, remaining: 0 });
    });

    it('of takes that come all at once, allows exactly the points', async () => {
      const limiter = rateLimiter(target.client, { points: 37, per: 100, algorithm });
      const key = target.key();
      const takes = await Promise.all(Array.from({ length: 150 }, () => limiter.take(key)));
      expect(takes.filter(({ allowed }) => allowed)).toHaveLength(37);
    });

    it('takes any text for a key, and no two of them for one', async () => {
      const limiter = rateLimiter(target.client, { points: 1, per: 100, algorithm, prefix: target.key() });
      const long = 'x'.repeat(500);
      const keys = ['', ' ', '  ', '\r\n', '%20', '%#', '\0', 'ключ', '💾', '\ud800', '\udbff', '\ufffd', long];
      keys.push(`${long}y`, 'ü'.repeat(125), 'ü'.repeat(126), '__proto__', 'a b', 'a%20b', 'a:b', 'noreply', '1', ';1');
      const first = await Promise.all(keys.map((key) => limiter.take(key)));
      const second = await Promise.all(keys.map((key) => limiter.take(key)));
      expect(first.filter(({ allowed }) => !allowed)).toEqual([]);
      expect(second.filter(({ allowed }) => allowed)).toEqual([]);
    });

    it('keeps limits apart that have another prefix, window or algorithm', async () => {
      const key = target.key();
      const limits = [
        { per: 100, prefix: 'a' },
        { per: 101, prefix: 'a' },
        { per: 100, prefix: 'b' },
        { per: 10, prefix: 'a:1' },
        { per: 100, prefix: 'a', algorithm: algorithm === 'fixed' ? ('sliding' as const) : ('fixed' as const) },
      ].map((options) => rateLimiter(target.client, { points: 1, algorithm, ...options }));
      const other = rateLimiter(target.client, { points: 1, algorithm, per: 1, prefix: 'a' });
      expect(await other.take(`10:${key}`)).toMatchObject({ allowed: true });
      for (const limiter of limits) expect(await limiter.take(key)).toMatchObject({ allowed: true });
      for (const limiter of limits) expect(await limiter.take(key)).toMatchObject({ allowed: false });
    });

    it('counts together with another client that has the same prefix for its keys', async () => {
      const options = { points: 2, per: 100, algorithm };
      const [one, other, apart] = ['p:', 'p:', 'q:'].map((keyPrefix) =>
        rateLimiter(target.create({ keyPrefix, connections: 2 }), options),
      );
      const key = target.key();
      const takes = [await one?.take(key), await other?.take(key), await one?.take(key), await apart?.take(key)];
      expect(takes.map((take) => take?.allowed)).toEqual([true, true, false, true]);
    });
  });

  // 2,048 of these would turn the counter over.
  it('denies a cost above the points, however often, and takes no more than that from the counter', async () => {
    const limiter = rateLimiter(target.client, { points: 2, per: 100 });
    const key = target.key();
    const takes = await Promise.all(Array.from({ length: 2100 }, () => limiter.take(key, Number.MAX_SAFE_INTEGER)));
    expect(takes.filter(({ allowed }) => allowed)).toEqual([]);
    expect(await limiter.take(key)).toMatchObject({ allowed: false });
  });

  it('begins again where the counter was evicted', async () => {
    const client = target.create();
    const limiter = rateLimiter(client, { points: 1, per: 100 });
    const key = target.key();
    await limiter.take(key);
    expect(await limiter.take(key)).toMatchObject({ allowed: false });
    await client.delete(`rl:100:${key}`);
    expect(await limiter.take(key)).toMatchObject({ allowed: true });
  });

  it.each(['text', '', '5x', '-1', '99999999999999999999', '{"count":1}'])(
    'begins again where %j stands for a counter',
    async (junk) => {
      const failures: unknown[] = [];
      const logger = { log: vi.fn() };
      const client = target.create({ logger });
      const onDown = (error: Error): unknown => failures.push(error);
      const limiter = rateLimiter(client, { points: 1, per: 100, whenDown: 'deny', onDown });
      const key = target.key();
      await target.client.set(`rl:100:${key}`, junk);
      expect(await limiter.take(key)).toMatchObject({ allowed: true, remaining: 0 });
      expect(await limiter.take(key)).toMatchObject({ allowed: false });
      expect(failures).toEqual([]);
      expect(logger.log).toHaveBeenCalledWith(expect.stringContaining('was no number, and is deleted'));
      const store = new ExpressRateLimitStore(client);
      store.init({ windowMs: 100_000 });
      await target.client.set(`rl:100:${key}`, junk);
      expect(await store.get(key)).toBeUndefined();
      await store.decrement(key);
      expect(await store.increment(key)).toMatchObject({ totalHits: 1 });
    },
  );

  it('gives a counter without an end one, where the server tells', async () => {
    const limiter = rateLimiter(target.client, { points: 2, per: 100 });
    const key = target.key();
    await target.client.set(`rl:100:${key}`, '2');
    const { allowed, retryAfter } = await limiter.take(key);
    expect([allowed, retryAfter]).toEqual([false, 101]);
    if (target.client.servers[0]?.protocol === 'meta') {
      expect((await target.client.inspect(`rl:100:${key}`))?.ttl).toBeOneOf([100, 101]);
    }
  });
});

/** Calls `check` for a limit of `points` in a second over each protocol, with memcached and with MemoryServer, all at once. */
async function everywhere(
  points: number,
  algorithm: (typeof ALGORITHMS)[number],
  check: (limiter: RateLimiter) => Promise<void>,
): Promise<void> {
  const servers = await Promise.all([startMemcached(), MemoryServer.start()]);
  const clients = servers.flatMap(({ address }) => PROTOCOLS.map((protocol) => Client.create(address, { protocol })));
  try {
    const limiters = clients.map((client, index) =>
      rateLimiter(client, { points, per: 1, algorithm, prefix: `${index}` }),
    );
    await Promise.all(limiters.map(check));
  } finally {
    for (const client of clients) client.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

it.each(ALGORITHMS)('a %s limit says when it is worth while to come again, and holds to it', async (algorithm) => {
  await everywhere(2, algorithm, async (limiter) => {
    let denied = await limiter.take('key', 2);
    // A sliding window may just be about to end.
    while (denied.allowed) denied = await limiter.take('key', 2);
    expect(denied.retryAfter).toBeGreaterThanOrEqual(1);
    expect(denied.retryAfter).toBeLessThanOrEqual(2);
    expect(denied.resetAt - Date.now()).toBeLessThanOrEqual(2000);
    // The server's clock ticks late on a busy machine.
    await sleep(Math.max(denied.retryAfter * 1000, denied.resetAt - Date.now()) + 250);
    expect(await limiter.take('key', 2)).toMatchObject({ allowed: true, remaining: 0 });
  });
});

it('a fixed window begins with the first take, ends by itself, and not before its time', async () => {
  await everywhere(3, 'fixed', async (limiter) => {
    const start = performance.now();
    const first = await limiter.take('key');
    expect(first.resetAt - Date.now()).toBeGreaterThan(0);
    expect(first.resetAt - Date.now()).toBeLessThanOrEqual(2000);
    let takes = 1;
    await eventually(async () => {
      const { remaining, allowed } = await limiter.take('key');
      takes++;
      if (allowed && takes > 3) return remaining === 2;
      expect(allowed).toBe(takes <= 3);
      return false;
    });
    expect(performance.now() - start).toBeGreaterThan(1000);
  });
});
