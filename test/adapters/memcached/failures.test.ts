import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Memcached } from '../../../src/adapters/memcached/memcached.ts';
import type { MemcachedOptions } from '../../../src/adapters/memcached/options.ts';
import { startMemcached } from '../../support/memcached.ts';
import { freePort } from '../../support/ports.ts';
import { startRogueServer } from '../../support/rogue-server.ts';
import { sleep } from '../../support/wait.ts';

const EVENTS = ['issue', 'failure', 'reconnecting', 'reconnect', 'remove'] as const;

/** A client, and the events that it has had. */
function open(location: string | string[], options: MemcachedOptions): { client: Memcached; events: string[] } {
  const client = new Memcached(location, { retries: 0, timeout: 300, ...options });
  const events: string[] = [];
  for (const event of EVENTS) client.on(event, () => events.push(event));
  onTestFinished(() => client.end());
  return { client, events };
}

async function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: Error) => error.message);
}

describe('a server that refuses connections', () => {
  it('is ejected for `retry` after a failure, and dead after `failures`', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { client, events } = open(address, { failures: 1, retry: 30, reconnect: 60_000 });
    expect(await outcome(client.get('key'))).toMatch(/connect ECONNREFUSED/);
    expect(await outcome(client.get('key'))).toBe(`Server at ${address} not available`);
    expect(client.issues[address]).toMatchObject({ failures: 1, failed: true, locked: true });
    await sleep(50);
    expect(client.issues[address]).toMatchObject({ failures: 0, failed: false, totalFailures: 1 });
    expect(await outcome(client.get('key'))).toMatch(/connect ECONNREFUSED/);
    await sleep(50);
    expect(await outcome(client.get('key'))).toBe(`Server at ${address} not available`);
    expect(events).toEqual(['issue']);
  });

  it('gives a callback no result beside the error, where a server that refuses the command gives false', async () => {
    const { client } = open(`127.0.0.1:${await freePort()}`, { retries: 0 });
    const given = new Promise((resolve) => client.set('key', 'value', 10, (...outcome) => resolve(outcome)));
    expect(await given).toEqual([expect.objectContaining({ code: 'ERR_CONNECT' }), undefined]);
  });

  it('is one failure, however many commands were waiting', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { client, events } = open(address, { failures: 5, remove: true });
    await Promise.all(Array.from({ length: 50 }, () => outcome(client.get('key'))));
    expect(client.issues[address]).toMatchObject({ failures: 5, messages: [expect.stringMatching(/ECONNREFUSED/)] });
    expect(events).toEqual(['issue']);
  });

  it('is tried every `reconnect`, and used again once it is back', async () => {
    const port = await freePort();
    const { client, events } = open(`127.0.0.1:${port}`, { failures: 0, reconnect: 100 });
    expect(await outcome(client.get('key'))).toMatch(/ECONNREFUSED/);
    await once(client, 'reconnecting');
    await using _server = await startMemcached({ port });
    await once(client, 'reconnect');
    expect(await client.set('key', 'value', 10)).toBe(true);
    expect(new Set(events)).toEqual(new Set(['reconnecting', 'reconnect']));
  });

  it('is removed, and its keys go to the others', async () => {
    await using server = await startMemcached();
    const dead = `127.0.0.1:${await freePort()}`;
    const { client, events } = open([dead, server.address], { failures: 0, remove: true });
    const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`.replace(' ', '-'));
    const lost = keys.filter((key) => client.HashRing.get(key) === dead);
    expect(lost.length).toBeGreaterThan(0);
    expect(await outcome(client.get(lost[0] as string))).toMatch(/ECONNREFUSED/);
    for (const key of keys) expect(await client.set(key, 'value', 10)).toBe(true);
    expect(events).toEqual(['remove', 'failure']);
  });

  it('is replaced by a server of failOverServers', async () => {
    await using server = await startMemcached();
    const dead = `127.0.0.1:${await freePort()}`;
    const { client, events } = open(dead, { failures: 0, remove: true, failOverServers: server.address });
    expect(await outcome(client.get('key'))).toMatch(/ECONNREFUSED/);
    expect(await client.set('key', 'value', 10)).toBe(true);
    expect([client.servers, events]).toEqual([[server.address], ['remove']]);
  });

  it('fails only its own keys of a batch', async () => {
    await using server = await startMemcached();
    const dead = `127.0.0.1:${await freePort()}`;
    const { client } = open([dead, server.address], {});
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
    const there = keys.filter((key) => client.HashRing.get(key) === server.address);
    for (const key of there) await client.set(key, key, 10);
    const result = await new Promise<[Error[], object]>((resolve) =>
      client.getMulti(keys, (errors, found) => resolve([errors, found])),
    );
    expect(result).toEqual([
      [expect.objectContaining({ message: expect.stringMatching(/ECONNREFUSED/) })],
      Object.fromEntries(there.map((key) => [key, key])),
    ]);
  });
});

it('a server that never answers fails a command after `timeout`', async () => {
  await using server = await startRogueServer(() => {});
  const { client, events } = open(server.address, { timeout: 200 });
  const start = Date.now();
  await expect(client.get('key')).rejects.toMatchObject({ code: expect.stringMatching(/ERR_(TIMEOUT|CONNECT)/) });
  expect(Date.now() - start).toBeLessThan(2000);
  expect(events).toEqual(['issue']);
});

it('keys are deleted and counted on further servers with `redundancy`', async () => {
  await using first = await startMemcached();
  await using second = await startMemcached();
  const servers = [first.address, second.address];
  const { client } = open(servers, { redundancy: 1 });
  const single = servers.map((server) => new Memcached(server));
  for (const one of single) await one.set('key', 5, 60);
  expect(await client.incr('key', 2)).toBe(7);
  await expect.poll(() => Promise.all(single.map((one) => one.get('key')))).toEqual([7, 7]);
  expect(await client.del('key')).toBe(true);
  await expect.poll(() => Promise.all(single.map((one) => one.get('key')))).toEqual([undefined, undefined]);
  for (const one of single) one.end();
});

it('closes connections that were idle, and opens them again', async () => {
  await using server = await startMemcached();
  const { client } = open(server.address, { idle: 50 });
  const watcher = new Memcached(server.address);
  await client.set('key', 'value', 10);
  const connections = async () => Number((await watcher.stats())[0]?.curr_connections);
  const before = await connections();
  await expect.poll(connections).toBe(before - 1);
  expect(await client.get('key')).toBe('value');
  watcher.end();
});

it('what a callback throws is an uncaught exception, and the next one is called', async () => {
  await using server = await startMemcached();
  const { client } = open(server.address, {});
  const thrown = new Promise((resolve) => {
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => {
      for (const other of others) process.on('uncaughtException', other);
      resolve(error.message);
    });
  });
  let calls = 0;
  client.get('key', () => {
    calls++;
    throw new Error('of the program');
  });
  expect(await thrown).toBe('of the program');
  expect(await client.set('key', 'value', 10)).toBe(true);
  expect(calls).toBe(1);
});

it('throws for a list without servers, and takes the default where there is none', () => {
  expect(() => new Memcached({})).toThrow('No servers where supplied in the arguments');
  expect([new Memcached().servers, new Memcached([]).servers, new Memcached('').servers]).toEqual(
    Array(3).fill(['localhost:11211']),
  );
});

it('takes options of every instance from Memcached.config', () => {
  const { namespace } = Memcached.config;
  onTestFinished(() => {
    Memcached.config.namespace = namespace;
  });
  Memcached.config.namespace = 'all:';
  expect([new Memcached('a').namespace, new Memcached('a', { namespace: 'one:' }).namespace]).toEqual(['all:', 'one:']);
});
