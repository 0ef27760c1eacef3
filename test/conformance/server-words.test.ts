import diagnostics from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, type MemcacheError } from '../../src/index.ts';
import { startMemcached, startMemcachedProxy } from '../support/memcached.ts';
import { hasMemcached, MEMCACHEDS } from '../support/memcacheds.ts';
import { failure } from '../support/outcomes.ts';
import { startRelay } from '../support/relay.ts';
import { afterProbe, type Behaviour, startRogueServer } from '../support/rogue-server.ts';
import { startTwemproxy } from '../support/twemproxy.ts';
import { sleep } from '../support/wait.ts';
import type { Options } from './client/suite/target.ts';

const PROTOCOLS = ['binary', 'meta', 'classic'] as const;
type Protocol = (typeof PROTOCOLS)[number];

const toStop: { stop(): Promise<unknown> }[] = [];
let messages: unknown[] = [];
const listen = (message: unknown): void => void messages.push(message);
const PHASES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
const CHANNELS = ['memts:command', 'memts:connection', ...PHASES.map((phase) => `tracing:memts:command:${phase}`)];

beforeAll(() => {
  for (const name of CHANNELS) diagnostics.subscribe(name, listen);
});
afterAll(() => {
  for (const name of CHANNELS) diagnostics.unsubscribe(name, listen);
});

afterEach(async () => {
  for (const each of toStop.splice(0).reverse()) await each.stop();
  messages = [];
});

function stopping<T extends { stop(): Promise<unknown> }>(server: T): T {
  toStop.push(server);
  return server;
}

function create(address: string, options: Options = {}): Client {
  const logger = { log: (...parts: unknown[]): void => void messages.push(...parts) };
  const client = Client.create(address, {
    logger,
    retries: 1,
    retry_delay: 0.01,
    timeout: 2,
    conntimeout: 4,
    ...options,
  });
  stopping({ stop: async () => client.close() });
  return client;
}

/** Answers each command with an error in the server's words: a line, or a frame with this body. */
function refuses(words: string, status: number): Behaviour {
  return afterProbe((socket) => {
    socket.on('data', (chunk: Buffer) => {
      socket.write(chunk[0] === 0x80 ? refusedFrames(chunk, words, status) : refusedLines(chunk, words));
    });
  });
}

const COMMAND = /^(?:get|gets|mg|ms|md|ma|set|delete|touch|incr|stats|flush_all)\b/;

function refusedLines(chunk: Buffer, words: string): string {
  const lines = chunk.toString('latin1').split('\r\n');
  return lines
    .map((line) => (COMMAND.test(line) ? `${words}\r\n` : line === 'version' ? 'VERSION 1\r\n' : ''))
    .join('');
}

function refusedFrames(chunk: Buffer, words: string, status: number): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += 24 + chunk.readUInt32BE(at + 8)) {
    const frame = Buffer.concat([Buffer.from(chunk.subarray(at, at + 24)).fill(0, 2, 12), Buffer.from(words)]);
    frame[0] = 0x81;
    frame.writeUInt16BE(status, 6);
    frame.writeUInt32BE(words.length, 8);
    // The no-op that ends a batch has no error.
    frames.push(frame[1] === 0x0a ? frame.subarray(0, 24).fill(0, 2, 12) : frame);
  }
  return Buffer.concat(frames);
}

const WORDS = 'SERVER_ERROR backend 10.0.0.7 refused key';

