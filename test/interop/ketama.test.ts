import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildDistribution, type Distribution } from '../../src/cluster/distribution/distribution.ts';
import { ketama } from '../../src/cluster/distribution/ketama.ts';
import type { DistributionServer } from '../../src/cluster/distribution/pick.ts';
import { startTwemproxy } from '../support/twemproxy.ts';
import { countKeys, Fleet, makeKeys, storeKeys } from './support/fleet.ts';
import { libmemcached } from './support/libmemcached.ts';

const SERVERS = 50;
const KEYS = makeKeys(10_000);

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(SERVERS);
}, 60_000);
afterAll(() => fleet[Symbol.asyncDispose]());
beforeEach(() => fleet.clear());

describe('the same ring as libmemcached', { timeout: 60_000 }, () => {
  const fleets: [string, number[]][] = [
    ['five servers with weights', [1, 2, 3, 5, 8]],
    ...[2, 3, 7, 25, 47, 50].map((count): [string, number[]] => [`${count} servers`, Array(count).fill(1)]),
  ];

  it.each(fleets)('%s: keys stored by libmemcached are where our ring says', async (_, weights) => {
    const servers = take(weights);
    expect(await libmemcached.set({ servers, keys: KEYS })).toBe(KEYS.length);
    const expected = keysByServer('ketama', servers);
    expect(await countAll(servers, expected)).toEqual(expected.map((keys) => keys.length));
    expect(expected.every((keys) => keys.length > 0)).toBe(true);
  });

  it.each(fleets)('%s: keys stored by our ring are found by libmemcached', async (_, weights) => {
    const servers = take(weights);
    await storeAll(servers, keysByServer('ketama', servers));
    expect(await libmemcached.get({ servers, keys: KEYS })).toBe(KEYS.length);
  });
});

describe('the same ring as twemproxy', { timeout: 60_000 }, () => {
  const weights = [1, 2, 3, 5, 8];
  const named = (servers: readonly DistributionServer[]) => {
    const names = new Map(servers.map(({ name }, index) => [name, `cache-${'abcde'[index]}`]));
    return (server: DistributionServer) => names.get(server.name) ?? '';
  };

  it.each([
    ['by host and port', () => undefined],
    ['by names', named],
  ])('%s, both ways', async (_, naming) => {
    const servers = take(weights);
    const name = naming(servers);
    const distribution: Distribution = name ? ketama({ name }) : 'ketama';
    const expected = keysByServer(distribution, servers);
    await using proxy = await startTwemproxy({
      servers: servers.map((server) => `${server.name}:${server.weight}${name ? ` ${name(server)}` : ''}`),
    });
    await storeKeys(proxy, KEYS);
    expect(await countAll(servers, expected)).toEqual(expected.map((keys) => keys.length));

    await fleet.clear();
    expect(await countKeys(proxy, KEYS)).toBe(0);
    await storeAll(servers, expected);
    expect(await countKeys(proxy, KEYS)).toBe(KEYS.length);
  });
});

function take(weights: readonly number[]): DistributionServer[] {
  return weights.map((weight, index) => {
    const { host = '', port = 0, address = '' } = fleet.servers[index] ?? {};
    return { host, port, weight, name: address };
  });
}

function keysByServer(distribution: Distribution, servers: readonly DistributionServer[]): string[][] {
  const pick = buildDistribution(distribution, servers);
  const keys: string[][] = servers.map(() => []);
  for (const key of KEYS) keys[pick(key)]?.push(key);
  return keys;
}

function countAll(servers: readonly DistributionServer[], keys: readonly string[][]): Promise<number[]> {
  return Promise.all(servers.map((server, index) => countKeys(server, keys[index] ?? [])));
}

async function storeAll(servers: readonly DistributionServer[], keys: readonly string[][]): Promise<void> {
  await Promise.all(servers.map((server, index) => storeKeys(server, keys[index] ?? [])));
}
