import { afterEach, expect, it } from 'vitest';
import { Client, type ClientOptions, Server } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';

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
