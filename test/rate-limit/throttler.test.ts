import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import {
  type ThrottlerStorage as HostStorage,
  ThrottlerGuard,
  ThrottlerModule,
  type ThrottlerModuleOptions,
} from '@nestjs/throttler';
import { expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { ThrottlerStorage } from '../../src/rate-limit/index.ts';
import { freePort } from '../support/ports.ts';
import { eventually } from '../support/wait.ts';
import { ask, statuses, useClient } from './support.ts';

const client = await useClient();

// The module's types take the storage.
const STORAGE: HostStorage = new ThrottlerStorage(client);

class AppController {
  served(): string {
    return 'served';
  }
}
// As the compiler has decorators, which the tests are not compiled with.
Controller()(AppController);
Get()(AppController.prototype, 'served', Object.getOwnPropertyDescriptor(AppController.prototype, 'served') as never);

async function startApp(options: Exclude<ThrottlerModuleOptions, readonly unknown[]>) {
  class AppModule {}
  Module({
    imports: [ThrottlerModule.forRoot({ getTracker: (request) => Reflect.get(request.headers, 'x-user'), ...options })],
    controllers: [AppController],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
  })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), [Symbol.asyncDispose]: () => app.close() };
}

it('serves so many requests of each user, and says how many are left', async () => {
  await using app = await startApp({ throttlers: [{ ttl: 60_000, limit: 2 }], storage: STORAGE });
  const answers = await ask(app.url, 4);
  expect(statuses(answers)).toEqual([200, 200, 429, 429]);
  expect(answers[0]?.headers).toMatchObject({ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '1' });
  expect(Number(answers[0]?.headers['x-ratelimit-reset'])).toBeOneOf([59, 60]);
  for (const answer of answers.slice(2)) expect(Number(answer.headers['retry-after'])).toBeOneOf([58, 59, 60]);
  expect(statuses(await ask(app.url, 1, 'grace'))).toEqual([200]);
});

it('counts by each of several limits', async () => {
  const throttlers = [
    { name: 'short', ttl: 1000, limit: 1 },
    { name: 'long', ttl: 60_000, limit: 3, blockDuration: 100_000 },
  ];
  await using app = await startApp({ throttlers, storage: STORAGE });
  expect(statuses(await ask(app.url, 2))).toEqual([200, 429]);
  await eventually(async () => expect(statuses(await ask(app.url, 1))).toEqual([200]), { interval: 100 });
  const long = await STORAGE.increment('key', 60_000, 0, 0, 'long');
  expect(long).toMatchObject({ totalHits: 1, isBlocked: true });
  expect(await STORAGE.increment('key', 60_000, 1, 0, 'short')).toMatchObject({ totalHits: 1, isBlocked: false });
});

it('blocks for as long as it should from the first request that was too many, and serves again then', async () => {
  const take = (blockDuration: number) => STORAGE.increment('key', 100_000, 1, blockDuration, 'default');
  expect(await take(200_000)).toEqual({ totalHits: 1, timeToExpire: 100, isBlocked: false, timeToBlockExpire: 0 });
  expect(await take(200_000)).toEqual({ totalHits: 2, timeToExpire: 200, isBlocked: true, timeToBlockExpire: 200 });
  const later = await take(200_000);
  expect(later).toMatchObject({ totalHits: 3, isBlocked: true });
  expect(later.timeToBlockExpire).toBeGreaterThan(195);
  await client.flush();
  // A block that is shorter than the window ends it.
  await take(1000);
  expect(await take(1000)).toMatchObject({ isBlocked: true });
  await eventually(async () => expect(await take(1000)).toMatchObject({ totalHits: 1, isBlocked: false }), {
    interval: 100,
  });
});

it('has an error answered by the app where memcached is away, unless whenDown decides', async () => {
  const away = Client.create(`127.0.0.1:${await freePort()}`, { retries: 1, logger: false });
  const outcomes = [];
  for (const whenDown of [undefined, 'allow', 'deny', 'local'] as const) {
    const storage = new ThrottlerStorage(away, { whenDown });
    await using app = await startApp({ throttlers: [{ ttl: 60_000, limit: 2 }], storage });
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
