import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { rateLimiter, type Store } from 'hono-rate-limiter';
import { expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { HonoRateLimitStore } from '../../src/rate-limit/index.ts';
import { freePort } from '../support/ports.ts';
import { eventually } from '../support/wait.ts';
import { ask, listening, statuses, useClient } from './support.ts';

const client = await useClient();

type Options = Partial<Parameters<typeof rateLimiter>[0]> & { store: Store };

async function startApp(options: Options) {
  const app = new Hono();
  const keyGenerator = (c: { req: { header(name: string): string | undefined } }) => c.req.header('x-user') ?? '';
  app.use(rateLimiter({ windowMs: 60_000, limit: 2, standardHeaders: 'draft-7', keyGenerator, ...options } as never));
  app.get('/', (c) => c.text('served'));
  app.get('/bad', (c) => c.text('bad', 400));
  app.onError((error, c) => c.text(String(Reflect.get(error, 'code')), 500));
  const listener = createAdaptorServer(app);
  listener.listen(0, '127.0.0.1');
  return listening(listener as never);
}

it('serves so many requests of each user, and says how many are left', async () => {
  const store = new HonoRateLimitStore(client);
  await using app = await startApp({ store });
  const answers = await ask(app.url, 3);
  expect(statuses(answers)).toEqual([200, 200, 429]);
  expect(answers[0]?.headers.ratelimit).toMatch(/^limit=2, remaining=1, reset=(60|59)$/);
  expect(Number(answers[2]?.headers['retry-after'])).toBeOneOf([59, 60]);
  expect(statuses(await ask(app.url, 1, 'grace'))).toEqual([200]);
  expect(await store.get('ada')).toEqual({ totalHits: 3, resetTime: expect.any(Date) });
  await store.resetKey('ada');
  expect(await store.get('ada')).toBeUndefined();
  expect(statuses(await ask(app.url, 1))).toEqual([200]);
});

it('takes back what is not to count', async () => {
  const store = new HonoRateLimitStore(client);
  await using app = await startApp({ store, skipFailedRequests: true });
  for (let i = 0; i < 5; i++) {
    expect(statuses(await ask(app.url, 1, 'ada', '/bad'))).toEqual([400]);
    await eventually(async () => expect(await store.get('ada')).toBeUndefined());
  }
  expect(statuses(await ask(app.url, 3))).toEqual([200, 200, 429]);
});

it('has an error answered by the app where memcached is away, unless whenDown decides', async () => {
  const away = Client.create(`127.0.0.1:${await freePort()}`, { retries: 1, logger: false });
  const outcomes = [];
  for (const whenDown of [undefined, 'allow', 'deny', 'local'] as const) {
    await using app = await startApp({ store: new HonoRateLimitStore(away, { whenDown }) });
    outcomes.push(statuses(await ask(app.url, 3)));
  }
  expect(outcomes).toEqual([
    [500, 500, 500],
    [200, 200, 200],
    [429, 429, 429],
    [200, 200, 429],
  ]);
  away.close();
});
