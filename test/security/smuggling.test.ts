import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, MemcacheError } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import type { RunningServer } from '../conformance/client/suite/target.ts';
import { useClients } from '../faults/clients.ts';
import { startMemcached } from '../support/memcached.ts';
import { failure } from '../support/outcomes.ts';
import { startRogueServer } from '../support/rogue-server.ts';
import { type Abilities, CAN, CHOSEN, EVERYTHING, SUBJECT } from '../support/subject.ts';

const clients = useClients();

/** What ASCII authentication can be spoken in. */
const TEXT = ['auto', ...CAN.protocols.filter((protocol) => protocol !== 'binary')] as const;

/** What would be seen if it were carried out. */
const COMMANDS = ['set evil 0 0 1\r\nx', 'ms evil 1\r\nx', 'delete canary', 'md canary', 'flush_all'];

/** Keys that a line would end in, or that look like flags and other keys. */
const KEYS: readonly string[] = [
  ...COMMANDS.map((command) => `k\r\n${command}\r\n`),
  ...['\n', '\r', '\0', ' '].map((end) => `k${end}flush_all\r\n`),
  ...['a b', ' a', 'a ', 'a\tb', '\0', '\n', '\x7f', 'a\x0bcanary', 'k 0 0 1\r\nx\r\nflush_all\r\n'],
  ...['YQ== b', 'Y2FuYXJ5 b', 'a T0', 'a q k O1', 'canary\0', 'canary\r', '-1', 'noreply', '__proto__'],
  `${'k'.repeat(240)}\r\nmn\r\n`,
  `${'k'.repeat(180)}\n${'ü'.repeat(30)}`,
];

/** Everything that takes a key. */
const CALLS: readonly [name: string, call: (client: Client, key: string) => Promise<unknown>][] = [
  ['set', (client, key) => client.set(key, 'value')],
  ['get', (client, key) => client.get(key, { cas: true })],
  ['add', (client, key) => client.add(key, 'value')],
  ['replace', (client, key) => client.replace(key, 'value')],
  ['append', (client, key) => client.append(key, 'v')],
  ['prepend', (client, key) => client.prepend(key, 'v')],
  ['touch', (client, key) => client.touch(key, 100)],
  ['getAndTouch', (client, key) => client.getAndTouch(key, 100)],
  ['increment', (client, key) => client.increment(key, 1)],
  ['decrement', (client, key) => client.decrement(key, 1, { initial: null })],
  ['getMulti', (client, key) => client.getMulti([key, 'canary'])],
  ['setMulti', (client, key) => client.setMulti(new Map([[key, 'value']]))],
  // Where the key `noreply` is there and can't be read, it is computed after `lockFor`.
  ['getOrSet', (client, key) => client.getOrSet(key, () => 'value', { lockFor: 1 })],
  ['update', (client, key) => client.update(key, () => 'value')],
  ['deleteMulti', (client, key) => client.deleteMulti([key])],
  ['delete', (client, key) => client.delete(key)],
  ['statsWithKey', (client, key) => client.statsWithKey(key)],
];

const SERVERS: [name: string, start: () => Promise<RunningServer>, can: Abilities][] = [
  [SUBJECT.name, () => startMemcached(), CAN],
  ['MemoryServer', () => MemoryServer.start(), EVERYTHING],
];

