import { afterEach, expect, it } from 'vitest';
import { Cache } from '../../../src/cache/index.ts';
import { Client, type ClientOptions, Server } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { rateLimiter } from '../../../src/rate-limit/index.ts';

const lines: string[] = [];
const logger = { log: (line: string): void => void lines.push(line) };

afterEach(() => {
  lines.length = 0;
});

/** Options as a program without types has them. */
const untyped = (options: object): ClientOptions => ({ ...options, logger }) as ClientOptions;

it.each([
  ['ttl', 60, 'memts: there is no option ttl, so it is ignored; expires (in seconds) was probably meant'],
  ['expire', 60, 'memts: there is no option expire, so it is ignored; expires (in seconds) was probably meant'],
  ['lifetime', 60, 'memts: there is no option lifetime, so it is ignored; expires (in seconds) was probably meant'],
  ['user', 'alice', 'memts: there is no option user, so it is ignored; username was probably meant'],
  ['timeout', 5000, 'memts: a timeout of 5000 s is long; it is in seconds, not milliseconds'],
  ['pass', 'secret', 'memts: there is no option pass, so it is ignored; password was probably meant'],
  ['maxAge', 60, 'memts: there is no option maxAge, so it is ignored; expires (in seconds) was probably meant'],
  ['conntimeout', 5000, 'memts: a conntimeout of 5000 s is long; it is in seconds, not milliseconds'],
  ['retry_delay', 200, 'memts: a retry_delay of 200 s is long; it is in seconds, not milliseconds'],
  ['retryDelay', 200, 'memts: a retry_delay of 200 s is long; it is in seconds, not milliseconds'],
  ['password', 'secret', 'memts: there is a password without a username, so there is no login'],
])('%s of a client is logged once, with what was probably meant', (name, value, line) => {
  Client.create('a,b,c', untyped({ [name]: value }));
  expect(lines).toEqual([line]);
});

it.each(['memcached://:secret@a', ':secret@a'])('a password without a user name in %j is logged', (servers) => {
  Client.create(servers, { logger });
  expect(lines).toEqual(['memts: there is a password without a username, so there is no login']);
});

it('a password without a user name of a server made by hand, or of a spare one, is logged', () => {
  new Client([new Server('a', 11211, '', 'secret')], { logger });
  Client.create('a', { logger, failover: { gutter: [{ host: 'b', password: 'secret' }], expires: 1 } });
  expect(lines).toHaveLength(2);
});

it.each(['user', 'pass'])('%s of a server, or of a spare one, is logged', (name) => {
  const servers = [{ host: 'a', [name]: 'text' } as object];
  Client.create(servers, { logger });
  Client.create('a', { logger, failover: { gutter: servers, expires: 1 } });
  expect(lines).toEqual([
    expect.stringContaining(`there is no option ${name}`),
    expect.stringContaining(`there is no option ${name}`),
  ]);
});

it('what other caches and rate limits call options is logged', () => {
  const client = Client.create('a', { logger });
  new Cache(client, { near: { ttl: 5, max: 10 } as object });
  rateLimiter(client, { points: 1, per: 1, keyPrefix: 'login' } as never);
  expect(lines).toEqual([
    'memts: there is no option near.ttl, so it is ignored; near.trustFor (in seconds) was probably meant',
    'memts: there is no option near.max, so it is ignored; near.entries was probably meant',
    'memts: there is no option keyPrefix of a rate limit, so it is ignored; prefix was probably meant',
  ]);
});

it('options that are inherited count, as those of a class of settings and those of another client', () => {
  class Settings {
    get timeout(): number {
      return 7;
    }
    get password(): string {
      return 'secret';
    }
  }
  const settings: ClientOptions = new Settings();
  const one = Client.create('a', Object.assign(settings, { logger, username: 'user', tls: { ca: 'ours' } }));
  expect(one.options.timeout).toBe(7);
  const other = Client.create('a', one.options);
  expect(other.options.tls).toEqual({ ca: 'ours' });
  expect(other.servers[0]).toMatchObject({ username: 'user', password: 'secret', options: { timeout: 7 } });
  expect(JSON.stringify(other.options)).not.toMatch(/secret|ours/);
  expect(lines).toEqual([]);
});

it('a whole login, a long but likely timeout and what resembles no option are not logged', () => {
  Client.create('user:password@a', { logger });
  Client.create('a', untyped({ username: 'user', password: 'password', timeout: 300, namespace: 'x', store: {} }));
  expect(lines).toEqual([]);
});

it('names in the options of commands are logged once each, whichever command has them', async () => {
  await using server = await MemoryServer.start();
  const client = Client.create(server.address, { logger });
  const ttl = { ttl: 60 } as object;
  await client.set('a', '1', ttl);
  await client.set('a', '1', ttl);
  await client.get('a', ttl);
  await client.setMulti([['a', '1']], ttl);
  await client.getOrSet('a', () => '1', ttl);
  await client.update('a', () => '1', ttl);
  expect(lines).toEqual(['memts: there is no option ttl, so it is ignored; expires (in seconds) was probably meant']);
  for (const name of ['expire', 'lifetime', 'user']) await client.getOrSet(name, () => '1', { [name]: 1 } as object);
  await client.get('a', { timeout: 5000 });
  await client.get('a', { timeout: 6000 });
  expect(lines.slice(1).map((line) => /option (\w+)|a (timeout)/.exec(line)?.slice(1).join(''))).toEqual([
    'expire',
    'lifetime',
    'user',
    'timeout',
  ]);
  await client.quit();
});
