import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { HashRing, type ServerLocation } from '../../../src/adapters/memcached/hash-ring.ts';

/** The package that `memcached` takes. */
interface Theirs {
  get(key: string): string | undefined;
  range(key: string, size: number): string[];
  swap(from: string, to: string): void;
  remove(server: string): void;
}
const require = createRequire(import.meta.url);
const TheirRing = createRequire(require.resolve('memcached'))('hashring') as new (
  location: ServerLocation,
  algorithm: string,
  options: object,
) => Theirs;

const KEYS = Array.from({ length: 10_000 }, (_, i) => `user:${i}:profil${i % 7 === 0 ? 'é' : 'e'}`);

/** As `memcached` makes it. */
function theirs(location: ServerLocation, algorithm = 'md5', compatibility = 'ketama'): Theirs {
  const port = compatibility === 'ketama' ? 11211 : null;
  return new TheirRing(location, algorithm, { compatibility, 'default port': port });
}

const list = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `10.0.0.${i + 1}:${i % 2 === 0 ? 11211 : 11300 + i}`);

describe('10,000 keys are on the servers where memcached 2.2 puts them', () => {
  it.each([2, 3, 7])('of %i', (count) => {
    const [ours, other] = [new HashRing(list(count)), theirs(list(count))];
    expect(KEYS.map((key) => ours.get(key))).toEqual(KEYS.map((key) => other.get(key)));
  });

  it.each([
    ['with weights', { 'a:11211': 1, 'b:11211': 2, 'c:11212': 5 }],
    ['with numbers of their own on the ring', { 'a:11211': { vnodes: 100 }, 'b:11211': { weight: 2 }, 'c:11211': 1 }],
  ])('%s', (_name, location) => {
    const [ours, other] = [new HashRing(location), theirs(location)];
    expect(KEYS.map((key) => ours.get(key))).toEqual(KEYS.map((key) => other.get(key)));
  });

  it('with another digest, and as hash_ring', () => {
    const [ours, other] = [new HashRing(list(3), 'sha1', 'hash_ring'), theirs(list(3), 'sha1', 'hash_ring')];
    expect(KEYS.map((key) => ours.get(key))).toEqual(KEYS.map((key) => other.get(key)));
  });

  it('after a server was swapped, and one removed', () => {
    const [ours, other] = [new HashRing(list(5)), theirs(list(5))];
    for (const ring of [ours, other]) {
      ring.swap('10.0.0.2:11301', '10.0.0.9:11211');
      ring.remove('10.0.0.3:11211');
    }
    expect(KEYS.map((key) => ours.get(key))).toEqual(KEYS.map((key) => other.get(key)));
    expect(ours.has('10.0.0.9:11211')).toBe(true);
    expect(ours.has('10.0.0.3:11211')).toBe(false);
  });

  it('and the servers after them', () => {
    const [ours, other] = [new HashRing(list(7)), theirs(list(7))];
    expect(KEYS.map((key) => ours.range(key, 3))).toEqual(KEYS.map((key) => other.range(key, 3)));
  });
});

it('has no server when all were removed', () => {
  const ring = new HashRing(['a:1']);
  ring.remove('a:1');
  expect([ring.get('key'), ring.range('key', 2)]).toEqual([undefined, []]);
});
