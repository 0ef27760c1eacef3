import { it } from 'vitest';
import { MemoryServer, type MemoryServerOptions } from '../../../src/memory-server/index.ts';
import { type MemcachedOptions, startMemcached } from '../../support/memcached.ts';
import { type Abilities, abilitiesOf, CAN, CHOSEN, COMPACT, EVERYTHING, SUBJECT } from '../../support/subject.ts';
import type { Options, Protocol, RunningServer } from './suite/target.ts';
import { describeClient } from './suite.ts';

export const USER = { username: 'alice', password: 'p4a$$' };

/** memcached's file of users has no place for a colon, that of SASL has. */
export const SASL_USER = { username: 'alice', password: 'p:a@ss' };

interface Kind {
  name: string;
  start: () => Promise<RunningServer>;
  can: Abilities;
  user?: { username: string; password: string };
}

const memcached = (options?: MemcachedOptions) => () => startMemcached(options);
const memoryServer = (options?: MemoryServerOptions) => () => MemoryServer.start(options);

const BINARY = { ...EVERYTHING, protocols: ['binary'], found: 'binary' } as const;
const ASCII = { ...EVERYTHING, protocols: ['meta', 'classic'] } as const;

const binary = abilitiesOf({ ...SUBJECT, args: ['-B', 'binary'] });
const ascii = abilitiesOf({ ...SUBJECT, args: ['-B', 'ascii'] });

/** The server that the suites run against, of each kind that its version can be started as. */
const MEMCACHED = [
  { name: SUBJECT.name, start: memcached(), can: CAN },
  { name: 'memcached -B binary', start: memcached({ args: ['-B', 'binary'] }), can: binary },
  { name: 'memcached -B ascii', start: memcached({ args: ['-B', 'ascii'] }), can: ascii },
  { name: 'memcached -S', start: memcached({ sasl: [SASL_USER] }), can: binary, user: SASL_USER },
  { name: 'memcached -Y', start: memcached({ auth: [USER] }), can: ascii, user: USER },
] satisfies Kind[];

const MEMORY_SERVER: readonly Kind[] = [
  { name: 'MemoryServer', start: memoryServer(), can: EVERYTHING },
  { name: 'MemoryServer, binary', start: memoryServer({ protocol: 'binary' }), can: BINARY },
  { name: 'MemoryServer, ascii', start: memoryServer({ protocol: 'ascii' }), can: ASCII },
  {
    name: 'MemoryServer with users',
    start: memoryServer({ users: [SASL_USER] }),
    can: { ...EVERYTHING, found: 'binary' },
    user: SASL_USER,
  },
  {
    name: 'MemoryServer with users, binary',
    start: memoryServer({ users: [SASL_USER], protocol: 'binary' }),
    can: BINARY,
    user: SASL_USER,
  },
  {
    name: 'MemoryServer with users, ascii',
    start: memoryServer({ users: [USER], protocol: 'ascii' }),
    can: ASCII,
    user: USER,
  },
];

/** Every kind of server, and what can be spoken with it; the first of each protocol is tested thoroughly. */
export const KINDS: readonly Kind[] = CHOSEN ? chosen() : [...MEMCACHED, ...MEMORY_SERVER];

function chosen(): Kind[] {
  if (SUBJECT.args.length > 0 || SUBJECT.proxied) return MEMCACHED.slice(0, 1);
  // Those with another set of protocols are subjects of their own.
  return COMPACT ? MEMCACHED.filter(({ name }) => !name.includes('-B')) : MEMCACHED;
}

/** The whole suite over one protocol, with each of those kinds of server that speaks it. */
export function describeProtocol(protocol: Protocol | 'auto', kinds: readonly Kind[] = KINDS): void {
  const able = kinds.filter(({ can }) => protocol === 'auto' || can.protocols.includes(protocol));
  // A file with nothing to test would fail.
  if (able.length === 0) it.skip(`${SUBJECT.name} does not speak ${protocol}`, () => {});
  for (const { name, start, can, user } of able) {
    const options: Options = { protocol, ...user };
    const spoken = protocol === 'auto' ? can.found : protocol;
    const setup = async () => ({ server: await start(), options });
    // Cases that count connections need a server whose protocol is found out on the first.
    const thorough = !COMPACT && name === KINDS[0]?.name && (protocol !== 'auto' || can.found === 'meta');
    describeClient(`${name}, ${protocol}`, spoken, setup, { thorough, can });
  }
}
