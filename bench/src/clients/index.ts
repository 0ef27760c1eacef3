import type { Row } from '../row.ts';
import type { Adapter } from './adapter.ts';

export interface ClientSpec {
  readonly name: string;
  /** The npm package that it comes from. */
  readonly package?: string;
  readonly server: 'memcached' | 'redis';
  /** The raw-socket baseline that it is compared with. */
  readonly floor: 'floor' | 'floor-meta' | 'floor-classic';
  /** Whether it can do what the row asks for. */
  can(row: Row): boolean;
  load(): Promise<Adapter>;
}

type Feature = 'callback' | 'servers' | 'connections' | 'tls' | 'json' | 'mixed';

function needs(row: Row): Feature[] {
  const features: Feature[] = [];
  if (row.form === 'callback') features.push('callback');
  if (row.servers > 1) features.push('servers');
  if (row.connections > 0) features.push('connections');
  if (row.tls) features.push('tls');
  if (row.json) features.push('json');
  if (row.mixed) features.push('mixed');
  return features;
}

const can =
  (...features: Feature[]) =>
  (row: Row) =>
    needs(row).every((feature) => features.includes(feature));

const canAll = can('callback', 'servers', 'connections', 'tls', 'json', 'mixed');
const onMemcached = { server: 'memcached', floor: 'floor' } as const;
const onRedis = { server: 'redis', floor: 'floor' } as const;

const floor = async (protocol: 'binary' | 'meta' | 'classic', own = false) =>
  (await import('./raw-socket.ts')).rawSocketAdapter({ protocol, own });
const memts = async (protocol: 'binary' | 'meta' | 'classic', before = false) =>
  (await import('./memts.ts')).memtsAdapter({ protocol, before });

export const CLIENTS: readonly ClientSpec[] = [
  { name: 'floor', ...onMemcached, can: canAll, load: () => floor('binary') },
  { name: 'floor-meta', ...onMemcached, floor: 'floor-meta', can: canAll, load: () => floor('meta') },
  { name: 'floor-classic', ...onMemcached, floor: 'floor-classic', can: canAll, load: () => floor('classic') },
  // It has no form for a batch, whose values it would have to tell apart.
  { name: 'floor-own', ...onMemcached, can: (row) => row.batch === 1, load: () => floor('binary', true) },
  { name: 'memts', package: 'memts', ...onMemcached, can: canAll, load: () => memts('binary') },
  {
    name: 'memts-before',
    package: 'memts',
    ...onMemcached,
    can: canAll,
    load: () => memts('binary', true),
  },
  {
    name: 'memts-meta',
    package: 'memts',
    server: 'memcached',
    floor: 'floor-meta',
    can: canAll,
    load: () => memts('meta'),
  },
  {
    name: 'memts-meta-before',
    package: 'memts',
    server: 'memcached',
    floor: 'floor-meta',
    can: canAll,
    load: () => memts('meta', true),
  },
  {
    name: 'memts-classic',
    package: 'memts',
    server: 'memcached',
    floor: 'floor-classic',
    can: canAll,
    load: () => memts('classic'),
  },
  {
    name: 'memts-classic-before',
    package: 'memts',
    server: 'memcached',
    floor: 'floor-classic',
    can: canAll,
    load: () => memts('classic', true),
  },
  {
    name: 'memts-ketama',
    package: 'memts',
    ...onMemcached,
    can: (row) => row.servers > 1 && canAll(row),
    load: async () => (await import('./memts.ts')).memtsAdapter({ protocol: 'binary', distribution: 'ketama' }),
  },
  {
    name: 'memjs',
    package: 'memjs',
    ...onMemcached,
    can: can('callback', 'servers', 'json'),
    load: async () => (await import('./memjs.ts')).memjsAdapter(),
  },
  {
    name: 'memcached',
    package: 'memcached',
    ...onMemcached,
    can: can('callback', 'servers', 'connections', 'json'),
    load: async () => (await import('./memcached.ts')).memcachedAdapter(),
  },
  {
    name: 'memcache-client',
    package: 'memcache-client',
    ...onMemcached,
    can: can('callback', 'connections', 'tls', 'json'),
    load: async () => (await import('./memcache-client.ts')).memcacheClientAdapter(),
  },
  {
    name: 'memcache',
    package: 'memcache',
    ...onMemcached,
    can: can('servers'),
    load: async () => (await import('./memcache.ts')).memcacheAdapter(),
  },
  {
    name: 'memcache-plus',
    package: 'memcache-plus',
    ...onMemcached,
    // Its pool of connections leaves commands without a response.
    can: can('callback', 'servers', 'json'),
    load: async () => (await import('./memcache-plus.ts')).memcachePlusAdapter(),
  },
  {
    name: 'node-redis',
    package: 'redis',
    ...onRedis,
    can: can(),
    load: async () => (await import('./node-redis.ts')).nodeRedisAdapter(),
  },
  {
    name: 'ioredis',
    package: 'ioredis',
    ...onRedis,
    can: can('callback'),
    load: async () => (await import('./ioredis.ts')).ioredisAdapter({ enableAutoPipelining: false }),
  },
  {
    name: 'ioredis-auto',
    package: 'ioredis',
    ...onRedis,
    can: can('callback'),
    load: async () => (await import('./ioredis.ts')).ioredisAdapter({ enableAutoPipelining: true }),
  },
];

/** The clients of a run without `--full` and `--clients`. */
export const CORE_CLIENTS = ['floor', 'floor-own', 'memts', 'memjs'];

export function clientNamed(name: string): ClientSpec {
  const found = CLIENTS.find((client) => client.name === name);
  if (found) return found;
  const names = CLIENTS.map((client) => client.name).join(', ');
  throw new Error(`There is no client "${name}"; there are: ${names}`);
}
