import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildDistribution, type Distribution } from '../../../../src/cluster/distribution/distribution.ts';
import { hashCode } from '../../../../src/cluster/distribution/modulo.ts';
import type { DistributionServer } from '../../../../src/cluster/distribution/pick.ts';
import { makeKeys, makeServers } from './servers.ts';

const KEYS = makeKeys(20_000);
const ALL = ['modulo', 'ketama', 'rendezvous'] as const;
const CONSISTENT = ['ketama', 'rendezvous'] as const;

const fleets = fc
  .array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 30 })
  .map((weights) => makeServers(weights.length, weights));
const keys = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });

describe.each(ALL)('%s', (distribution) => {
  it('names one of the servers, always the same one', () => {
    fc.assert(
      fc.property(fleets, keys, (servers, key) => {
        const index = buildDistribution(distribution, servers)(key);
        expect(servers[index]).toBeDefined();
        expect(buildDistribution(distribution, servers)(key)).toBe(index);
      }),
    );
  });

  it('begins its order with the server of the key, and goes on to each of the others', () => {
    fc.assert(
      fc.property(fleets, keys, (servers, key) => {
        const pick = buildDistribution(distribution, servers);
        const order = orderOf(pick, key);
        expect(order[0]).toBe(pick(key));
        expect(order.toSorted((a, b) => a - b)).toEqual(servers.map((_, index) => index));
      }),
    );
  });

  it('never goes on to a server that is away', () => {
    fc.assert(
      fc.property(fleets, keys, fc.infiniteStream(fc.boolean()), (servers, key, stream) => {
        const away = servers.map(() => stream.next().value === true);
        const index = buildDistribution(distribution, servers).after(key, (candidate) => away[candidate] === true);
        if (away.every(Boolean)) expect(index).toBeUndefined();
        else expect(away[index ?? -1]).toBe(false);
      }),
    );
  });

  it('spreads keys evenly', () => {
    const shares = sharesOf(buildDistribution(distribution, makeServers(10)), 10);
    expect(Math.max(...shares)).toBeLessThan(1.3 / 10);
    expect(Math.min(...shares)).toBeGreaterThan(0.7 / 10);
  });

  it('has no server to name when there is none, and throws nothing', () => {
    const pick = buildDistribution(distribution, []);
    expect([][pick('key')]).toBeUndefined();
    expect(pick.after('key', () => false)).toBeUndefined();
  });
});

describe.each(CONSISTENT)('%s', (distribution) => {
  it('moves at most 1/11 + 2 % of the keys when an eleventh server comes, all of them to it', () => {
    const ten = buildDistribution(distribution, makeServers(10));
    const eleven = buildDistribution(distribution, makeServers(11));
    const moved = KEYS.filter((key) => ten(key) !== eleven(key));
    expect(moved.length / KEYS.length).toBeLessThan(1 / 11 + 0.02);
    expect(moved.length / KEYS.length).toBeGreaterThan(1 / 11 - 0.03);
    expect(moved.every((key) => eleven(key) === 10)).toBe(true);
  });

  it('gives each server the share that its weight asks for', () => {
    const weights = [1, 2, 3, 4, 10];
    const shares = sharesOf(buildDistribution(distribution, makeServers(5, weights)), 5);
    for (const [index, share] of shares.entries()) {
      const expected = (weights[index] ?? 0) / 20;
      expect(Math.abs(share / expected - 1)).toBeLessThan(distribution === 'ketama' ? 0.4 : 0.07);
    }
  });

  it('goes on to where the key would be without the server that is away', () => {
    const servers = makeServers(10);
    const pick = buildDistribution(distribution, servers);
    const without = buildDistribution(distribution, servers.slice(0, 9));
    for (const key of KEYS.slice(0, 2000)) expect(pick.after(key, (index) => index === 9)).toBe(without(key));
  });
});

