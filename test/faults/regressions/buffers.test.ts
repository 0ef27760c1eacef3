import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { type Certificates, certificates } from '../../support/certificates.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { startProxy } from '../../support/proxy.ts';
import { startRogueServer } from '../../support/rogue-server.ts';
import { CAN } from '../../support/subject.ts';
import { type Options, useClients } from '../clients.ts';

/** More than the system's buffers for a connection take, so that what comes behind it has to wait. */
const FILLING = 250;
const VICTIMS = 6;

const clients = useClients();
const servers: Memcached[] = [];
let certs: Certificates;
let plain: Memcached;
let secure: Memcached;

beforeAll(async () => {
  certs = await certificates();
  const args = ['-m', '1024', '-I', '4m'];
  plain = await startMemcached({ args });
  servers.push(plain);
  if (!CAN.tls) return;
  secure = await startMemcached({ args, tls: { cert: certs.server.cert, key: certs.server.key } });
  servers.push(secure);
});

afterEach(() => {
  for (const server of servers) server.resume();
});

afterAll(() => Promise.all(servers.map((server) => server.stop())));

const CASES = [
  ...CAN.protocols.map((protocol) => ({ protocol, tls: false })),
  ...(CAN.tls ? [{ protocol: CAN.protocols[0] as (typeof CAN.protocols)[number], tls: true }] : []),
];

/** A buffer that says which it is all through. */
function patterned(name: string, size: number): Buffer {
  return Buffer.alloc(size).fill(`${name};`);
}

/** What its caller does with a buffer that it has back. */
function useAgain(buffer: Buffer): void {
  buffer.fill('X');
}

interface Write {
  key: string;
  value: Buffer;
  outcome: Promise<unknown>;
}