describe.each(CHOSEN ? SERVERS.slice(0, 1) : SERVERS)('%s', (_name, start, can) => {
  let server: RunningServer;
  /** Looks from outside. */
  let witness: Client;
  const create = (protocol: 'binary' | 'meta' | 'classic', options = {}): Client =>
    clients.create(server.address, { protocol, retries: 1, timeout: 2, ...options });
  const nothingHappened = async (): Promise<void> => {
    expect((await witness.get('canary')).value?.toString()).toBe('alive');
    expect((await witness.get('evil')).value).toBeNull();
  };
  afterEach(() => nothingHappened());
  beforeAll(async () => {
    server = await start();
    witness = Client.create(server.address, { logger: { log() {} } });
    await witness.set('canary', 'alive');
  });
  afterAll(async () => {
    witness.close();
    await server.stop();
  });

  describe.each(can.protocols)('%s', (protocol) => {
    test.each(CALLS)('no key makes %s another command', async (_call, call) => {
      const client = create(protocol);
      for (const key of KEYS) {
        const error = await call(client, key).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(MemcacheError);
        // A connection that was desynchronised would fail the next command.
        if (error !== undefined) expect(['ERR_PROTOCOL', 'ERR_TIMEOUT']).not.toContain((error as MemcacheError).code);
      }
      await nothingHappened();
      expect(await client.set('after', 'wards')).toBe(true);
      expect((await client.get('after')).value?.toString()).toBe('wards');
    });

    test('a key is itself, or is refused', async () => {
      const client = create(protocol);
      for (const [index, key] of KEYS.entries()) {
        const stored = await client.set(key, `value ${index}`).catch((error: MemcacheError) => error.code);
        if (stored !== true)
          expect([protocol, stored]).toEqual([protocol === 'binary' ? '' : protocol, 'ERR_INVALID_KEY']);
        else if (key === 'noreply' && protocol === 'classic' && !can.readsNoreply) {
          expect((await client.get(key)).value).toBeNull();
        } else expect((await client.get(key)).value?.toString()).toBe(`value ${index}`);
      }
      // In base64 and not, the same letters are two keys.
      await client.setMulti(
        new Map([
          ['YWJj', '1'],
          ['abc', '2'],
          ['Y2FuYXJ5', '3'],
        ]),
      );
      const found = await client.getMulti(['YWJj', 'abc', 'Y2FuYXJ5', 'canary']);
      expect([...found.values()].map(({ value }) => String(value)).sort()).toEqual(['1', '2', '3', 'alive']);
    });

    test('neither does a prefix', async () => {
      for (const command of COMMANDS) {
        const client = create(protocol, { keyPrefix: `p\r\n${command}\r\n` });
        await client.set('key', 'value').catch((error: MemcacheError) => expect(error.code).toBe('ERR_INVALID_KEY'));
        await client.getMulti(['a', 'b']).catch(() => undefined);
        await nothingHappened();
      }
    });

    test('a value is a value, whatever it looks like', async () => {
      const client = create(protocol);
      for (const command of COMMANDS) {
        for (const value of [
          `\r\n${command}\r\n`,
          `x\r\nEND\r\n${command}\r\n`,
          `${'v'.repeat(20_000)}\r\n${command}\r\n`,
        ]) {
          expect(await client.set('value', value)).toBe(true);
          expect((await client.get('value')).value?.toString()).toBe(value);
          await client.append('value', `\r\n${command}\r\n`);
        }
      }
      await nothingHappened();
    });

    test('no option and no amount that only looks like a number is written', async () => {
      const client = create(protocol);
      const texts: unknown[] = [
        '0 1\r\nx\r\nflush_all\r\n',
        '1',
        ' 1',
        { toString: () => '0\r\nflush_all\r\n' },
        { valueOf: () => 1 },
        [1],
      ];
      for (const text of texts) {
        // What the types forbid is what is tried here.
        const loose = text as never;
        const calls = [
          client.set('k', 'v', { expires: loose }),
          client.set('k', 'v', { flags: loose }),
          client.set('k', 'v', { cas: loose }),
          client.touch('k', loose),
          client.increment('k', loose),
          client.increment('k', 1, { initial: loose }),
          client.flush({ expires: loose }),
          client.setMulti(new Map([['k', 'v']]), { flags: loose }),
          client.getAndTouch('k', loose),
        ];
        for (const error of await Promise.all(calls.map(failure))) {
          expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
        }
      }
      const serialize = (): never =>
        ({ value: { length: 1, toString: () => 'x\r\nflush_all' }, extras: Buffer.alloc(8) }) as never;
      const odd = create(protocol, { serializer: { serialize, deserialize: (): never => ({}) as never } });
      expect(await failure(odd.set('k', 'v'))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    });
  });
});

describe.skipIf(!CAN.login || !CAN.sasl)('credentials', () => {
  const user = { username: 'alice', password: 'good' };

  test.each(TEXT)('no ASCII authentication is another command: %s', async (protocol) => {
    await using server = await startMemcached({ auth: [user] });
    const wrong = [
      ['alice\r\nset evil 0 0 1\r\nx', 'good'],
      ['alice', 'good\r\nset evil 0 0 1\r\nx\r\n'],
      ['alice\0', 'good'],
      ['alice 0 0 0\r\n\r\nversion', 'good'],
    ] as const;
    for (const [username, password] of wrong) {
      const client = clients.create(server.address, { protocol, username, password, retries: 1, conntimeout: 2 });
      expect(await failure(client.get('evil'))).toMatchObject({ code: 'ERR_AUTH' });
      client.close();
    }
    const client = clients.create(server.address, { protocol, ...user, retries: 1 });
    expect((await client.get('evil')).value).toBeNull();
  });

  test('a NUL in a user name or password does not log in somebody else over SASL', async () => {
    await using server = await startMemcached({ sasl: [user] });
    for (const [username, password] of [
      ['alice\0good', ''],
      ['alice', 'good\0'],
      ['\0alice', 'good'],
    ] as const) {
      const client = clients.create(server.address, { protocol: 'binary', username, password, retries: 1 });
      expect(await failure(client.get('key'))).toMatchObject({ code: 'ERR_AUTH' });
    }
  });
});

test.skipIf(!CAN.login)('a space in a user name does not log in somebody else over text', async () => {
  await using server = await startMemcached({ auth: [{ username: 'alice', password: 'pa' }] });
  for (const protocol of TEXT) {
    const client = clients.create(server.address, { protocol, username: 'alice pa', password: 'ss', retries: 1 });
    expect(await failure(client.get('key'))).toMatchObject({ code: 'ERR_AUTH' });
    const rightful = clients.create(server.address, { protocol, username: 'alice', password: 'pa', retries: 1 });
    expect(await rightful.get('key')).toMatchObject({ value: null });
  }
});

test('a frame by hand is one frame', async () => {
  await using rogue = await startRogueServer(() => {});
  const client = clients.create(rogue.address, { protocol: 'binary', retries: 1, timeout: 0.2 });
  const whole = Buffer.alloc(24);
  whole[0] = 0x80;
  const two = Buffer.concat([whole, whole]);
  const long = Buffer.from(whole);
  long.writeUInt32BE(5, 8);
  for (const frame of [two, long, whole.subarray(1), Buffer.alloc(0)]) {
    const error = await new Promise((resolve) => client.perform('key', frame, 1, resolve as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  }
  expect(rogue.connections).toBe(0);
});