it('rendezvous does not depend on the order of the servers', () => {
  const servers = makeServers(12, [1, 5, 2]);
  const reversed = servers.toReversed();
  const pick = buildDistribution('rendezvous', servers);
  const other = buildDistribution('rendezvous', reversed);
  for (const key of KEYS.slice(0, 2000)) expect(servers[pick(key)]).toBe(reversed[other(key)]);
});

it('rendezvous compares the scores that its comment says', () => {
  const servers = makeServers(20, [1, 900, 0.01, 3, 3, 3]);
  const pick = buildDistribution('rendezvous', servers);
  for (const key of KEYS.slice(0, 500)) {
    const scores = servers.map((server) => scoreOf(server, key));
    expect(pick(key)).toBe(scores.indexOf(Math.max(...scores)));
  }
});

it("modulo is MemJS's, and goes on as MemJS does", () => {
  const pick = buildDistribution('modulo', makeServers(7));
  for (const key of KEYS.slice(0, 100)) {
    const first = hashCode(key) % 7;
    expect(pick(key)).toBe(first);
    expect(orderOf(pick, key)).toEqual([0, 1, 2, 3, 4, 5, 6].map((step) => (first + step) % 7));
  }
});

describe('a distribution of one’s own', () => {
  const last: Distribution = { build: (servers) => () => servers.length - 1 };

  it('is asked for an index, and goes on through the list', () => {
    const pick = buildDistribution(last, makeServers(3));
    expect(pick('key')).toBe(2);
    expect(orderOf(pick, 'key')).toEqual([2, 0, 1]);
  });

  it('keeps an order of its own, and its function is not changed', () => {
    const backwards = Object.assign(() => 2, {
      after: (_: string, isAway: (i: number) => boolean) => [2, 1, 0].find((i) => !isAway(i)),
    });
    expect(orderOf(buildDistribution({ build: () => backwards }, makeServers(3)), 'key')).toEqual([2, 1, 0]);
    const plain = Object.freeze(() => 0);
    expect(buildDistribution({ build: () => plain }, makeServers(3))('key')).toBe(0);
  });

  it.each([
    ['an unknown name', 'crc32'],
    ['an object without build', {}],
    ['null', null],
    ['a builder that returns no function', { build: () => 7 }],
  ])('%s is refused', (_, distribution) => {
    expect(() => buildDistribution(distribution as Distribution, makeServers(2))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
  });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('a weight of %d is refused', (weight) => {
  expect(() => buildDistribution('ketama', makeServers(2, [1, weight]))).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
  );
});

/** The servers for a key, in the order in which they are tried while one after another goes away. */
function orderOf(pick: ReturnType<typeof buildDistribution>, key: string): number[] {
  const away = new Set<number>();
  for (let i = pick.after(key, () => false); i !== undefined; i = pick.after(key, (index) => away.has(index))) {
    away.add(i);
  }
  return [...away];
}

function sharesOf(pick: (key: string) => number, count: number): number[] {
  const shares = new Array<number>(count).fill(0);
  for (const key of KEYS) shares[pick(key)] = (shares[pick(key)] ?? 0) + 1 / KEYS.length;
  return shares;
}

/** The score by the formula, in bigints. */
function scoreOf(server: DistributionServer, key: string): number {
  const [k0 = 0n, k1 = 0n] = wordsOf(key);
  const [s0 = 0n, s1 = 0n] = wordsOf(server.name);
  let x = (((k0 ^ s0) * 0x85ebca6bn) % 2n ** 32n) ^ k1 ^ s1;
  x = ((x ^ (x >> 15n)) * 0xc2b2ae35n) % 2n ** 32n;
  return server.weight / -Math.log((Number(BigInt.asIntN(32, x)) + 2 ** 31 + 0.5) / 2 ** 32);
}

function wordsOf(text: string): bigint[] {
  const digest = createHash('md5').update(text).digest();
  return [0, 4].map((offset) => BigInt(digest.readUInt32LE(offset)));
}