describe.each(CASES)('over $protocol, TLS: $tls', ({ protocol, tls }) => {
  const server = (): Memcached => (tls ? secure : plain);
  const create = (options: Options = {}): Client =>
    clients.create(server().address, {
      protocol,
      timeout: 30,
      retries: 1,
      ...(tls ? { tls: { ca: certs.ca.certPem } } : {}),
      ...options,
    });

  /** Sends sets of values that are all different. */
  function write(client: Client, name: string, count: number, size: number, options = {}): Write[] {
    return Array.from({ length: count }, (_, index) => {
      const key = `${name}-${index}`;
      const value = patterned(key, size);
      return { key, value, outcome: client.set(key, value, options).catch((error: Error) => error) };
    });
  }

  /** The keys under which something else lies than was passed. */
  async function spoiled(writes: readonly Write[], size: number): Promise<string[]> {
    const found = await create().getMulti(writes.map(({ key }) => key));
    return writes
      .filter(({ key }) => found.get(key)?.value?.equals(patterned(key, size)) === false)
      .map(({ key }) => key);
  }

  async function paused(): Promise<Client> {
    await create().flush();
    const client = create();
    await client.connect();
    server().pause();
    return client;
  }

  test.each([100, 20_000, 1_000_000])(
    'whose memory is transferred before it has left: nothing is stored of it, and no other command is harmed, %i bytes',
    async (size) => {
      const client = create({ retries: 2, retry_delay: 0.01 });
      const other = create();
      const name = `transferred-${protocol}-${tls}-${size}`;
      await client.set(`${name}-before`, 'value');
      const give = (value: Uint8Array<ArrayBuffer>): unknown => structuredClone(value, { transfer: [value.buffer] });
      const value = new Uint8Array(size).fill(65);
      const many = new Uint8Array(size).fill(66);
      const outcomes = [client.set(name, value), client.setMulti([[`${name}-many`, many]])];
      const others = [client.get(`${name}-before`), client.set(`${name}-other`, 'value')];
      give(value);
      give(many);
      await Promise.allSettled(outcomes);
      expect(((await others[0]) as { value: Buffer }).value.toString()).toBe('value');
      expect(await others[1]).toBe(true);
      for (const [key, content] of [
        [name, 65],
        [`${name}-many`, 66],
      ] as const) {
        const stored = (await other.get(key)).value;
        // Small ones are copied in the call.
        if (size < 16 * 1024) expect(stored).toEqual(Buffer.alloc(size, content));
        else expect(stored).toBeNull();
      }
      await expect(client.set(name, value)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      await expect(create().set(name, value)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(await client.set(name, new Uint8Array(0))).toBe(true);
      expect(await client.set(name, Buffer.alloc(0))).toBe(true);
    },
  );

  test('whose memory is transferred, among many: the commands around get their own responses', async () => {
    const client = create({ retries: 0 });
    const name = `transferred-among-${protocol}-${tls}`;
    const value = new Uint8Array(20_000);
    const pairs = (): [string, string | Uint8Array][] => [
      [`${name}-1`, 'value'],
      [`${name}-2`, value],
      [`${name}-3`, 'value'],
    ];
    const around = (): Promise<unknown>[] => [client.set(`${name}-around`, 'value'), client.get(`${name}-none`)];
    // The connection is still being opened when the memory goes.
    const early = client.setMulti(pairs());
    const others = around();
    structuredClone(value, { transfer: [value.buffer] });
    await expect(early).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(await Promise.all(others)).toMatchObject([true, { value: null }]);
    // Given away before the call, it is an error of its own key.
    const late = client.setMulti(pairs());
    expect(await Promise.all(around())).toMatchObject([true, { value: null }]);
    const stored = await late;
    expect([...stored]).toEqual([
      [`${name}-1`, true],
      [`${name}-3`, true],
    ]);
    expect([...stored.errors.keys()]).toEqual([`${name}-2`]);
  });

  test.each([100_000, 1_000_000])(
    'aborted while it waits behind other output: nothing is stored, %i bytes',
    async (size) => {
      const client = await paused();
      const filling = write(client, 'filling', FILLING, 100_000);
      const { signal, abort } = abortable();
      const victims = write(client, 'victim', VICTIMS, size, { signal });
      await turns();
      abort();
      for (const { value } of victims) useAgain(value);
      server().resume();
      expect(await Promise.all(filling.map(({ outcome }) => outcome))).toEqual(filling.map(() => true));
      const found = await create().getMulti(victims.map(({ key }) => key));
      expect([...found.keys()]).toEqual([]);
      expect(await client.set('after', 'v')).toBe(true);
    },
  );

  test('aborted with all others, wherever they are by then: what is stored is what was passed', async () => {
    const client = await paused();
    const { signal, abort } = abortable();
    const sets = write(client, 'set', FILLING, 100_000, { signal });
    const batch = Array.from(
      { length: 20 },
      (_, index) => [`batch-${index}`, patterned(`batch-${index}`, 100_000)] as const,
    );
    const multi = client.setMulti(batch, { signal }).catch((error: Error) => error);
    const others = Array.from({ length: 20 }, (_, index) => client.get(`set-${index}`).catch((error) => error.code));
    await turns();
    abort();
    for (const value of [...sets.map((set) => set.value), ...batch.map((entry) => entry[1])]) useAgain(value);
    server().resume();
    await Promise.all([multi, ...sets.map(({ outcome }) => outcome), ...others]);
    const all = [...sets, ...batch.map(([key, value]) => ({ key, value, outcome: multi }))];
    await eventuallySettled(client);
    expect(await spoiled(all, 100_000)).toEqual([]);
  });

  test('out of time while it waits: what is stored is what was passed', async () => {
    const client = await paused();
    const sets = write(client, 'late', FILLING, 100_000, { timeout: 0.1 });
    const outcomes = await Promise.all(sets.map(({ outcome }) => outcome));
    expect(outcomes.every((outcome) => outcome instanceof Error)).toBe(true);
    for (const { value } of sets) useAgain(value);
    server().resume();
    await eventuallySettled(client);
    expect(await spoiled(sets, 100_000)).toEqual([]);
  });

  test('out of time and sent again: what is stored is what was passed', async () => {
    const client = await paused();
    const again = create({ retries: 3, retry_delay: 0.05, timeout: 0.2 });
    server().resume();
    await again.connect();
    server().pause();
    const sets = write(again, 'again', FILLING, 100_000);
    setTimeout(() => server().resume(), 300);
    await Promise.all(sets.map(async ({ outcome, value }) => outcome.then(() => useAgain(value))));
    await eventuallySettled(client);
    expect(await spoiled(sets, 100_000)).toEqual([]);
  });

  /** A command that goes through afterwards is behind all that the client still had to send. */
  async function eventuallySettled(client: Client): Promise<void> {
    for (let tries = 0; tries < 3; tries++) await client.set('last', 'v').catch(() => {});
    await client.quit();
  }
});

describe('keys, and values that are copied, are read in the call', () => {
  const KEY = Buffer.from('the-key-it-was');
  const change = (bytes: Buffer): void => void bytes.fill('y');

  test.each(['with a connection', 'before there is one'])('%s', async (when) => {
    await using proxy = await startProxy(plain.port);
    const client = clients.create(proxy.address, { protocol: 'meta' });
    await clients.create(plain.address).flush();
    if (when === 'with a connection') await client.connect();
    const key = Buffer.from(KEY);
    const value = Buffer.from('what it was');
    const other = Buffer.from('other');
    const calls = [
      client.set(key, value),
      client.setMulti([[other, value]]),
      client.getMulti([key, other]),
      client.get(key, { cas: true }),
      client.add(key, value),
      client.append(key, value),
    ] as const;
    change(key);
    change(value);
    change(other);
    const [, , found, got] = await Promise.all(calls);
    expect([...found.values()].map((hit) => String(hit.value))).toEqual(['what it was', 'what it was']);
    expect(String(got.value)).toBe('what it was');
    expect(String((await client.get(KEY)).value)).toBe('what it waswhat it was');
    expect(await client.get(Buffer.alloc(KEY.length, 'y'))).toMatchObject({ value: null });
  });

  test.each(CAN.protocols)('also of calls that are made of several commands: %s', async (protocol) => {
    const client = clients.create(plain.address, { protocol });
    await client.flush();
    const names = ['made', 'updated', 'made-of-many', 'ended'] as const;
    await client.set('ended', 'value');
    const keys = names.map((name) => Buffer.from(name));
    const [made, updated, many, ended] = keys as [Buffer, Buffer, Buffer, Buffer];
    const calls = [
      client.getOrSet(made, () => 'value'),
      client.update(updated, () => 'value'),
      client.getOrSetMulti([many], () => new Map([[Buffer.from('made-of-many'), 'value']])),
      client.invalidate(ended),
    ] as const;
    for (const key of keys) change(key);
    const [, , , wasThere] = await Promise.all(calls);
    expect(wasThere).toBe(true);
    const found = await client.getMulti([...names, ...names.map(({ length }) => 'y'.repeat(length))]);
    expect([...found.keys()].sort()).toEqual(['made', 'made-of-many', 'updated']);
  });

  test('a key that is sent a second time is still the key of the call', async () => {
    let seen = '';
    await using rogue = await startRogueServer((socket, index) => {
      // The first connection takes the command and hangs up; the second keeps what it gets.
      socket.on('data', (chunk) => {
        if (index === 0) socket.destroy();
        else seen += chunk.toString('latin1');
      });
    });
    const client = clients.create(rogue.address, { protocol: 'binary', retries: 2, retry_delay: 0.05, timeout: 0.3 });
    const key = Buffer.from('first-key');
    const outcome = client.delete(key).catch(() => {});
    change(key);
    await outcome;
    expect(seen).not.toContain('yyyyyyyyy');
  });

  test.each(['a list', 'a set'])('before it is known which servers there are, as %s of keys', async (kind) => {
    const discovery = {
      interval: 60,
      discover: () =>
        new Promise<{ host: string; port: number }[]>((resolve) =>
          setTimeout(() => resolve([{ host: '127.0.0.1', port: plain.port }]), 30),
        ),
    };
    const client = clients.create('', { discovery, protocol: 'meta' });
    const key = Buffer.from('known-later');
    const value = Buffer.from('what it was');
    const keys = kind === 'a list' ? [key] : new Set([key]);
    const stored = client.setMulti([[key, value]]);
    const single = client.set(Buffer.from(key), value);
    const found = client.getMulti(keys);
    const gone = client.deleteMulti(['missing']);
    change(key);
    change(value);
    if (Array.isArray(keys)) keys.length = 0;
    await Promise.all([stored, single, gone]);
    expect([...(await found).values()].map((hit) => String(hit.value))).toEqual(['what it was']);
  });
});

test('a value that was given up in part ends the connection, and what waits there fails', async () => {
  const client = clients.create(plain.address, { protocol: CAN.protocols[0], retries: 1, timeout: 5 });
  await client.connect();
  plain.pause();
  const { signal, abort } = abortable();
  const given = client.set('large', Buffer.alloc(64 * 1024 * 1024), { signal }).catch((error: Error) => error.name);
  const behind = client.increment('counter', 1).catch((error) => error);
  await turns();
  abort();
  expect(await given).toBe('AbortError');
  expect(await behind).toMatchObject({ code: 'ERR_CONNECT', message: expect.stringContaining('given up') });
});

function abortable(): { signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** Lets everything that can leave do so. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
