import { afterEach, beforeEach, expect, test } from 'vitest';
import { dns } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { DnsServer } from '../../support/dns-server.ts';
import { failure } from '../../support/outcomes.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { useClients } from '../clients.ts';

const clients = useClients();
let names: DnsServer;

beforeEach(async () => {
  names = await DnsServer.start();
});

afterEach(() => names[Symbol.asyncDispose]());

const source = (host: string, port?: number): ReturnType<typeof dns> =>
  dns({ host, port, nameservers: [names.address], interval: 0.05 });

test('all addresses of both families, in an order that does not change', async () => {
  names.names.set('1cache.example', { a: ['10.0.0.2', '10.0.0.1'], aaaa: ['fd00::2'] });
  const expected = ['10.0.0.1', '10.0.0.2', 'fd00::2'].map((host) => ({ host, port: 11300 }));
  expect(await source('1cache.example', 11300).discover()).toEqual(expected);
  names.names.set('1cache.example', { a: ['10.0.0.1', '10.0.0.2'], aaaa: ['fd00::2'] });
  expect(await source('1cache.example', 11300).discover()).toEqual(expected);
});

test.each([
  [{ a: ['10.0.0.1'] }, '10.0.0.1'],
  [{ aaaa: ['fd00::1'] }, 'fd00::1'],
])('one family may have no records: %o', async (records, host) => {
  names.names.set('cache.example', records);
  expect(await source('cache.example').discover()).toEqual([{ host, port: 11211 }]);
});

test('one family that can not be asked does not take its servers off the list', async () => {
  names.names.set('cache.example', { a: ['10.0.0.1'], aaaa: ['fd00::1'] });
  names.failing.add('aaaa');
  expect(await failure(source('cache.example').discover() as Promise<unknown>)).toMatchObject({ code: 'ESERVFAIL' });
});

test('SRV records with their ports and weights', async () => {
  names.names.set('_memcached._tcp.example', {
    srv: [
      { name: '2b.example', port: 11301, weight: 20 },
      { name: '1a.example', port: 11300 },
    ],
  });
  expect(await source('_memcached._tcp.example').discover()).toEqual([
    { host: '1a.example', port: 11300, weight: 1 },
    { host: '2b.example', port: 11301, weight: 20 },
  ]);
});

test('a name that nobody knows: waiting commands reject, and it is asked again', async () => {
  await using server = await MemoryServer.start();
  const client = clients.create(null as never, { discovery: source('cache.example', server.port), protocol: 'auto' });
  expect(await failure(client.get('a'))).toMatchObject({ code: 'ERR_NO_SERVERS', cause: { code: 'ENOTFOUND' } });
  names.names.set('cache.example', { a: ['127.0.0.1'] });
  await eventually(() => client.set('a', 'value').catch(() => false));
});

test('addresses come and go under a running client; a failure keeps the last list and is logged once', async () => {
  await using first = await MemoryServer.start({ host: '127.0.0.1' });
  await using second = await MemoryServer.start({ host: '127.0.0.2', port: first.port });
  names.names.set('cache.example', { a: ['127.0.0.1'] });
  const client = clients.create(null as never, { discovery: source('cache.example', first.port), protocol: 'auto' });
  expect(await client.set('a', 'value')).toBe(true);
  names.names.set('cache.example', { a: ['127.0.0.2', '127.0.0.1'] });
  await eventually(() => client.servers.length === 2);
  names.failing.add('a');
  const asked = names.questions;
  await eventually(() => names.questions > asked + 6);
  expect(client.servers).toHaveLength(2);
  expect(clients.log.filter((line) => /Discovery failed/.test(line))).toHaveLength(1);
  names.failing.clear();
  names.names.set('cache.example', { a: ['127.0.0.2'] });
  await eventually(() => client.servers.length === 1);
  expect(await client.set('a', 'value')).toBe(true);
  await eventually(() => first.connections === 0);
  expect(second.stats().cmd_set).not.toBe('0');
  client.close();
  await sleep(20);
  const questions = names.questions;
  await sleep(150);
  expect(names.questions).toBe(questions);
});
