import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { type RateLimiter, type RateLimiterOptions, rateLimiter } from '../../src/rate-limit/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { eventually } from '../support/wait.ts';

const PROTOCOLS = ['meta', 'binary', 'classic'] as const;
const QUICK = { timeout: 0.3, conntimeout: 1, retry_delay: 0.01, logger: false } as const;
const LIMIT = { points: 3, per: 1000 } as const;

async function takes(limiter: RateLimiter, count: number, key = 'key'): Promise<boolean[]> {
  const found: boolean[] = [];
  for (let i = 0; i < count; i++) found.push((await limiter.take(key)).allowed);
  return found;
}

describe.each(PROTOCOLS)('a take whose response is lost, over %s', (protocol) => {
  let server: Memcached;
  let proxy: TcpProxy;
  let direct: Client;

  beforeAll(async () => {
    server = await startMemcached();
    proxy = await startProxy(server.port);
    direct = Client.create(server.address, { protocol });
  });
  beforeEach(async () => {
    proxy.release();
    await direct.flush();
  });
  afterAll(async () => {
    await direct.quit();
    await proxy.stop();
    await server.stop();
  });

  it.each([
    ['cut off', 'fixed', false],
    ['cut off', 'sliding', true],
    ['late', 'fixed', true],
    ['late', 'sliding', false],
  ] as const)('%s, is counted once, with a %s window', async (how, algorithm, retryNonIdempotent) => {
    const client = Client.create(proxy.address, {
      protocol,
      ...QUICK,
      retryNonIdempotent,
      retries: 3,
      failFast: false,
    });
    const failures: string[] = [];
    const onDown = (error: Error): void => void failures.push(String(Reflect.get(error, 'code')));
    const options: RateLimiterOptions = { points: 100, per: 100_000, algorithm, whenDown: 'deny', onDown };
    const limiter = rateLimiter(client, options);
    expect(await limiter.take('key')).toMatchObject({ remaining: 99 });
    for (let lost = 1; lost <= 3; lost++) {
      // So that nothing but the take is held back.
      await client.version();
      proxy.hold();
      const sent = proxy.bytesToServer;
      const answered = proxy.bytesFromServer;
      const take = limiter.take('key');
      await eventually(() => proxy.bytesToServer > sent && proxy.bytesFromServer > answered);
      if (how === 'cut off') proxy.cut();
      expect(await take).toMatchObject({ allowed: false, remaining: 0, retryAfter: 1 });
      proxy.release();
    }
    expect(failures).toHaveLength(3);
    // One process more asks the server itself.
    const { remaining } = await rateLimiter(direct, options).take('key');
    expect(remaining).toBe(100 - 5);
    client.close();
  });
});

describe('while the server is away', () => {
  it.each(['fixed', 'sliding'] as const)(
    'whenDown decides, from the start on, and a %s window again later',
    async (algorithm) => {
      const port = await freePort();
      const client = Client.create(`127.0.0.1:${port}`, { ...QUICK, retries: 1 });
      const limiters = (['allow', 'deny', 'local', undefined] as const).map((whenDown) =>
        rateLimiter(client, { ...LIMIT, algorithm, whenDown, prefix: `${whenDown}` }),
      );
      const found = await Promise.all(limiters.map((limiter) => takes(limiter, 5)));
      const LOCAL = [true, true, true, false, false];
      expect(found).toEqual([[true, true, true, true, true], [false, false, false, false, false], LOCAL, LOCAL]);

      await using server = await startMemcached({ port });
      await client.connect();
      const [first] = limiters;
      await eventually(async () => expect(await takes(first as RateLimiter, 1, 'probe')).toEqual([true]));
      for (const limiter of limiters) expect(await takes(limiter, 5)).toEqual(LOCAL);

      await server.kill();
      expect(await takes(first as RateLimiter, 5)).toEqual([true, true, true, true, true]);
      expect(await takes(limiters[1] as RateLimiter, 5)).toEqual([false, false, false, false, false]);
      // What a restarted server had counted is gone.
      await server.restart();
      await client.connect();
      expect(await takes(limiters[1] as RateLimiter, 5)).toEqual(LOCAL);
      client.close();
    },
  );

  it('no other server counts in its place', async () => {
    await using one = await startMemcached();
    await using other = await startMemcached();
    const servers = [one, other];
    const client = Client.create(
      servers.map(({ address }) => address),
      { ...QUICK, retries: 1, failover: true },
    );
    const sliding = rateLimiter(client, { ...LIMIT, algorithm: 'sliding' });
    const keys = Array.from({ length: 20 }, (_, index) => `user ${index}`);
    await Promise.all(keys.map((key) => sliding.take(key)));
    // Where the key belongs, whichever window it is.
    const homes = keys.map((key) => Number(client.getServer(`rl:1000s:${key.replace(' ', '%20')}`)));
    expect(await Promise.all(servers.map(countItems))).toEqual([0, 1].map((index) => count(homes, index)));

    const limiter = rateLimiter(client, { ...LIMIT, whenDown: 'deny' });
    expect(await takes(limiter, 4)).toEqual([true, true, true, false]);
    const index = Number(client.getServer('rl:1000:key'));
    const home = servers[index] as Memcached;
    await home.kill();
    await eventually(async () => {
      expect(await takes(limiter, 3)).toEqual([false, false, false]);
      expect(client.status()[home.address]?.state).toBe('down');
    });
    expect(await countItems(servers[1 - index] as Memcached)).toBe(count(homes, 1 - index));
    client.close();
  });

  it('the process counts for itself within bounds, and for so long as a window is', async () => {
    const client = Client.create(`127.0.0.1:${await freePort()}`, { ...QUICK, retries: 1 });
    const limiter = rateLimiter(client, { points: 1, per: 1000, whenDown: 'local' });
    const take = async (key: string): Promise<boolean> => (await limiter.take(key)).allowed;
    const long = 'x'.repeat(100_000);
    expect(await Promise.all([take('first'), take(long), take('first'), take(long)])).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const others = await Promise.all(Array.from({ length: 10_001 }, (_, index) => take(`${index}`)));
    expect(others).not.toContain(false);
    // Forgotten for the others.
    expect(await take('first')).toBe(true);
    expect(await take('10000')).toBe(false);
    const short = rateLimiter(client, { points: 1, per: 1 });
    const { allowed, retryAfter } = await short.take('key', 2);
    expect({ allowed, retryAfter }).toEqual({ allowed: false, retryAfter: 1 });
    await eventually(async () => (await short.take('key')).allowed);
    client.close();
  });
});

function count(list: readonly number[], value: number): number {
  return list.filter((found) => found === value).length;
}

async function countItems({ address }: Memcached): Promise<number> {
  const client = Client.create(address, QUICK);
  const stats = await client.stats();
  await client.quit();
  return Number(stats[address]?.curr_items);
}
