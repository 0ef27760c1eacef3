import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Client, type ClientOptions, type CommandTrace, jsonSerializer, type ServerOptions } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { sleep } from '../support/wait.ts';
import { Recorder } from './recorder.ts';

const QUIET = { logger: { log() {} } };
const OK = ['start', 'end', 'asyncStart', 'asyncEnd'];
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];

let memcached: Memcached;
let recorder: Recorder;
const clients: Client[] = [];

beforeAll(async () => {
  memcached = await startMemcached();
});
afterAll(() => memcached[Symbol.asyncDispose]());
beforeEach(async () => {
  await connect().flush();
  recorder = new Recorder();
});
afterEach(() => {
  recorder[Symbol.dispose]();
  for (const client of clients.splice(0)) client.close();
});

function connect(
  options: ClientOptions<string | Uint8Array> & ServerOptions = {},
  servers = memcached.address,
): Client {
  const client = Client.create(servers, { ...QUIET, ...options });
  clients.push(client);
  return client;
}

const MAX_CAS = 2n ** 64n - 1n;

it('traces an inspection, and a read that brings no value', async () => {
  await using server = await MemoryServer.start();
  const client = connect({ protocol: 'meta' }, server.address);
  await client.set('k', 'value');
  const { cas } = await client.get('k', { cas: true });
  recorder.clear();
  const base = { keyCount: 1, server: server.address, attempts: 1 };
  await client.get('k', { ifNoneMatch: cas as bigint });
  expect(recorder.call).toEqual({ ...base, command: 'get', hit: true });
  recorder.clear();
  await client.inspect('k');
  expect(recorder.call).toEqual({ ...base, command: 'inspect', hit: true });
  recorder.clear();
  await client.inspect('none');
  expect(recorder.call).toEqual({ ...base, command: 'inspect', hit: false });
});

it.each(['binary', 'meta', 'classic'] as const)('traces each command over %s', async (protocol) => {
  const client = connect({ protocol });
  const calls: [() => Promise<unknown>, object][] = [
    [() => client.set('k', 'vålue'), { command: 'set', bytes: 6 }],
    [() => client.get('k'), { command: 'get', bytes: 6, hit: true }],
    [() => client.get('none'), { command: 'get', hit: false }],
    [() => client.get('k', { ifNoneMatch: MAX_CAS }), { command: 'get', bytes: 6, hit: true }],
    [() => client.get('none', { ifNoneMatch: MAX_CAS }), { command: 'get', hit: false }],
    [() => client.getAndTouch('k', 60), { command: 'getAndTouch', bytes: 6, hit: true }],
    [() => client.add('k', 'abc'), { command: 'add', bytes: 3 }],
    [() => client.replace('k', Buffer.from('12')), { command: 'replace', bytes: 2 }],
    [() => client.append('k', '3'), { command: 'append', bytes: 1 }],
    [() => client.prepend('k', '4'), { command: 'prepend', bytes: 1 }],
    [() => client.increment('k', 1), { command: 'increment' }],
    [() => client.decrement('k', 1), { command: 'decrement' }],
    [() => client.touch('k', 60), { command: 'touch' }],
    [() => client.delete('k'), { command: 'delete' }],
  ];
  for (const [run, expected] of calls) {
    await run();
    expect(recorder.call).toEqual({ keyCount: 1, server: memcached.address, attempts: 1, ...expected });
    expect(recorder.of(recorder.calls[0] as CommandTrace)).toEqual(OK);
    recorder.clear();
  }
});

it.each(['binary', 'meta', 'classic'] as const)('traces a call for many keys as one over %s', async (protocol) => {
  const client = connect({ protocol });
  const base = { server: memcached.address, attempts: 1, failed: 0 };
  await client.setMulti([
    ['a', '1'],
    ['b', '22'],
    ['b', '333'],
  ]);
  expect(recorder.call).toEqual({ ...base, command: 'setMulti', keyCount: 2, bytes: 4 });
  recorder.clear();
  await client.getMulti(['a', 'b', 'b', 'none'].values());
  expect(recorder.call).toEqual({ ...base, command: 'getMulti', keyCount: 3, bytes: 4, hit: false, hits: 2 });
  recorder.clear();
  await client.getMulti(new Set(['a', 'b']));
  expect(recorder.call).toEqual({ ...base, command: 'getMulti', keyCount: 2, bytes: 4, hit: true, hits: 2 });
  expect(recorder.events[0]?.copy.keyCount).toBe(2);
  recorder.clear();
  await client.deleteMulti(['a', 'none']);
  expect(recorder.call).toEqual({ ...base, command: 'deleteMulti', keyCount: 2 });
});

