import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildDistribution } from '../../../../src/cluster/distribution/distribution.ts';
import { ketama } from '../../../../src/cluster/distribution/ketama.ts';
import { makeKeys, makeServers } from './servers.ts';

describe('the choices of libmemcached 1.1.4', () => {
  const keys = Array.from({ length: 24 }, (_, i) => (i % 6 === 5 ? `größe:${i}` : `user:${i}`));

  it('three servers', () => {
    const servers = ['10.0.0.1:11211', '10.0.0.2:11211', '10.0.0.3:11211'].map((name) => place(name, 1));
    expect(keys.map(buildDistribution('ketama', servers)).join(' ')).toBe(
      '0 1 2 2 1 2 1 1 1 2 2 2 1 1 2 0 1 1 1 0 1 2 0 0',
    );
  });

  it('five servers with weights and other ports', () => {
    const names = ['10.0.0.1:11211', '10.0.0.1:11212', 'cache.example.org:11311', '10.0.0.9:11211', '::1:11211'];
    const servers = names.map((name, index) => place(name, [1, 2, 3, 5, 8][index] ?? 1));
    expect(keys.map(buildDistribution('ketama', servers)).join(' ')).toBe(
      '4 2 3 3 4 4 3 4 3 4 2 1 4 3 4 0 3 4 4 0 4 4 4 3',
    );
  });

  // Sizes at which C's float makes a digest less, and sizes at which it does not.
  it.each([
    [25, '33b10f45cc33ab89'],
    [47, '9976ed812e6b44d5'],
    [50, '0d532306337d4353'],
    [55, '0f76d822ef15e326'],
    [61, '7a08cf1d14887dac'],
    [71, '3bd8a3cc5acfe373'],
    [24, '4f92410199263361'],
    [26, '05476b6b6a9341b8'],
  ])('2,000 keys on %i servers', (count, expected) => {
    const choices = makeKeys(2000)
      .map(buildDistribution('ketama', makeServers(count)))
      .join(' ');
    expect(createHash('sha256').update(choices).digest('hex').slice(0, 16)).toBe(expected);
  });
});

it('places servers by other names', () => {
  const servers = makeServers(5);
  const renamed = servers.map((server) => ({ ...server, host: `cache-${server.host}` }));
  const pick = buildDistribution(ketama({ name: ({ host }) => `cache-${host}` }), servers);
  const keys = makeKeys(1000);
  expect(keys.map(pick)).toEqual(keys.map(buildDistribution('ketama', renamed)));
  expect(keys.map(pick)).not.toEqual(keys.map(buildDistribution('ketama', servers)));
});

it('refuses a name that is no string', () => {
  const name = (() => 7) as unknown as () => string;
  expect(() => buildDistribution(ketama({ name }), makeServers(2))).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
  );
});

function place(name: string, weight: number) {
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)), weight, name };
}
