import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HeldKeys } from '../../src/client/held-keys.ts';
import type { Command } from '../../src/cluster/command.ts';
import { Client, type ClientOptions, compressed, jsonSerializer, noopSerializer } from '../../src/index.ts';
import { Op } from '../../src/protocol/op.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { Random } from '../support/random.ts';
import { PROTOCOLS } from './every-target.ts';

let server: Memcached;
beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());

type Values = Client<unknown, unknown>;

function connect(options: ClientOptions<unknown, unknown> = {}): Values {
  const serializer = compressed(jsonSerializer<unknown>());
  return Client.create<unknown, unknown>(server.address, { serializer, ...options });
}

/** Text of so many bytes that takes its time to compress. */
function text(bytes: number, first = ''): string {
  return (
    first +
    randomBytes(bytes / 2)
      .toString('hex')
      .slice(first.length)
  );
}

const LARGE = text(300_000);

/** What a read of many keys has found. */
function values(found: ReadonlyMap<string, { value: unknown }>): Map<string, unknown> {
  return new Map([...found].map(([key, { value }]) => [key, value]));
}

describe.each(PROTOCOLS)('over %s, the commands of a key keep their order while a value is compressed', (protocol) => {
  test('single commands', async () => {
    await using client = connect({ protocol });
    const outcomes = await Promise.all([
      client.set('a', LARGE),
      client.get('a'),
      client.set('a', 'small'),
      client.get('a'),
      client.set('a', LARGE),
      client.delete('a'),
      client.get('a'),
      client.set('a', 1),
      client.increment('a', 2),
    ]);
    expect(outcomes.map((one) => (typeof one === 'object' && 'value' in one ? one.value : one))).toEqual([
      true,
      LARGE,
      true,
      'small',
      true,
      true,
      null,
      true,
      3,
    ]);
  });

  test('batches, and getOrSet', async () => {
    await using client = connect({ protocol });
    await client.deleteMulti(['b', 'c', 'd', 'e', 'f']);
    const [, found, , later, , deleted, after, made, same] = await Promise.all([
      client.set('b', LARGE),
      client.getMulti(['b', 'c']),
      client.setMulti([
        ['b', 1],
        ['c', LARGE],
      ]),
      client.getMulti(['b', 'c']),
      client.set('c', 2),
      client.deleteMulti(['b', 'd']),
      client.getMulti(['b', 'c']),
      client.set('e', LARGE).then(() => client.getOrSet('e', () => 'computed', { expires: 10 })),
      client.getOrSetMulti(['c', 'f'], (keys) => new Map(keys.map((key) => [key, LARGE])), { expires: 10 }),
    ]);
    expect(values(found)).toEqual(new Map([['b', LARGE]]));
    expect(values(later)).toEqual(
      new Map<string, unknown>([
        ['b', 1],
        ['c', LARGE],
      ]),
    );
    expect(deleted.get('b')).toBe(true);
    expect(values(after)).toEqual(new Map([['c', 2]]));
    expect(made).toBe(LARGE);
    expect(same).toEqual(
      new Map<string, unknown>([
        ['c', 2],
        ['f', LARGE],
      ]),
    );
    expect((await client.get('f')).value).toBe(LARGE);
  });

  test('whatever comes in whatever order', async () => {
    await using client = connect({ protocol, connections: 2 });
    const random = new Random(20);
    const keys = ['x', 'y', 'z'];
    const model = new Map<string, unknown>();
    await client.deleteMulti(keys);
    const checks: Promise<void>[] = [];
    const check = async <T>(outcome: Promise<T>, expected: unknown, see: (result: T) => unknown): Promise<void> => {
      expect(see(await outcome)).toEqual(expected);
    };
    const steps: ((key: string, value: unknown) => Promise<void>)[] = [
      (key, value) => {
        model.set(key, value);
        return check(client.set(key, value), true, (stored) => stored);
      },
      (key) => check(client.delete(key), model.delete(key), (deleted) => deleted),
      (key) => check(client.get(key), model.get(key) ?? null, ({ value }) => value),
      () => check(client.getMulti(keys), new Map(model), values),
      (_key, value) => {
        for (const each of keys) model.set(each, value);
        return check(client.setMulti(keys.map((each) => [each, value])), 0, ({ errors }) => errors.size);
      },
    ];
    for (let i = 0; i < 150; i++) {
      const value = random.below(2) === 0 ? text(70_000, `${i}:`) : i;
      const step = random.pick(steps);
      checks.push(step(random.pick(keys), value));
    }
    await Promise.all(checks);
    expect(values(await client.getMulti(keys))).toEqual(model);
  });
});

/** The longest turn of the event loop while `run` is under way, in milliseconds. */
async function longestTurn(run: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let over = false;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!over) setImmediate(look);
  };
  look();
  await run();
  look();
  over = true;
  return longest;
}

test('sets of 1 MB do not hold the event loop up', async () => {
  const value = Buffer.from(text(1_000_000));
  const start = performance.now();
  gzipSync(value);
  const atOnce = performance.now() - start;
  await using client = Client.create(server.address, { serializer: compressed(noopSerializer) });
  await client.set('key', value);
  const turns: number[] = [];
  for (let i = 0; i < 5; i++) {
    turns.push(await longestTurn(() => Promise.all(['key', 'key', 'other'].map((key) => client.set(key, value)))));
  }
  expect(Math.min(...turns)).toBeLessThan(atOnce / 2);
  expect((await client.get('key')).value?.equals(value)).toBe(true);
});

test('a serializer around it does what it says, and nothing else', async () => {
  const inner = compressed(noopSerializer);
  const around = { ...inner, serialize: () => ({ value: 'its own', extras: Buffer.alloc(8) }) };
  await using client = Client.create(server.address, { serializer: around });
  await client.set('around', LARGE);
  expect((await client.get('around')).value).toEqual(Buffer.from('its own'));
});

test('an abort ends a command whose value is being compressed, and later ones go on', async () => {
  await using client = connect();
  await client.set('aborted', 'old');
  const controller = new AbortController();
  const set = client.set('aborted', LARGE, { signal: controller.signal });
  const get = client.get('aborted');
  controller.abort(new Error('enough'));
  await expect(set).rejects.toThrow('enough');
  expect((await get).value).toBe('old');
});

test('close() ends it, quit() waits for it', async () => {
  const client = connect();
  await client.set('closed', 'old');
  const set = client.set('closed', LARGE);
  const get = client.get('closed');
  client.close();
  await expect(set).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await expect(get).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  expect((await client.get('closed')).value).toBe('old');
  const last = client.set('closed', LARGE);
  await client.quit();
  expect(await last).toBe(true);
  expect((await client.get('closed')).value).toBe(LARGE);
  await client.quit();
});

test('what can not be made fails, and what waited for it is sent', async () => {
  const sent: Command[] = [];
  const held = new HeldKeys((command) => sent.push(command));
  const rejected: unknown[] = [];
  const command = (key: string): Command =>
    ({ op: Op.Set, key, reject: (error: unknown) => rejected.push(error) }) as Partial<Command> as Command;
  const [first, second, other] = [command('a'), command('a'), command('b')];
  held.hold(first, Promise.reject(new Error('no memory')));
  expect([held.waits(first), held.waits(second), held.waits(other)]).toEqual([true, true, false]);
  await held.idle();
  expect(rejected).toEqual([new Error('no memory')]);
  expect(sent).toEqual([second]);
  expect(held.empty).toBe(true);
});