it.each(['binary', 'meta', 'classic'] as const)('traces an invalidation as one over %s', async (protocol) => {
  const client = connect({ protocol });
  await client.set('k', 'value');
  for (const staleFor of [60, 0]) {
    recorder.clear();
    await client.invalidate('k', { staleFor });
    const { command, keyCount, server, error } = recorder.call;
    const expected = { command: 'invalidate', keyCount: 1, server: memcached.address, error: undefined };
    expect({ command, keyCount, server, error }).toEqual(expected);
    expect(recorder.calls).toHaveLength(1);
  }
});

it('counts the keys of a server that failed, and names no server where there are several', async () => {
  const dead = `127.0.0.1:${await freePort()}`;
  const client = connect({ retries: 1 }, `${memcached.address},${dead}`);
  const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
  const found = await client.getMulti([...keys, 'k'.repeat(251)]);
  const { failed, server, hits, error } = recorder.call;
  expect({ server, hits, error }).toEqual({ server: undefined, hits: 0, error: undefined });
  const alive = keys.filter((key) => client.server(key)?.name === memcached.address);
  expect(alive.length).toBeGreaterThan(0);
  expect(failed).toBe(keys.length - alive.length + 1);
  expect(found.errors.size).toBe(2);
});

it('traces update and getOrSet as one call each, with what they are made of inside', async () => {
  const client = connect();
  const rival = connect();
  let rounds = 0;
  await client.update('n', async () => {
    if (++rounds === 1) await rival.set('n', 'abc');
    return '12';
  });
  // The rival's is a call that somebody made, in the middle of the other.
  expect(recorder.calls.map(({ command }) => command)).toEqual(['update', 'set']);
  expect(recorder.calls[0]).toMatchObject({ attempts: 2, hit: true, bytes: 2 + 3 + 2, server: memcached.address });
  recorder.clear();
  await client.getOrSet('made', () => 'value', { expires: 60 });
  expect(recorder.call).toEqual({ command: 'getOrSet', keyCount: 1, hit: false, server: memcached.address });
  recorder.clear();
  await client.getOrSet('made', () => 'value', { expires: 60 });
  expect(recorder.call).toEqual({ command: 'getOrSet', keyCount: 1, hit: true, server: memcached.address });
  recorder.clear();
  const made = (keys: string[]): [string, string][] => keys.map((key) => [key, 'value']);
  await client.getOrSetMulti(['made', 'many', 'many'], made);
  const many = { command: 'getOrSetMulti', keyCount: 2, server: memcached.address };
  expect(recorder.call).toEqual({ ...many, hits: 1, hit: false });
  recorder.clear();
  const failure = new Error('no value');
  await expect(
    client.getOrSet('other', () => {
      throw failure;
    }),
  ).rejects.toBe(failure);
  expect(recorder.call).toMatchObject({ error: failure, hit: false });
  expect(recorder.of(recorder.calls[0] as CommandTrace)).toEqual(FAILED);
});

it('traces commands that ask every server, and frames', async () => {
  const client = connect();
  await client.version();
  expect(recorder.call).toEqual({ command: 'version', keyCount: 0, server: memcached.address });
  recorder.clear();
  const dead = connect({ retries: 1 }, `127.0.0.1:${await freePort()}`);
  await expect(dead.stats()).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  expect(recorder.call).toMatchObject({ command: 'stats', error: { code: 'ERR_CONNECT' } });
  expect(recorder.of(recorder.calls[0] as CommandTrace)).toEqual(FAILED);
  recorder.clear();
  const binary = connect({ protocol: 'binary' });
  const frame = Buffer.alloc(24);
  frame.set([0x80, 0x0a]);
  await new Promise((resolve) => binary.perform('key', frame, 0, resolve));
  expect(recorder.call).toEqual({ command: 'perform', keyCount: 1, server: memcached.address, attempts: 1 });
});

it('tells the key only where the client was asked to', async () => {
  await connect().get('secret');
  expect(recorder.events.every(({ trace }) => !Object.values(trace).includes('secret'))).toBe(true);
  recorder.clear();
  const client = connect({ traceKeys: true, keyPrefix: 'p:' });
  await client.get('secret');
  expect(recorder.events[0]?.copy).toMatchObject({ key: 'secret' });
  recorder.clear();
  await client.getMulti(['a', 'b', 'a']);
  expect(recorder.call).toMatchObject({ keys: ['a', 'b'] });
  recorder.clear();
  await client.getOrSet('made', () => 'value');
  expect(recorder.call).toMatchObject({ key: 'made' });
});

