import express from 'express';
import { rateLimit as rateLimit8, type Store as Store8 } from 'express-rate-limit';
import { rateLimit as rateLimit7, type Store as Store7 } from 'express-rate-limit-7';
import { describe, expect, it, vi } from 'vitest';
import { Client } from '../../src/index.ts';
import { ExpressRateLimitStore, type RateLimitStoreOptions } from '../../src/rate-limit/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { eventually } from '../support/wait.ts';
import { ask, listening, statuses, useClient } from './support.ts';

const client = await useClient();

// The types of both versions take the store.
const STORES: [Store7, Store8] = [new ExpressRateLimitStore(client), new ExpressRateLimitStore(client)];

type Options = Parameters<typeof rateLimit8>[0] & Parameters<typeof rateLimit7>[0];

/** An app that answers 200, or 400 where it is asked for. */
function startApp(rateLimit: typeof rateLimit8, options: Options) {
  const app = express();
  const logged: unknown[] = [];
  const limit = rateLimit({
    windowMs: 60_000,
    limit: 2,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    keyGenerator: (request) => String(request.headers['x-user']),
    ...options,
  });
  app.use(limit);
  app.get('/', (_request, response) => void response.send('served'));
  app.get('/bad', (_request, response) => void response.status(400).send('bad'));
  const log = (error: unknown, _request: unknown, response: express.Response, _next: unknown): void => {
    logged.push(error);
    response.status(500).send('failed');
  };
  app.use(log);
  return { limit, logged, listener: app.listen(0, '127.0.0.1') };
}

const newStore = (options?: RateLimitStoreOptions) => new ExpressRateLimitStore(client, options);

describe.each([
  ['7', rateLimit7 as unknown as typeof rateLimit8],
  ['8', rateLimit8],
])('express-rate-limit %s', (_version, rateLimit) => {
  it('serves so many requests of each user, and says how many are left', async () => {
    const { limit, listener } = startApp(rateLimit, { store: newStore() });
    await using app = await listening(listener);
    const answers = await ask(app.url, 3);
    expect(statuses(answers)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers).toEqual({
      'ratelimit-policy': '2;w=60',
      ratelimit: expect.stringMatching(/^limit=2, remaining=1, reset=(60|59)$/),
    });
    expect(Number(answers[2]?.headers['retry-after'])).toBeOneOf([59, 60]);
    expect(statuses(await ask(app.url, 1, 'grace'))).toEqual([200]);

    expect(await limit.getKey('ada')).toEqual({ totalHits: 3, resetTime: expect.any(Date) });
    expect(await limit.getKey('nobody')).toBeUndefined();
    await limit.resetKey('ada');
    await eventually(async () => (await limit.getKey('ada')) === undefined);
    expect(statuses(await ask(app.url, 1))).toEqual([200]);
  });

  it('takes back what is not to count', async () => {
    const store = newStore();
    const { limit, listener } = startApp(rateLimit, { store, skipFailedRequests: true });
    await using app = await listening(listener);
    for (let i = 0; i < 5; i++) {
      expect(statuses(await ask(app.url, 1, 'ada', '/bad'))).toEqual([400]);
      await eventually(async () => expect(await limit.getKey('ada')).toBeUndefined());
    }
    // Nothing begins that is not there, and nothing goes below 0.
    await store.decrement('nobody');
    expect(await limit.getKey('nobody')).toBeUndefined();
    expect(statuses(await ask(app.url, 3))).toEqual([200, 200, 429]);
  });

  it('counts in sliding windows, too', async () => {
    const store = newStore({ algorithm: 'sliding' });
    const { limit, listener } = startApp(rateLimit, { store, windowMs: 2_591_999_000 });
    await using app = await listening(listener);
    expect(statuses(await ask(app.url, 3))).toEqual([200, 200, 429]);
    expect(await limit.getKey('ada')).toMatchObject({ totalHits: 3 });
    await store.decrement('ada');
    expect(await limit.getKey('ada')).toMatchObject({ totalHits: 2 });
    await store.resetKey('ada');
    expect(statuses(await ask(app.url, 3))).toEqual([200, 200, 429]);
  });

  it('shares its counters with other processes and keeps those of another prefix apart', async () => {
    const first = startApp(rateLimit, { store: newStore() });
    const second = startApp(rateLimit, { store: newStore() });
    const other = startApp(rateLimit, { store: newStore({ prefix: 'login' }) });
    await using one = await listening(first.listener);
    await using two = await listening(second.listener);
    await using three = await listening(other.listener);
    const answers = [await ask(one.url, 1), await ask(two.url, 1), await ask(one.url, 1), await ask(three.url, 1)];
    expect(answers.map(statuses)).toEqual([[200], [200], [429], [200]]);
  });

  it('goes on where a hit can not be taken back', async () => {
    const brief = await startMemcached();
    const leaving = Client.create(brief.address, { retries: 1, logger: false });
    const onDown = vi.fn();
    const store = new ExpressRateLimitStore(leaving, { whenDown: 'local', onDown });
    const { limit, listener } = startApp(rateLimit, { store, skipSuccessfulRequests: true, limit: 1 });
    await using app = await listening(listener);
    expect(statuses(await ask(app.url, 1))).toEqual([200]);
    await eventually(async () => expect(await limit.getKey('ada')).toBeUndefined());
    await brief.stop();
    // An error of what is done behind the response would end the process.
    for (let i = 0; i < 3; i++) {
      expect(statuses(await ask(app.url, 1))).toEqual([200]);
      await eventually(() => expect(onDown).toHaveBeenCalledTimes(2 * (i + 1)));
    }
    leaving.close();
  });

  it('has an error handled as its options say where memcached is away', async () => {
    const away = Client.create(`127.0.0.1:${await freePort()}`, { retries: 1, logger: false });
    // The host tells of each error that it passes on.
    using said = vi.spyOn(console, 'error').mockImplementation(() => {});
    const cases: [Options, number[]][] = [
      [{ store: new ExpressRateLimitStore(away) }, [500, 500, 500]],
      [{ store: new ExpressRateLimitStore(away), passOnStoreError: true }, [200, 200, 200]],
      [{ store: new ExpressRateLimitStore(away, { whenDown: 'allow' }) }, [200, 200, 200]],
      [{ store: new ExpressRateLimitStore(away, { whenDown: 'deny' }) }, [429, 429, 429]],
      [{ store: new ExpressRateLimitStore(away, { whenDown: 'local' }) }, [200, 200, 429]],
    ];
    for (const [options, expected] of cases) {
      const { logged, listener } = startApp(rateLimit, options);
      await using app = await listening(listener);
      expect(statuses(await ask(app.url, 3))).toEqual(expected);
      expect(logged.map((error) => Reflect.get(error as object, 'code'))).toEqual(
        expected.filter((status) => status === 500).map(() => 'ERR_CONNECT'),
      );
    }
    expect(said).toHaveBeenCalledTimes(3);
    away.close();
  });
});

it('says to both hosts that its keys are not of one process', () => {
  expect(STORES.map(({ localKeys, prefix }) => [localKeys, prefix])).toEqual([
    [false, 'rl'],
    [false, 'rl'],
  ]);
});

it('begins again when the window is over', async () => {
  const { listener } = startApp(rateLimit8, { store: newStore(), windowMs: 1000 });
  await using app = await listening(listener);
  const answers = await ask(app.url, 3);
  expect(statuses(answers)).toEqual([200, 200, 429]);
  expect(answers[2]?.headers['retry-after']).toBe('1');
  await eventually(async () => expect(statuses(await ask(app.url, 1))).toEqual([200]), { interval: 100 });
});
