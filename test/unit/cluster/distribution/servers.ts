import type { DistributionServer } from '../../../../src/cluster/distribution/pick.ts';

/** Servers at 10.0.x.y:11211, with these weights or all with 1. */
export function makeServers(count: number, weights: readonly number[] = []): DistributionServer[] {
  return Array.from({ length: count }, (_, i) => {
    const host = `10.0.${i >> 8}.${i & 255}`;
    return { host, port: 11211, weight: weights[i] ?? 1, name: `${host}:11211` };
  });
}

export function makeKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `key:${i}`);
}
