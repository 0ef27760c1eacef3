import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Memcached } from '../../../src/adapters/memcached/memcached.ts';
import { type Memcached as Server, startMemcached, WITHOUT_BACKGROUND_THREADS } from '../../support/memcached.ts';

// biome-ignore lint/suspicious/noExplicitAny: both packages are called by the names of their methods.
type Anything = any;

const Theirs = createRequire(import.meta.url)('memcached') as new (...given: unknown[]) => Anything;
const LONG = 'k'.repeat(300);

/** Every one of them goes to both packages, each on a server of its own. */
const CALLS: [method: string, ...given: unknown[]][] = [
  ['flush'],
  ['set', 'text', 'a\r\nb\\\nc\\', 100],
  ['get', 'text'],
  ['set', 'number', 42, 100],
  ['get', 'number'],
  ['incr', 'number', 2],
  ['decr', 'number', 43],
  ['decr', 'number', 1],
  ['get', 'number'],
  ['increment', 'number', 5],
  ['decrement', 'number', 2],
  ['set', 'fraction', -1.5, 100],
  ['get', 'fraction'],
  ['set', 'object', { list: [1, null, 'ü\n'] }, 100],
  ['get', 'object'],
  ['set', 'bytes', Buffer.from([0, 1, 10, 13, 92, 128, 255]), 100],
  ['get', 'bytes'],
  ['set', 'true', true, 0],
  ['get', 'true'],
  ['set', 'null', null, 0],
  ['get', 'null'],
  ['set', 'empty', '', 0],
  ['get', 'empty'],
  ['set', 'END', 'END\r\nVALUE x 0 1', 0],
  ['get', 'missing'],
  ['gets', 'missing'],
  ['add', 'text', 'x', 0],
  ['add', 'new', 'x', 0],
  ['replace', 'missing', 'x', 0],
  ['replace', 'new', 'y', 0],
  ['append', 'new', 'z\n'],
  ['prepend', 'new', 'w'],
  ['get', 'new'],
  ['append', 'missing', 'z'],
  ['prepend', 'missing', 'z'],
  ['incr', 'missing', 1],
  ['incr', 'text', 1],
  ['cas', 'missing', 'x', '1', 0],
  ['cas', 'text', 'x', '1', 0],
  ['cas', 'text', 'x', 1, 0],
  ['touch', 'text', 100],
  ['touch', 'missing', 100],
  ['del', 'new'],
  ['del', 'new'],
  ['delete', 'fraction'],
  ['getMulti', ['text', 'number', 'object', 'missing', 'bytes', 'text']],
  ['get', ['text', 'missing']],
  ['getMulti', ['missing']],
  ['getMulti', ['text', 'with space']],
  ['set', 'with space', 'x', 0],
  ['get', 'line\nend'],
  ['set', LONG, 'long', 0],
  ['get', LONG],
  ['del', LONG],
  ['set', 5, 'five', 0],
  ['get', 5],
  ['set', 'text', 'x', 'soon'],
  ['touch', 'text', 'soon'],
  ['incr', 'number', 'two'],
  ['set', 'past', 'x', -1],
  ['get', 'past'],
  ['incr', 'number', 2 ** 53],
  ['incr', 'number', 2 ** 60],
  ['version'],
  ['flushAll'],
  ['get', 'text'],
];

