import { describe, expect, it } from 'vitest';
import { type Address, parseServers } from '../../../src/cluster/address.ts';
import { Client, type MemcacheError, Server } from '../../../src/index.ts';
import { thrownBy } from '../../support/outcomes.ts';

const GOOD: [list: string, ...addresses: Address[]][] = [
  ['localhost', { host: 'localhost', port: 11211 }],
  ['localhost:11212', { host: 'localhost', port: 11212 }],
  ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
  ['cache.example:65535', { host: 'cache.example', port: 65535 }],
  ['1cache.example:11211', { host: '1cache.example', port: 11211 }],
  ['a,b:2', { host: 'a', port: 11211 }, { host: 'b', port: 2 }],
  [' a , b:2 ', { host: 'a', port: 11211 }, { host: 'b', port: 2 }],
  ['user:pass@host', { host: 'host', port: 11211, username: 'user', password: 'pass' }],
  ['user:pass@host:2', { host: 'host', port: 2, username: 'user', password: 'pass' }],
  ['user:p:a:ss@host', { host: 'host', port: 11211, username: 'user', password: 'p:a:ss' }],
  ['user:p@ss@host', { host: 'host', port: 11211, username: 'user', password: 'p@ss' }],
  ['user:p@s:s@host:2', { host: 'host', port: 2, username: 'user', password: 'p@s:s' }],
  ['user:@@host', { host: 'host', port: 11211, username: 'user', password: '@' }],
  ['user:p%40ss@host', { host: 'host', port: 11211, username: 'user', password: 'p%40ss' }],
  ['us@er:pass@host', { host: 'host', port: 11211, username: 'us@er', password: 'pass' }],
  [
    'a:1@h1:1,b:2@h2:2',
    { host: 'h1', port: 1, username: 'a', password: '1' },
    { host: 'h2', port: 2, username: 'b', password: '2' },
  ],
  ['[::1]:11212', { host: '::1', port: 11212 }],
  ['[::1]', { host: '::1', port: 11211 }],
  ['[2001:db8::1]:2', { host: '2001:db8::1', port: 2 }],
  ['::1', { host: '::1', port: 11211 }],
  ['fe80::1%eth0', { host: 'fe80::1%eth0', port: 11211 }],
  ['2001:db8:0:1:2:3:4:5', { host: '2001:db8:0:1:2:3:4:5', port: 11211 }],
  ['127.0.0.1:11211:5', { host: '127.0.0.1', port: 11211, weight: 5 }],
  ['cache.example:11212:0.5', { host: 'cache.example', port: 11212, weight: 0.5 }],
  ['abc:1:2', { host: 'abc', port: 1, weight: 2 }],
  ['[::1]:11211:5', { host: '::1', port: 11211, weight: 5 }],
  ['user:p:a:ss@host:2:3', { host: 'host', port: 2, weight: 3, username: 'user', password: 'p:a:ss' }],
  ['a:1:2,b:3:4', { host: 'a', port: 1, weight: 2 }, { host: 'b', port: 3, weight: 4 }],
  ['user:p:a@ss@[::1]:2', { host: '::1', port: 2, username: 'user', password: 'p:a@ss' }],
  ['/run/memcached.sock', { host: '/run/memcached.sock', port: 0, path: '/run/memcached.sock' }],
  ['unix:///run/memcached.sock', { host: '/run/memcached.sock', port: 0, path: '/run/memcached.sock' }],
  ['user:pass@/run/m.sock', { host: '/run/m.sock', port: 0, path: '/run/m.sock', username: 'user', password: 'pass' }],
  ['memcached://host', { host: 'host', port: 11211 }],
  ['memcached://host:2', { host: 'host', port: 2 }],
  ['memcached://host:80', { host: 'host', port: 80 }],
  ['memcached://host:443/', { host: 'host', port: 443 }],
  ['MEMCACHED://host', { host: 'host', port: 11211 }],
  ['memcached://user:pass@host:2', { host: 'host', port: 2, username: 'user', password: 'pass' }],
  ['memcached://us%40er:p%3Aa%40s%2Cs%2F@host', { host: 'host', port: 11211, username: 'us@er', password: 'p:a@s,s/' }],
  ['memcached://user:p%C3%BC@host', { host: 'host', port: 11211, username: 'user', password: 'pü' }],
  ['memcached://[::1]:2', { host: '::1', port: 2 }],
  ['memcached://host?weight=2', { host: 'host', port: 11211, weight: 2 }],
  [
    'memcached://user:pass@host:2?weight=0.5',
    { host: 'host', port: 2, username: 'user', password: 'pass', weight: 0.5 },
  ],
  ['memcacheds://host:2', { host: 'host', port: 2, tls: true }],
  ['memcacheds://host:443', { host: 'host', port: 443, tls: true }],
  ['memcacheds://host', { host: 'host', port: 11211, tls: true }],
  [
    'a,memcached://b:2?weight=3,[::1]:3,/c.sock',
    { host: 'a', port: 11211 },
    { host: 'b', port: 2, weight: 3 },
    { host: '::1', port: 3 },
    { host: '/c.sock', port: 0, path: '/c.sock' },
  ],
];

