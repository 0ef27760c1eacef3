import { afterAll, describe, expect, it } from 'vitest';
import { Client, MemcacheError } from '../../src/index.ts';
import {
  ExpressRateLimitStore,
  FastifyRateLimitStore,
  HonoRateLimitStore,
  type RateLimiterOptions,
  rateLimiter,
  ThrottlerStorage,
} from '../../src/rate-limit/index.ts';

const client = Client.create('127.0.0.1:1', { logger: false, retries: 1 });
const LIMIT: RateLimiterOptions = { points: 1, per: 1 };
const INVALID = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' });

afterAll(() => client.close());

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('rateLimiter', () => {
  it.each([
    ['points', [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', null, undefined, 5n]],
    ['per', [0, -1, 0.5, 2_592_000, 31_536_000, Number.NaN, '60', null, undefined, 60n]],
    ['algorithm', ['leaky', '', 1, null]],
    ['whenDown', ['throw', '', true, null]],
    ['onDown', ['log', true, {}]],
    ['prefix', [1, null, '\ud800']],
  ])('refuses as %s what is invalid', (name, values) => {
    for (const value of values) {
      const error = failureOf(() => rateLimiter(client, { ...LIMIT, [name]: value } as RateLimiterOptions));
      expect({ value, error }).toEqual({ value, error: INVALID });
      expect(error).toBeInstanceOf(MemcacheError);
      expect((error as Error).message).toContain(name);
    }
  });

  it('takes the smallest and the largest', () => {
    expect(() => rateLimiter(client, { points: 1, per: 1 })).not.toThrow();
    expect(() => rateLimiter(client, { points: 2 ** 53 - 2, per: 2_591_999 })).not.toThrow();
  });

  it.each([undefined, null, 'localhost', {}, []])('refuses %j for a client', (value) => {
    expect(failureOf(() => rateLimiter(value as never, LIMIT))).toEqual(INVALID);
    expect(failureOf(() => new ExpressRateLimitStore(value as never))).toEqual(INVALID);
    expect(failureOf(() => new HonoRateLimitStore(value as never))).toEqual(INVALID);
    expect(failureOf(() => new ThrottlerStorage(value as never))).toEqual(INVALID);
    expect(failureOf(() => FastifyRateLimitStore.for(value as never))).toEqual(INVALID);
  });

  it('refuses a client whose prefix leaves no room, and options that are none', () => {
    const long = Client.create('127.0.0.1:1', { keyPrefix: 'x'.repeat(131) });
    expect(failureOf(() => rateLimiter(long, LIMIT))).toEqual(INVALID);
    expect(failureOf(() => rateLimiter(client, undefined as never))).toEqual(INVALID);
  });

  it.each([0, -1, 0.5, Number.NaN, 2 ** 53, '1', null, 1n])('refuses a cost of %s in the promise', async (cost) => {
    const limiter = rateLimiter(client, LIMIT);
    await expect(limiter.take('key', cost as number)).rejects.toEqual(INVALID);
  });

  it.each([undefined, null, 7, {}, Buffer.from('key')])('refuses %j for a key, whatever whenDown says', async (key) => {
    for (const whenDown of ['allow', 'deny', 'local'] as const) {
      const limiter = rateLimiter(client, { ...LIMIT, whenDown });
      await expect(limiter.take(key as never)).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
    }
  });

  it('does not change its options', async () => {
    const options = Object.freeze({ ...LIMIT, whenDown: 'allow' } as const);
    expect(await rateLimiter(client, options).take('key')).toMatchObject({ allowed: true, remaining: 0 });
  });
});

describe('the stores', () => {
  it('refuse invalid options', () => {
    const wrong = [{ whenDown: 'throw' }, { onDown: 1 }, { algorithm: 'leaky' }, { prefix: 5 }] as never[];
    for (const options of wrong) {
      const store = () => new ExpressRateLimitStore(client, options).init({ windowMs: 1000 });
      expect(failureOf(store)).toEqual(INVALID);
    }
    for (const options of wrong.filter((each) => !('algorithm' in (each as object)))) {
      expect(failureOf(() => new ThrottlerStorage(client, options))).toEqual(INVALID);
      expect(failureOf(() => FastifyRateLimitStore.for(client, options))).toEqual(INVALID);
    }
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2_592_000_000, '1000', undefined])(
    'refuse a window of %s ms',
    async (windowMs) => {
      const store = new ExpressRateLimitStore(client);
      expect(failureOf(() => store.init({ windowMs } as never))).toEqual(INVALID);
      await expect(store.increment('key')).rejects.toEqual(INVALID);
      await expect(new ThrottlerStorage(client).increment('key', windowMs as never, 1, 0, 'x')).rejects.toEqual(
        INVALID,
      );
      const counted = new Promise((resolve) => {
        new FastifyRateLimitStore(client).incr('key', (error) => resolve(error), windowMs as never, 1);
      });
      expect(await counted).toEqual(INVALID);
    },
  );

  it('leave an error to their host, unless whenDown is said', async () => {
    const store = new ExpressRateLimitStore(client);
    store.init({ windowMs: 1000 });
    await expect(store.increment('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    const errors: Error[] = [];
    const denying = new HonoRateLimitStore(client, { whenDown: 'deny', onDown: (error) => errors.push(error) });
    denying.init({ windowMs: 1000 });
    const { totalHits, resetTime } = await denying.increment('key');
    expect(totalHits).toBe(Number.MAX_SAFE_INTEGER);
    expect(resetTime.getTime() - Date.now()).toBeLessThanOrEqual(1000);
    expect(errors).toMatchObject([{ code: 'ERR_CONNECT' }]);
  });
});