describe.each(PROTOCOLS)("a server's own words, over %s", (protocol) => {
  it('are the reply of the error, and in no message, log line or channel', async () => {
    const rogue = stopping(await startRogueServer(refuses(WORDS, 0x84)));
    const client = create(rogue.address, { protocol });
    const many = await client.getMulti(['a', 'b']);
    const errors = [
      await failure(client.get('a')),
      await failure(client.set('a', 'v')),
      await failure(client.delete('a')),
      await failure(client.touch('a', 1)),
      await failure(client.increment('a', 1, { initial: null })),
      (await client.flush())[rogue.address],
      await failure(client.stats()),
      many.errors.get('a'),
      many.errors.get('b'),
    ];
    for (const error of errors as MemcacheError[]) {
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_SERVER', server: rogue.address });
      expect(error.reply).toBe(WORDS);
      expect(error.message).toMatch(/^(?:MemJS|memts) [A-Z ()]+: Internal error$/);
      expect(`${error.stack} ${inspect(error)} ${JSON.stringify(error)} ${Object.keys(error)}`).not.toMatch(
        /10\.0\.0\.7/,
      );
    }
    expect(messages.length).toBeGreaterThan(0);
    expect(inspect(messages, { depth: 10 })).not.toMatch(/10\.0\.0\.7/);
  });

  it('are those of a real memcached too', async () => {
    const server = stopping(await startMemcached());
    const client = create(server.address, { protocol });
    await client.set('text', 'text');
    const error = (await failure(client.increment('text', 1))) as unknown as MemcacheError;
    expect(error.code).toBe('ERR_NOT_NUMERIC');
    expect(error.reply).toMatch(/non-numeric/i);
    expect((await failure(client.set('', 'v'))) as unknown as MemcacheError).not.toHaveProperty('reply');
  });
});

it.each(['meta', 'classic'] as const)('an unknown CLIENT_ERROR keeps its words, over %s', async (protocol) => {
  const rogue = stopping(await startRogueServer(refuses('CLIENT_ERROR object is under a spell', 4)));
  const error = (await failure(create(rogue.address, { protocol }).set('a', 'v'))) as unknown as MemcacheError;
  expect(error).toMatchObject({ code: 'ERR_SERVER', reply: 'CLIENT_ERROR object is under a spell' });
});

describe.each(MEMCACHEDS)('memcached $version -F', ({ name, program }) => {
  it.skipIf(!program)('says that flush is switched off, and the connection goes on', async () => {
    const server = stopping(await startMemcached({ version: name, args: ['-F'] }));
    for (const protocol of name === '1.6.9' ? (['binary', 'classic'] as const) : PROTOCOLS) {
      const client = create(server.address, { protocol });
      await client.set('key', 'value');
      for (const options of [{}, { expires: 1 }]) {
        const { [server.address]: error } = await client.flush(options);
        expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', server: server.address, connectionSurvives: true });
        expect(String(error)).toMatch(/flush is switched off/);
      }
      expect((await client.get('key')).value?.toString()).toBe('value');
    }
  });
});

/** A real memcached whose first answers to reads are errors that are over at the next. */
async function startShaky(protocol: Protocol, errors: number) {
  const server = stopping(await startMemcached());
  await create(server.address).setMulti(new Map(['a', 'b', 'c'].map((key) => [key, `of ${key}`])));
  let left = errors;
  const toClient = (text: string): string => {
    if (left === 0) return text;
    if (protocol === 'binary') {
      if (text.charCodeAt(1) !== 0x00 && text.charCodeAt(1) !== 0x1d) return text;
      left--;
      const frame = Buffer.from(text.slice(0, 24), 'latin1').fill(0, 2, 12);
      frame[7] = 0x86;
      return frame.toString('latin1');
    }
    const hit = /^(?:VALUE|VA) .*\r\nof .\r\n(?:END\r\n)?/;
    if (!hit.test(text)) return text;
    left--;
    return text.replace(hit, 'SERVER_ERROR backend failure\r\n');
  };
  return stopping(await startRelay(server, { toClient }));
}

/** A client whose first answer comes alone. */
async function connected(address: string, options: Options): Promise<Client> {
  const client = create(address, options);
  await client.connect();
  return client;
}