/** Each holds the word secret where a password would be. */
const BAD: [list: string, entry: number][] = [
  [',', 1],
  ['good,', 2],
  ['good,,good', 2],
  ['   ', 1],
  [':11211', 1],
  ['host:', 1],
  ['host:x', 1],
  ['host:0', 1],
  ['host:65536', 1],
  ['host:-1', 1],
  ['host:1.5', 1],
  ['host:1e3', 1],
  ['host:0x10', 1],
  ['host: 11', 1],
  ['host:11211:secret', 1],
  ['host:11211:', 1],
  ['host:11211:0', 1],
  ['host:11211:-1', 1],
  ['host:11211:1e3', 1],
  ['host:11211:5:secret', 1],
  ['host::5', 1],
  ['127.0.0.1:11211:5:6', 1],
  ['::1:11211', 1],
  ['2001:db8::1:secret', 1],
  ['[host]:11211', 1],
  ['[127.0.0.1]', 1],
  ['good,user:secret@', 2],
  ['user:secret@:11211', 1],
  ['user:secret@host:x', 1],
  ['user:secret@host:0', 1],
  ['good,good,user:secret@ho st', 3],
  ['ho\u009b31mst', 1],
  ['ho\u202est', 1],
  ['ho\u061cst', 1],
  ['[::1', 1],
  ['[::1]x', 1],
  ['[::1]:', 1],
  ['[::1]:0', 1],
  ['[]:11211', 1],
  ['unix://relative/path', 1],
  ['unix://', 1],
  ['redis://user:secret@host', 1],
  ['http://user:secret@host', 1],
  ['memcached://', 1],
  ['memcached://user:secret@', 1],
  ['memcached://user:secret@host:x', 1],
  ['memcached://user:secret@host:0', 1],
  ['memcached://user:secret@host:65536', 1],
  ['memcached://user:secret%@host', 1],
  ['memcached://user:secret%ff@host', 1],
  ['memcached://user:secret@ho st', 1],
  ['memcached://user:secret@host?weight=0', 1],
  ['memcached://user:secret@host?weight=-1', 1],
  ['memcached://user:secret@host?weight=x', 1],
  ['memcached://user:secret@host?weight=', 1],
  ['memcached://user:secret@host?weight=Infinity', 1],
];

/** The error that reading a list throws. */
function refused(list: unknown): MemcacheError {
  return thrownBy(() => Client.create(list as string));
}

