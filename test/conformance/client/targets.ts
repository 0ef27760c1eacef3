import { MemoryServer, type MemoryServerOptions } from '../../../src/memory-server/index.ts';
import { type MemcachedOptions, startMemcached } from '../../support/memcached.ts';
import type { Options, Protocol, RunningServer } from './suite/target.ts';
import { describeClient } from './suite.ts';

export const USER = { username: 'alice', password: 'p4a$$' };

/** memcached's file of users has no place for a colon, that of SASL has. */
export const SASL_USER = { username: 'alice', password: 'p:a@ss' };

interface Kind {
  name: string;
  start: () => Promise<RunningServer>;
  /** What it speaks. */
  speaks: readonly Protocol[];
  /** What a client that finds out for itself ends up with. */
  found: Protocol;
  user?: { username: string; password: string };
}

const memcached = (options?: MemcachedOptions) => () => startMemcached(options);
const memoryServer = (options?: MemoryServerOptions) => () => MemoryServer.start(options);

const ALL = ['binary', 'meta', 'classic'] as const;
const TEXT = ['meta', 'classic'] as const;
const BINARY = ['binary'] as const;

/** Every kind of server, and what can be spoken with it; the first of each protocol is tested thoroughly. */
export const KINDS: readonly Kind[] = [
  { name: 'memcached', start: memcached(), speaks: ALL, found: 'meta' },
  { name: 'memcached -B binary', start: memcached({ args: ['-B', 'binary'] }), speaks: BINARY, found: 'binary' },
  { name: 'memcached -B ascii', start: memcached({ args: ['-B', 'ascii'] }), speaks: TEXT, found: 'meta' },
  { name: 'memcached -S', start: memcached({ sasl: [SASL_USER] }), speaks: BINARY, found: 'binary', user: SASL_USER },
  { name: 'memcached -Y', start: memcached({ auth: [USER] }), speaks: TEXT, found: 'meta', user: USER },
  { name: 'MemoryServer', start: memoryServer(), speaks: ALL, found: 'meta' },
  { name: 'MemoryServer, binary', start: memoryServer({ protocol: 'binary' }), speaks: BINARY, found: 'binary' },
  { name: 'MemoryServer, ascii', start: memoryServer({ protocol: 'ascii' }), speaks: TEXT, found: 'meta' },
  {
    name: 'MemoryServer with users',
    start: memoryServer({ users: [SASL_USER] }),
    speaks: ALL,
    found: 'binary',
    user: SASL_USER,
  },
  {
    name: 'MemoryServer with users, binary',
    start: memoryServer({ users: [SASL_USER], protocol: 'binary' }),
    speaks: BINARY,
    found: 'binary',
    user: SASL_USER,
  },
  {
    name: 'MemoryServer with users, ascii',
    start: memoryServer({ users: [USER], protocol: 'ascii' }),
    speaks: TEXT,
    found: 'meta',
    user: USER,
  },
];

/** The whole suite over one protocol, with each of those kinds of server that speaks it. */
export function describeProtocol(protocol: Protocol | 'auto', kinds: readonly Kind[] = KINDS): void {
  const able = kinds.filter(({ speaks }) => protocol === 'auto' || speaks.includes(protocol));
  for (const { name, start, found, user } of able) {
    const options: Options = { protocol, ...user };
    const spoken = protocol === 'auto' ? found : protocol;
    const setup = async () => ({ server: await start(), options });
    describeClient(`${name}, ${protocol}`, spoken, setup, { thorough: name === KINDS[0]?.name });
  }
}
