import { afterAll, beforeAll, expect, test } from 'vitest';
import { Server } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import { failureWithin, resultWithin, SLACK, useClients } from '../clients.ts';

const USER = { username: 'alice', password: 'p:a@s:s@word' };

const clients = useClients();
let server: Memcached;
let proxy: TcpProxy;

beforeAll(async () => {
  server = await startMemcached({ sasl: [USER] });
  proxy = await startProxy(server.port);
});

afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

const WRONG: [what: string, options: { username?: string; password?: string }][] = [
  ['a wrong password', { username: 'alice', password: 'secret-but-wrong' }],
  ['a wrong user', { username: 'mallory', password: USER.password }],
  ['no credentials', {}],
];

test.each(WRONG)('%s: one error with ERR_AUTH, no loop, and waiting commands fail', async (_what, options) => {
  const connections = proxy.connections;
  const client = clients.create(proxy.address, { timeout: 5, retries: 3, retry_delay: 0.01, ...options });
  const called: unknown[] = [];
  for (let index = 0; index < 5; index++) client.set(`a${index}`, 'v', {}, (error) => called.push(error));
  const waiting = [client.get('a'), client.increment('n', 1), client.stats(), client.delete('a')];
  const errors = await resultWithin(Promise.all(waiting.map(failure)), 2 * SLACK);
  for (const error of [...errors, ...called]) {
    expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_AUTH', server: proxy.address });
    expect((error as Error).message).toMatch(/^Memcached server authentication failed!/);
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toMatch(/secret/);
  }
  expect(called).toHaveLength(5);
  expect(proxy.connections).toBe(connections + 1);
  expect(clients.log.join('\n')).not.toMatch(/secret/);
});

test('twelve failed logins and then a good one: no old command is sent again, no listener piles up', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const strict = await startMemcached({ sasl: [{ username: 'alice', password: 'another' }] });
  const client = clients.create(strict.address, { ...USER, timeout: 2 });
  for (let attempt = 0; attempt < 12; attempt++) {
    expect(await failure(client.increment('n', 1, { initial: attempt }))).toMatchObject({ code: 'ERR_AUTH' });
    expect(await failure(client.set(`a${attempt}`, 'v'))).toMatchObject({ code: 'ERR_AUTH' });
  }
  await strict.stop();
  await using good = await startMemcached({ sasl: [USER], port: strict.port });
  expect(await client.set('a', 'value')).toBe(true);
  const { [good.address]: stats } = await client.stats();
  expect(stats).toMatchObject({ cmd_set: '1', incr_misses: '0', incr_hits: '0', total_items: '1' });
  const [first] = client.servers;
  expect(first).toBeInstanceOf(Server);
  const { eventNames } = first as Server;
  const listeners = eventNames.call(first).map((name) => (first as Server).listenerCount(name));
  expect(listeners.filter((count) => count > 1)).toEqual([]);
  await new Promise(setImmediate);
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test('passwords with : and @', async () => {
  const { username, password } = USER;
  const encoded = `${username}:${encodeURIComponent(password)}`;
  for (const client of [
    clients.create(`${username}:${password}@${server.address}`),
    clients.create(`memcached://${encoded}@${server.address}`),
    clients.create(server.address, USER),
    clients.create([{ host: server.host, port: server.port, username, password }] as never),
  ]) {
    expect(await client.set('a', 'value')).toBe(true);
    client.close();
  }
});

test('credentials of a server come before those of the options', async () => {
  const { username, password } = USER;
  const wrong = { username: 'alice', password: 'wrong' };
  const client = clients.create(`${username}:${password}@${server.address}`, wrong);
  expect(await client.set('a', 'value')).toBe(true);
});

test('credentials from the environment', async () => {
  for (const name of ['MEMCACHIER', 'MEMCACHE']) {
    process.env[`${name}_USERNAME`] = USER.username;
    process.env[`${name}_PASSWORD`] = USER.password;
    process.env[`${name}_SERVERS`] = server.address;
    try {
      const client = clients.create('');
      expect(Object.keys(await client.stats())).toEqual([server.address]);
    } finally {
      for (const part of ['USERNAME', 'PASSWORD', 'SERVERS']) delete process.env[`${name}_${part}`];
    }
  }
});

test('credentials for a server that wants none do no harm', async () => {
  await using open = await startMemcached();
  const client = clients.create(open.address, { username: 'alice', password: 'x' });
  expect(await client.set('a', 'value')).toBe(true);
  expect(await failureWithin(client.get(''), 0, SLACK)).toMatchObject({ code: 'ERR_INVALID_KEY' });
});