describe('server strings', () => {
  it.each(GOOD)('%s', (list, ...addresses) => {
    expect(parseServers(list)).toEqual(addresses);
  });

  it.each(BAD)('%j is refused', (list, entry) => {
    const error = refused(list);
    expect(error.code).toBe('ERR_INVALID_ARGUMENT');
    expect(error.message).toMatch(/servers/);
    expect(error.message).toMatch(new RegExp(`entry ${entry}\\b`));
    expect(error.message).toMatch(/expected/);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`).not.toContain('secret');
  });

  it.each([
    ['a password with an unencoded slash', 'memcached://user:1/secret@host'],
    ['a password with an unencoded #', 'memcached://user:1#secret@host'],
    ['a password with an unencoded ?', 'memcached://user:1?secret@host'],
    ['a URL without a host', 'memcached:///secret'],
  ])('%s, which would lead to another server, is refused: %s', (_what, list) => {
    const error = refused(list);
    expect(error.code).toBe('ERR_INVALID_ARGUMENT');
    expect(error.message).not.toContain('secret');
  });
});

describe('Client.create', () => {
  const places = (list: Parameters<typeof Client.create>[0]): string[] =>
    Client.create(list).servers.map(({ host, port }) => `${host}:${port}`);

  it('takes arrays of strings and objects', () => {
    expect(places(['a', 'b:2,c', { host: 'd' }, { host: 'e', port: 5 }, { path: '/f.sock' }])).toEqual([
      'a:11211',
      'b:2',
      'c:11211',
      'd:11211',
      'e:5',
      '/f.sock:0',
    ]);
    expect(places([{ host: '[::1]' }, { host: '[fe80::1%eth0]', port: 5 }, { host: '::2' }])).toEqual([
      '::1:11211',
      'fe80::1%eth0:5',
      '::2:11211',
    ]);
    const [server] = Client.create([{ host: 'a', username: 'user', password: 'p:a@ss' }]).servers;
    expect(server).toMatchObject({ username: 'user', password: 'p:a@ss' });
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ["''", ''],
  ])('with %s it asks the environment, then takes localhost', (_what, list) => {
    const { MEMCACHIER_SERVERS, MEMCACHE_SERVERS } = process.env;
    try {
      process.env.MEMCACHIER_SERVERS = 'first:1,second:2';
      process.env.MEMCACHE_SERVERS = 'third:3';
      expect(places(list)).toEqual(['first:1', 'second:2']);
      delete process.env.MEMCACHIER_SERVERS;
      expect(places(list)).toEqual(['third:3']);
      delete process.env.MEMCACHE_SERVERS;
      expect(places(list)).toEqual(['localhost:11211']);
    } finally {
      if (MEMCACHIER_SERVERS !== undefined) process.env.MEMCACHIER_SERVERS = MEMCACHIER_SERVERS;
      if (MEMCACHE_SERVERS !== undefined) process.env.MEMCACHE_SERVERS = MEMCACHE_SERVERS;
    }
  });

  it.each<[unknown]>([
    [5],
    [true],
    [{}],
    [{ host: 'a' }],
    [[]],
    [[5]],
    [[null]],
    [[{}]],
    [[{ host: '' }]],
    [[{ host: 5 }]],
    [[{ host: 'secret:11211' }]],
    [[{ host: '127.0.0.1:11211:5' }]],
    [[{ host: '[host]' }]],
    [[{ host: 'a\nb' }]],
    [[{ host: 'user@a' }]],
    [[{ host: 'a', port: 0 }]],
    [[{ host: 'a', tls: 5 }]],
    [[{ host: 'a', tls: 'yes' }]],
    [[{ path: '' }]],
    [[{ host: 'a', port: 65536 }]],
    [[{ host: 'a', port: '11211' }]],
    [[{ host: 'a', port: Number.NaN }]],
    [[{ host: 'a', username: 5 }]],
    [[{ host: 'a', password: ['secret'] }]],
    [[{ path: 5 }]],
    [['a', '']],
  ])('refuses %j', (list) => {
    const error = refused(list);
    expect(error.code).toBe('ERR_INVALID_ARGUMENT');
    expect(error.message).toMatch(/servers/);
    expect(error.message).not.toContain('secret');
  });

  it('shows no password in what is printed of a client', async () => {
    const { inspect } = await import('node:util');
    const client = Client.create('user:secret@host,memcached://user:secret@other', {
      username: 'u',
      password: 'secret',
    });
    const printed = [
      inspect(client, { depth: 9 }),
      JSON.stringify(client.servers),
      client.servers.join(),
      inspect(client.options),
    ];
    expect(printed.join()).not.toContain('secret');
    expect(client.servers[0]).toHaveProperty('password', 'secret');
  });
});

describe('a Server by hand', () => {
  it('takes hosts as all other forms of an address do', () => {
    expect(new Server('[::1]', 11212)).toMatchObject({ host: '::1', port: 11212 });
    expect(new Server('::1', 11212).host).toBe('::1');
    expect(new Server('localhost').host).toBe('localhost');
    expect(new Server().host).toBeUndefined();
    for (const host of ['127.0.0.1:11211', '127.0.0.1:11211:5', '[host]', 'a\nb', 'a b', '[::1'])
      expect(() => new Server(host, 11211)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  });
});