let servers: Server[];
beforeAll(async () => {
  servers = await Promise.all([1, 2].map(() => startMemcached({ args: WITHOUT_BACKGROUND_THREADS })));
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

/** What a callback is called with, and what `this` says there. */
function call(client: Anything, method: string, given: unknown[]): Promise<unknown> {
  return new Promise((resolve) => {
    client[method](...given, function (this: Anything, error: Anything, result: unknown) {
      const errors = Array.isArray(error) ? error.map(textOf) : textOf(error);
      resolve({
        errors,
        notStored: error?.notStored,
        result,
        type: this?.type,
        key: this?.key,
        lifetime: this?.lifetime,
      });
    });
  });
}

const textOf = (error: Anything): unknown => (error instanceof Error ? error.message : error);

describe.each([{}, { namespace: 'shop:' }])('a program, with the options %j', (options) => {
  it('has from every call what memcached 2.2 gives', async () => {
    const [theirs, ours] = [Theirs, Memcached].map((made, i) => new made(servers[i]?.address, options)) as Anything[];
    const differences = [];
    for (const [method, ...given] of CALLS) {
      const expected = await call(theirs, method, given);
      const found = await call(ours, method, given);
      const [left, right] = [expected, found].map((outcome) => withoutAddress(JSON.stringify(outcome)));
      if (left !== right) differences.push({ method, given, expected: left, found: right });
    }
    theirs.end();
    ours.end();
    expect(differences).toEqual([]);
  });

  it('reads what the other one stored', async () => {
    const address = servers[0]?.address;
    const [theirs, ours] = [new Theirs(address, options), new Memcached(address, options) as Anything];
    const values = ['text\r\n\\\n', 7, { a: [1] }, Buffer.from([0, 10, 255]), true, null, ''];
    for (const [writer, reader] of [
      [theirs, ours],
      [ours, theirs],
    ]) {
      for (const value of values) {
        await call(writer, 'set', ['shared', value, 60]);
        expect(await call(reader, 'get', ['shared'])).toMatchObject({ result: value });
      }
    }
    theirs.end();
    ours.end();
  });
});

it('stores by a CAS of gets, once', async () => {
  const client = new Memcached(servers[1]?.address);
  await client.set('versioned', { a: 1 }, 60);
  const { versioned, cas } = await client.gets('versioned');
  expect(versioned).toEqual({ a: 1 });
  expect([await client.cas('versioned', 2, cas, 60), await client.cas('versioned', 3, cas, 60)]).toEqual([true, false]);
  client.end();
});

it('has statistics as memcached 2.2 parses them', async () => {
  const address = servers[0]?.address;
  const [theirs, ours] = [new Theirs(address), new Memcached(address) as Anything];
  await ours.set('item', 'x'.repeat(500), 60);
  for (const method of ['stats', 'settings', 'slabs', 'items', 'statsSettings', 'statsSlabs', 'statsItems']) {
    const [expected, found] = [await call(theirs, method, []), await call(ours, method, [])] as Anything[];
    expect(shape(found.result)).toEqual(shape(expected.result));
    expect(found.result[0].server).toBe(address);
  }
  const [slab] = Object.keys((await ours.items())[0]);
  const [expected, found] = [theirs, ours].map((client) => call(client, 'cachedump', [address, Number(slab), 10]));
  expect(await found).toEqual(await expected);
  theirs.end();
  ours.end();
});

describe('what differs from memcached 2.2', () => {
  let client: Memcached;
  beforeAll(() => {
    client = new Memcached(servers[0]?.address);
  });
  afterAll(() => client.end());

  it('getMulti of no keys calls back', async () => {
    expect(await client.getMulti([])).toEqual({});
    expect(await call(client, 'getMulti', [[]])).toMatchObject({ errors: undefined, result: {} });
  });

  it('a long key is found in a batch by its own name', async () => {
    await client.set(LONG, 'long', 60);
    expect(await client.getMulti([LONG, 'missing'])).toEqual({ [LONG]: 'long' });
  });

  it('a key of few characters and many bytes is sent as its digest', async () => {
    await client.set('ü'.repeat(200), 'wide', 60);
    expect(await client.get('ü'.repeat(200))).toBe('wide');
  });

  it('what JSON has no word for, or can not write, is an error of the call', async () => {
    await expect(client.set('key', undefined, 0)).rejects.toThrow('Argument "value" is not a valid String.');
    await expect(client.set('key', 1n, 0)).rejects.toThrow(TypeError);
    const cycle: Record<string, unknown> = {};
    cycle.itself = cycle;
    await expect(client.set('key', cycle, 0)).rejects.toThrow(TypeError);
  });

  it('a value that says that it is JSON and is not is an error, not the end of the process', async () => {
    await client.set('broken', { a: 1 }, 60);
    await client.append('broken', '}');
    await expect(client.get('broken')).rejects.toThrow('The stored value is not JSON');
  });

  it('of many keys it takes no other one with it', async () => {
    await client.set('broken', { a: 1 }, 60);
    await client.append('broken', '}');
    const keys = ['first', 'second', 'third'];
    for (const key of keys) await client.set(key, key, 60);
    const found = Object.fromEntries(keys.map((key) => [key, key]));
    const all = ['first', 'broken', 'second', 'third'];
    expect(await client.getMulti(all)).toEqual(found);
    const [errors, values] = await new Promise<unknown[]>((resolve) => {
      client.getMulti(all, (...given) => resolve(given));
    });
    expect(errors).toEqual([new SyntaxError('The stored value is not JSON')]);
    expect(values).toEqual(found);
  });

  it('a call without a callback returns a promise, and sends its command', async () => {
    expect(await client.set('promised', [1, 2], 60)).toBe(true);
    expect(await client.get('promised')).toEqual([1, 2]);
    expect(await client.get(['promised', 'none'])).toEqual({ promised: [1, 2] });
    await expect(client.add('promised', 1, 60)).rejects.toMatchObject({ notStored: true });
    expect(await client.version()).toMatchObject([{ server: servers[0]?.address, major: expect.any(String) }]);
  });

  it.each([
    ['set', ['value'], 'lifetime'],
    ['cas', ['value'], 'lifetime'],
    ['cas', ['value', '1'], 'lifetime'],
    ['touch', [], 'lifetime'],
    ['incr', [], 'value'],
  ])(
    'a callback of %s that stands where an argument was left out gets an error that says so',
    async (method, given, name) => {
      expect(await call(client, method, ['key', ...given])).toMatchObject({
        errors: `Argument "${name}" is not a valid Number.`,
      });
    },
  );

  it('a call without a callback that fails does not end the process', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): number => unhandled.push(error);
    process.on('unhandledRejection', note);
    const away = new Memcached('127.0.0.1:1', { retries: 0 });
    void away.set('key', 'value', 60);
    void away.getMulti(['key']);
    void away.flush();
    await expect(away.get('key')).rejects.toThrow('ECONNREFUSED');
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    away.end();
    expect(unhandled).toEqual([]);
  });

  it('a value over the item size of the server is an error of the call, and no failure of the server', async () => {
    await expect(client.set('large', 'x'.repeat(1_048_576), 0)).rejects.toThrow('object too large for cache');
    expect(client.issues).toEqual({});
    expect(await client.set('small', 'x', 60)).toBe(true);
  });

  it('a callback may be an async function', async () => {
    const found = new Promise((resolve) =>
      client.get('small', async (_error: unknown, value: unknown) => resolve(value)),
    );
    expect(await found).toBe('x');
  });

  it('60 days are 60 days', async () => {
    expect(await client.set('days', 'x', 60 * 86_400)).toBe(true);
    expect(await client.get('days')).toBe('x');
  });
});