it('counts the attempts, and names the server that was tried last', async () => {
  await using shaky = await MemoryServer.start();
  const client = connect({ retries: 3, retry_delay: 0.01 }, shaky.address);
  await client.get('k');
  shaky.faults.add({ kind: 'drop', times: 2 });
  recorder.clear();
  await client.get('k');
  expect(recorder.call).toMatchObject({ attempts: 3, hit: false, server: shaky.address });
  const dead = `127.0.0.1:${await freePort()}`;
  const both = connect({ failover: true, retries: 2, retry_delay: 0.01 }, `${dead},${shaky.address}`);
  both.getServer = () => 0;
  recorder.clear();
  await both.get('k');
  expect(recorder.call).toMatchObject({ attempts: 3, server: shaky.address });
  expect(recorder.call.error).toBeUndefined();
});

it('ends each call once, however it fails', async () => {
  const client = connect();
  const reason = new Error('enough');
  const silent = await MemoryServer.start();
  silent.faults.add({ kind: 'silence' });
  const waiting = connect({ protocol: 'meta', timeout: 5 }, silent.address);
  const controller = new AbortController();
  const failures: [Promise<unknown>, unknown][] = [
    [client.get(''), { code: 'ERR_INVALID_KEY' }],
    [client.set('k', 'v', { expires: -1 }), { code: 'ERR_INVALID_ARGUMENT' }],
    [client.getMulti(5 as never), { code: 'ERR_INVALID_ARGUMENT' }],
    [client.update('k', 5 as never), { code: 'ERR_INVALID_ARGUMENT' }],
    [client.get('k', { signal: AbortSignal.abort(reason) }), reason],
    [waiting.get('k', { signal: controller.signal }), reason],
    [waiting.getMulti(['k'], { signal: controller.signal }), reason],
  ];
  const outcomes = Promise.allSettled(failures.map(([promise]) => promise));
  await sleep(50);
  controller.abort(reason);
  await outcomes;
  const closed = waiting.get('k');
  waiting.close();
  await expect(closed).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await new Promise((resolve) => {
    client.increment('', 1, (error) => resolve(error));
  });
  await silent.stop();
  expect(recorder.calls.length).toBe(failures.length + 2);
  for (const [i, [promise, error]] of failures.entries()) {
    await expect(promise).rejects.toMatchObject(error as Error);
    expect(recorder.calls[i]).toMatchObject({ error });
  }
  for (const call of recorder.calls) expect(recorder.of(call)).toEqual(FAILED);
});

it('counts the bytes on the wire, not what the serializer makes of them', async () => {
  const client = Client.create(memcached.address, { ...QUIET, serializer: jsonSerializer() });
  await client.set('json', { a: 1 });
  await client.get('json');
  await client.getMulti(['json']);
  await client.quit();
  expect(recorder.calls.map(({ bytes }) => bytes)).toEqual([7, 7, 7]);
});

it('brings callbacks back to where they were asked for, and into a store that is bound', async () => {
  const own = new AsyncLocalStorage<string>();
  const bound = new AsyncLocalStorage<CommandTrace>();
  const { start, asyncStart } = tracingChannel<CommandTrace, CommandTrace>('memts:command');
  const client = connect({
    serializer: {
      serialize: (_op, value, extras) => {
        serialized.push(bound.getStore()?.command);
        return { value, extras };
      },
      deserialize: (_op, value, extras) => ({ value, extras }),
    },
  });
  const serialized: (string | undefined)[] = [];
  await client.get('k');
  start.bindStore(bound);
  asyncStart.bindStore(bound);
  try {
    const seen = await own.run('request', () => {
      return new Promise((resolve) => {
        client.set('k', 'v', () => resolve([own.getStore(), bound.getStore()?.command]));
      });
    });
    expect(seen).toEqual(['request', 'set']);
    expect(serialized).toEqual(['set']);
    expect(bound.getStore()).toBeUndefined();
    const inside = await own.run('request', () => client.getOrSet('m', () => String(bound.getStore()?.command)));
    expect(String(inside)).toBe('getOrSet');
  } finally {
    start.unbindStore(bound);
    asyncStart.unbindStore(bound);
  }
});

it('hears of a failure with a listener for errors alone', async () => {
  recorder[Symbol.dispose]();
  const errors: CommandTrace[] = [];
  const { error } = tracingChannel<unknown, CommandTrace>('memts:command');
  const listener = (trace: unknown): void => {
    errors.push(trace as CommandTrace);
  };
  error.subscribe(listener);
  await expect(connect().get('')).rejects.toThrow();
  error.unsubscribe(listener);
  expect(errors).toMatchObject([{ command: 'get', error: { code: 'ERR_INVALID_KEY' } }]);
});

it('makes nothing for nobody', async () => {
  recorder[Symbol.dispose]();
  const client = connect();
  await client.get('k');
  const made: string[] = [];
  const { createHook } = await import('node:async_hooks');
  const hook = createHook({ init: (_id, type) => made.push(type) }).enable();
  await client.get('k');
  hook.disable();
  expect(made).not.toContain('MEMTS_COMMAND');
  expect(recorder.events).toEqual([]);
});
