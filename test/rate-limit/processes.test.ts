import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { Takers, wrongInFixed, wrongInSliding } from './processes/takes.ts';

/** `npm run test:rate-limit` has eight, for longer. */
const PROCESSES = 2;
const PROTOCOLS = ['meta', 'binary', 'classic'] as const;

let server: Memcached;
let takers: Takers;

beforeAll(async () => {
  [server, takers] = await Promise.all([startMemcached(), Takers.start(PROCESSES)]);
});
afterAll(async () => {
  takers[Symbol.dispose]();
  await server.stop();
});

describe.concurrent('two processes that take as fast as they can', () => {
  it.each(PROTOCOLS)('get exactly the points of a fixed window over %s', async (protocol) => {
    const limit = { points: 50, per: 1, algorithm: 'fixed' } as const;
    const order = { address: server.address, protocol, limit, key: `fixed ${protocol}`, takers: 2, pause: 1 };
    const taken = await takers.take({ ...order, seconds: 2.5 });
    expect(wrongInFixed(taken, limit.points, limit.per)).toEqual([]);
    expect(taken.allowed.length).toBeGreaterThanOrEqual(limit.points);
    expect(taken.takes).toBeGreaterThan(taken.allowed.length);
  });

  it.each(PROTOCOLS)('get no more of a sliding window than is said of it, over %s', async (protocol) => {
    const limit = { points: 50, per: 1, algorithm: 'sliding' } as const;
    const order = { address: server.address, protocol, limit, key: `sliding ${protocol}`, takers: 4, pause: 125 };
    const taken = await takers.take({ ...order, seconds: 2.5 });
    expect(wrongInSliding(taken, limit.points, limit.per, PROCESSES * order.takers)).toEqual([]);
    expect(taken.allowed.length).toBeGreaterThanOrEqual(limit.points);
    expect(taken.takes).toBeGreaterThan(taken.allowed.length);
  });
});
