import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDistribution, type Distribution } from '../../src/cluster/distribution/distribution.ts';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';

const WEIGHTS = [1, 2, 3];
let servers: Memcached[] = [];

beforeAll(async () => {
  servers = await Promise.all(WEIGHTS.map(() => startMemcached({ args: ['-m', '8', '-t', '1'] })));
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

test.each<Distribution>(['modulo', 'ketama', 'rendezvous'])('a client spreads its keys by %s', async (distribution) => {
  const fleet = servers.map(({ host, port }, i) => ({ host, port, weight: WEIGHTS[i] as number }));
  const client = Client.create(fleet, { distribution });
  const singles = fleet.map(({ host, port }) => Client.create([{ host, port }]));
  const pick = buildDistribution(
    distribution,
    fleet.map((server) => ({ ...server, name: `${server.host}:${server.port}` })),
  );
  try {
    await client.flush();
    const keys = Array.from({ length: 600 }, (_, i) => `key:${i}:é`);
    await Promise.all(keys.map((key) => client.set(key, key)));
    const held = await Promise.all(singles.map((single) => single.getMulti(keys)));
    for (const key of keys) {
      const holders = held.flatMap((map, i) => (map.has(key) ? [i] : []));
      expect(holders).toEqual([pick(key)]);
    }
    expect((await client.getMulti(keys)).size).toBe(600);
    // Weights count where the distribution knows them.
    const share = (held[2] as Map<unknown, unknown>).size / 600;
    if (distribution !== 'modulo') expect(share).toBeGreaterThan(0.4);
    else expect(share).toBeLessThan(0.4);
  } finally {
    for (const each of [client, ...singles]) each.close();
  }
});
