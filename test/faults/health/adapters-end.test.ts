import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyvMemts } from '../../../src/adapters/keyv.ts';
import { memtsDriver } from '../../../src/adapters/unstorage.ts';
import { Cache } from '../../../src/cache/index.ts';
import { Client } from '../../../src/index.ts';
import { ExpressRateLimitStore, rateLimiter, ThrottlerStorage } from '../../../src/rate-limit/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { startProxy } from '../../support/proxy.ts';
import { eventually, sleep } from '../../support/wait.ts';

let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

let count = 0;
const name = (): string => `ends-${process.pid}-${++count}`;

function storeOf(client: Client): ExpressRateLimitStore {
  const store = new ExpressRateLimitStore(client, { prefix: name() });
  store.init({ windowMs: 60_000 });
  return store;
}

/** What is made of several commands, the later ones of which must not be sent by a client that was closed. */
const CALLS: Readonly<Record<string, (client: Client) => (() => Promise<unknown>)[]>> = {
  cache: (client) => {
    const cache = new Cache(client, { namespace: name(), expires: 60 });
    const large = Buffer.alloc(3_000_000);
    return [
      () => cache.get('a'),
      () => cache.getMany(['a', 'b']),
      () => cache.has('a'),
      () => cache.set('b', 1, { tags: ['t'] }),
      () => cache.set('large', large),
      () => cache.setMany([['c', 1]]),
      () => cache.delete('b'),
      () => cache.getOrSet('d', () => 1, { tags: ['t'] }),
      () => cache.getOrSetMany([1, 2], String, (ids) => ids),
      () => cache.invalidateTags(['t'], { staleFor: 5 }),
      () => cache.clear(),
    ];
  },
  'cache in memory': (client) => {
    const cache = new Cache(client, { namespace: name(), near: { admit: 'all', trustFor: 0 } });
    return [() => cache.get('a'), () => cache.getOrSet('b', () => 1)];
  },
  'rate limit': (client) => {
    const limits = (['fixed', 'sliding'] as const).map((algorithm) =>
      rateLimiter(client, { points: 1, per: 60, algorithm, prefix: name() }),
    );
    const store = storeOf(client);
    const throttler = new ThrottlerStorage(client, { prefix: name() });
    return [
      ...limits.map((limit) => () => limit.take('a')),
      () => store.increment('a'),
      () => store.resetKey('a'),
      () => throttler.increment('a', 1000, 0, 60_000, 'x'),
    ];
  },
  keyv: (client) => {
    const store = new KeyvMemts(client, { namespace: name() });
    return [() => store.get('a'), () => store.set('a', 'b'), () => store.getMany(['a']), () => store.clear()];
  },
  unstorage: (client) => {
    const driver = memtsDriver({ client, base: name() });
    return [async () => driver.getItem('a'), async () => driver.setItem('a', 'b'), () => driver.clear()];
  },
};

const ENDS = {
  'quit()': (client: Client) => client.quit(),
  'close()': async (client: Client) => client.close(),
};

describe.each(Object.entries(ENDS))('%s in the middle of a call', (_end, end) => {
  describe.each(Object.entries(CALLS))('of %s', (_name, callsOf) => {
    it.each(['meta', 'binary', 'classic'] as const)(
      'ends it without another connection, and later ones work, over %s',
      async (protocol) => {
        await using proxy = await startProxy(server.port);
        const client = Client.create(proxy.address, { protocol, logger: false, timeout: 5 });
        const calls = callsOf(client);
        // Before the first response, after it, and between the further ones.
        for (let turns = 0; turns < 3; turns++) {
          const outcomes = calls.map((call) => call().then(String, ({ code }) => code));
          if (turns > 0) await client.get('first');
          if (turns > 1) await client.get('second');
          await end(client);
          const { connections } = proxy;
          await Promise.all(outcomes);
          await eventually(() => proxy.open === 0);
          await sleep(2);
          expect(proxy.connections).toBe(connections);
          for (const outcome of outcomes) expect(await outcome).not.toMatch(/^ERR_(?!CLOSED)/);
        }
        const [first] = calls;
        const began = performance.now();
        await first?.();
        expect(proxy.open).toBe(1);
        expect(performance.now() - began).toBeLessThan(900);
        await client.quit();
      },
    );
  });
});
