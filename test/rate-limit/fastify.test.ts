import rateLimit, { type FastifyRateLimitStoreCtor, type RateLimitPluginOptions } from '@fastify/rate-limit';
import fastify from 'fastify';
import { expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { FastifyRateLimitStore } from '../../src/rate-limit/index.ts';
import { freePort } from '../support/ports.ts';
import { eventually } from '../support/wait.ts';
import { ask, listening, statuses, useClient } from './support.ts';

const client = await useClient();

// The plugin's types take the class.
const STORE: FastifyRateLimitStoreCtor = FastifyRateLimitStore.for(client);

async function startApp(options: RateLimitPluginOptions) {
  const app = fastify();
  const keyGenerator = (request: { headers: object }) => String(Reflect.get(request.headers, 'x-user'));
  await app.register(rateLimit, { max: 2, timeWindow: 60_000, keyGenerator, ...options });
  app.get('/', async () => 'served');
  app.get('/own', { config: { rateLimit: { max: 1 } } }, async () => 'served');
  app.get('/one', { config: { rateLimit: { max: 2, groupId: 'group' } } }, async () => 'served');
  app.get('/two', { config: { rateLimit: { max: 2, groupId: 'group' } } }, async () => 'served');
  await app.listen({ port: 0, host: '127.0.0.1' });
  return listening(app.server);
}

it('serves so many requests of each user, and says how many are left', async () => {
  await using app = await startApp({ store: STORE });
  const answers = await ask(app.url, 3);
  expect(statuses(answers)).toEqual([200, 200, 429]);
  expect(answers[0]?.headers).toMatchObject({ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '1' });
  expect(Number(answers[2]?.headers['retry-after'])).toBeOneOf([59, 60]);
  expect(statuses(await ask(app.url, 1, 'grace'))).toEqual([200]);
});

it('counts a route with limits of its own by itself, and the routes of a group together', async () => {
  await using app = await startApp({ store: STORE });
  expect(statuses(await ask(app.url, 2, 'ada', '/own'))).toEqual([200, 429]);
  const grouped = [await ask(app.url, 1, 'ada', '/one'), await ask(app.url, 2, 'ada', '/two')].flat();
  expect(statuses(grouped)).toEqual([200, 200, 429]);
  expect(statuses(await ask(app.url, 3))).toEqual([200, 200, 429]);
});

it('begins again when the window is over', async () => {
  await using app = await startApp({ store: STORE, timeWindow: '1 second' });
  expect(statuses(await ask(app.url, 3))).toEqual([200, 200, 429]);
  await eventually(async () => expect(statuses(await ask(app.url, 1))).toEqual([200]), { interval: 100 });
});

it.each(['continueExceeding', 'exponentialBackoff'])('%s has the window end later', async (option) => {
  await using app = await startApp({ store: STORE, timeWindow: 100_000, [option]: true });
  await ask(app.url, 2);
  await client.touch('rl:100:ada', 50);
  const [first, second] = await ask(app.url, 2);
  const ends = [first, second].map((answer) => Number(answer?.headers['retry-after']));
  expect(ends).toEqual(option === 'continueExceeding' ? [100, 100] : [100, 200]);
  const { ttl } = (await client.inspect('rl:100:ada')) ?? {};
  expect(ttl).toBeGreaterThan(Number(ends[1]) - 5);
});

it('may be extended by a class that passes on what the plugin makes it with', async () => {
  const store: FastifyRateLimitStoreCtor = class extends FastifyRateLimitStore {
    constructor(plugin: object) {
      super(client, plugin);
    }
  };
  await using app = await startApp({ store, timeWindow: 100_000, exponentialBackoff: true });
  const ends = (await ask(app.url, 4)).map((answer) => Number(answer.headers['retry-after']));
  expect(ends.slice(2)).toEqual([100, 200]);
  expect(statuses(await ask(app.url, 2, 'ada', '/own'))).toEqual([200, 429]);
});

it('has an error handled as its options say where memcached is away', async () => {
  const away = Client.create(`127.0.0.1:${await freePort()}`, { retries: 1, logger: false });
  const cases: [RateLimitPluginOptions, number[]][] = [
    [{ store: FastifyRateLimitStore.for(away) }, [500, 500, 500]],
    [{ store: FastifyRateLimitStore.for(away), skipOnError: true }, [200, 200, 200]],
    [{ store: FastifyRateLimitStore.for(away, { whenDown: 'allow' }) }, [200, 200, 200]],
    [{ store: FastifyRateLimitStore.for(away, { whenDown: 'deny' }) }, [429, 429, 429]],
    [{ store: FastifyRateLimitStore.for(away, { whenDown: 'local' }) }, [200, 200, 429]],
  ];
  for (const [options, expected] of cases) {
    await using app = await startApp(options);
    expect(statuses(await ask(app.url, 3))).toEqual(expected);
  }
  away.close();
});
