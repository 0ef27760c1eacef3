import { createRequire } from 'node:module';
import { Redis } from 'ioredis';
import Memcached from 'memcached';
import { type RateLimiterAbstract, RateLimiterMemcache, RateLimiterRedis } from 'rate-limiter-flexible';
import { Client } from '../../src/index.ts';
import { type RateLimiterOptions, rateLimiter } from '../../src/rate-limit/index.ts';

/** What every limit does: whether a take of one point was allowed. */
export interface Limit {
  take(key: string): Promise<boolean>;
  close(): unknown;
}

/** A limit of so many points in so many seconds, each in a client of its own. */
type Make = (port: number, points: number, per: number) => Limit;

export interface Subject {
  name: string;
  server: 'memcached' | 'redis';
  make: Make;
}

export const SUBJECTS: readonly Subject[] = [
  { name: 'memts/rate-limit, fixed, meta', server: 'memcached', make: ofMemts('meta', 'fixed') },
  { name: 'memts/rate-limit, fixed, binary', server: 'memcached', make: ofMemts('binary', 'fixed') },
  { name: 'memts/rate-limit, fixed, classic', server: 'memcached', make: ofMemts('classic', 'fixed') },
  { name: 'memts/rate-limit, sliding, meta', server: 'memcached', make: ofMemts('meta', 'sliding') },
  { name: 'rate-limiter-flexible, memcached', server: 'memcached', make: ofFlexibleMemcached },
  { name: 'rate-limiter-flexible, ioredis', server: 'redis', make: ofFlexibleRedis },
  { name: '@fastify/rate-limit, ioredis', server: 'redis', make: ofFastifyRedis },
];

function ofMemts(protocol: 'meta' | 'binary' | 'classic', algorithm: RateLimiterOptions['algorithm']): Make {
  return (port, points, per) => {
    const client = Client.create(`127.0.0.1:${port}`, { protocol });
    const limiter = rateLimiter(client, { points, per, algorithm, whenDown: 'deny' });
    return { take: async (key) => (await limiter.take(key)).allowed, close: () => client.quit() };
  };
}

/** Rejects with what is no error where a take is denied. */
async function consumed(limiter: RateLimiterAbstract, key: string): Promise<boolean> {
  try {
    await limiter.consume(key);
    return true;
  } catch (error) {
    if (error instanceof Error) throw error;
    return false;
  }
}

function ofFlexibleMemcached(port: number, points: number, duration: number): Limit {
  const storeClient = new Memcached([`127.0.0.1:${port}`]);
  const limiter = new RateLimiterMemcache({ storeClient, points, duration });
  return { take: (key) => consumed(limiter, key), close: () => storeClient.end() };
}

function ofFlexibleRedis(port: number, points: number, duration: number): Limit {
  const storeClient = new Redis(port, '127.0.0.1');
  const limiter = new RateLimiterRedis({ storeClient, points, duration });
  return { take: (key) => consumed(limiter, key), close: () => storeClient.quit() };
}

interface FastifyStore {
  incr(
    key: string,
    callback: (error: Error | null, result: { current: number }) => void,
    window: number,
    max: number,
  ): void;
}
const FastifyRedisStore: new (continueExceeding: boolean, exponentialBackoff: boolean, redis: Redis) => FastifyStore =
  createRequire(import.meta.url)('@fastify/rate-limit/store/RedisStore.js');

function ofFastifyRedis(port: number, points: number, per: number): Limit {
  const redis = new Redis(port, '127.0.0.1');
  const store = new FastifyRedisStore(false, false, redis);
  const take = (key: string) =>
    new Promise<boolean>((resolve, reject) => {
      const settle = (error: Error | null, result: { current: number }): void =>
        error ? reject(error) : resolve(result.current <= points);
      store.incr(key, settle, per * 1000, points);
    });
  return { take, close: () => redis.quit() };
}