describe.each(PROTOCOLS)('a read that a server could not answer just now, over %s', (protocol) => {
  it('is sent again within its retries', async () => {
    const relay = await startShaky(protocol, 2);
    const client = await connected(relay.address, { protocol, retries: 3 });
    expect((await client.get('a')).value?.toString()).toBe('of a');
    expect(relay.connections).toBe(1);
    const later = await connected((await startShaky(protocol, 1)).address, { protocol, retries: 2 });
    expect((await later.getAndTouch('b', 100)).value?.toString()).toBe('of b');
  });

  it('is an error with its words once they are used up', async () => {
    const relay = await startShaky(protocol, 2);
    const client = await connected(relay.address, { protocol, retries: 2 });
    const error = (await failure(client.get('a'))) as unknown as MemcacheError;
    expect(error).toMatchObject({ code: 'ERR_SERVER', server: relay.address });
    if (protocol !== 'binary') expect(error.reply).toBe('SERVER_ERROR backend failure');
    expect((await client.get('a')).value?.toString()).toBe('of a');
  });

  it.skipIf(protocol === 'binary')('getOrSetMulti asks again before it computes', async () => {
    const client = await connected((await startShaky(protocol, 1)).address, { protocol, retries: 2 });
    const computed: string[] = [];
    const values = await client.getOrSetMulti(['a', 'b', 'c'], (keys) => {
      computed.push(...keys);
      return new Map(keys.map((key) => [key, 'computed']));
    });
    expect(Array.from(values, ([key, value]) => `${key} ${value}`).sort()).toEqual(['a of a', 'b of b', 'c of c']);
    expect(computed).toEqual([]);
  });

  it('can be aborted before it is sent again', async () => {
    const relay = await startShaky(protocol, 1);
    const client = await connected(relay.address, { protocol, retries: 2, retry_delay: 5 });
    await expect(client.get('a', { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect((await client.get('a')).value?.toString()).toBe('of a');
  });
});

it('a write that a server could not carry out is not sent again', async () => {
  const rogue = stopping(await startRogueServer(refuses(WORDS, 0x84)));
  const client = create(rogue.address, { protocol: 'meta', retries: 3 });
  await failure(client.set('a', 'v'));
  expect(rogue.received.toString().match(/^ms a/gm)).toHaveLength(1);
});

describe('many keys behind a proxy one of whose servers is away', () => {
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);

  async function start(kind: 'memcached' | 'twemproxy') {
    const [here, away] = [stopping(await startMemcached()), stopping(await startMemcached())];
    const backends = [here, away] as const;
    const addresses = backends.map(({ address }) => address);
    const proxy =
      kind === 'memcached'
        ? await startMemcachedProxy({ backends })
        : await startTwemproxy({ servers: addresses, settings: { auto_eject_hosts: false, server_retry_timeout: 50 } });
    stopping(proxy);
    const writer = create(proxy.address);
    await writer.setMulti(new Map(keys.map((key) => [key, `of ${key}`])));
    return { proxy, here, away };
  }

  it.skipIf(!hasMemcached('1.6.45')).each(['meta', 'classic'] as const)(
    "memcached's, over %s: the values that are there, and an error for each of the rest",
    async (protocol) => {
      const { proxy, here, away } = await start('memcached');
      const there = (await create(here.address).getMulti(keys)).size;
      await away.kill();
      const client = create(proxy.address, { protocol });
      const found = await client.getMulti(keys);
      for (const [key, { value }] of found) expect(String(value)).toBe(`of ${key}`);
      expect(found.size).toBe(there);
      expect(there).toBeLessThan(keys.length);
      expect(found.errors.size).toBe(keys.length - there);
      for (const error of found.errors.values()) {
        expect(error).toMatchObject({ code: 'ERR_SERVER', reply: 'SERVER_ERROR backend failure' });
      }
      expect((await client.get([...found.keys()][0] as string)).value).not.toBeNull();
    },
  );

  it.skipIf(!hasMemcached('1.6.45')).each(['meta', 'classic'] as const)(
    "memcached's, over %s: a server that is back in time costs nobody an error",
    async (protocol) => {
      const { proxy, away } = await start('memcached');
      await away.kill();
      const client = create(proxy.address, { protocol, retries: 40, retry_delay: 0.1 });
      const reading = client.getMulti(keys);
      await sleep(300);
      await away.restart();
      const found = await reading;
      // What was stored there is gone; that is a miss.
      expect(found.errors.size).toBe(0);
      for (const [key, { value }] of found) expect(String(value)).toBe(`of ${key}`);
    },
  );

  it('twemproxy, which answers none of a line that it can not answer as a whole', async () => {
    const { proxy, away } = await start('twemproxy');
    await away.kill();
    const client = create(proxy.address, { protocol: 'classic' });
    const found = await client.getMulti(keys);
    expect(found.size + found.errors.size).toBe(keys.length);
    expect(found.errors.size).toBeGreaterThan(0);
    for (const error of found.errors.values()) {
      expect(error).toMatchObject({ code: 'ERR_SERVER' });
      expect((error as MemcacheError).reply).toMatch(/^SERVER_ERROR Connection refused/);
    }
  });
});