it('a value over maxValue is the same error', async () => {
  const outcomes = await Promise.all(
    [Theirs, Memcached].map(async (made) => {
      const client = new made(servers[0]?.address, { maxValue: 100 }) as Anything;
      const { errors, result } = (await call(client, 'set', ['key', 'x'.repeat(101), 0])) as Anything;
      client.end();
      return { errors, result };
    }),
  );
  expect(outcomes[1]).toEqual({ errors: 'The length of the value is greater than 100', result: false });
  expect(outcomes[0]).toEqual(outcomes[1]);
});

it('is refused beyond maxQueueSize, as there', async () => {
  const outcomes = await Promise.all(
    [Theirs, Memcached].map(async (made) => {
      const client = new made(servers[0]?.address, { maxQueueSize: 1 }) as Anything;
      const both = await Promise.all([call(client, 'get', ['a']), call(client, 'get', ['b'])]);
      client.end();
      return both.map((outcome: Anything) => outcome.errors);
    }),
  );
  expect(outcomes[1]).toEqual([undefined, 'over queue limit']);
  expect(outcomes[0]).toEqual(outcomes[1]);
});

/** Names and kinds, without the values, which change. */
function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Array.isArray(value)
    ? value.map(shape)
    : Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shape(v)]));
}

function withoutAddress(text: string): string {
  return servers.reduce((rest, { address }) => rest.replaceAll(address, 'the server'), text);
}
