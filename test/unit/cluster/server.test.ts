import { EventEmitter } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Header, MemcacheError, Server, type TransportMessage, Utils } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { freePort } from '../../support/ports.ts';

describe('Server', () => {
  it('has what it was given', () => {
    const server = new Server('host', 11212, 'user', 'password', { timeout: 2 });
    expect(server).toBeInstanceOf(EventEmitter);
    expect(server).toMatchObject({
      host: 'host',
      port: 11212,
      username: 'user',
      password: 'password',
      connected: false,
    });
    expect(String(server)).toBe('<Server host:11212>');
    expect(server.options).toMatchObject({ timeout: 2, conntimeout: 4, keepAlive: false, keepAliveDelay: 30 });
  });

  it('has defaults, and takes options with nothing in them', () => {
    expect(new Server('host', 1).options).toMatchObject({ timeout: 0.5, conntimeout: 1 });
    expect(new Server('host', 1, undefined, undefined, { timeout: undefined }).options).toMatchObject({ timeout: 0.5 });
    expect(new Server('host', 1, undefined, undefined, { conntimeout: 3 }).options).toMatchObject({
      timeout: 0.5,
      conntimeout: 3,
    });
  });

  it('leaves the options as they were', () => {
    const options = Object.freeze({ timeout: 2 });
    new Server('host', 1, 'user', 'password', options);
    expect(options).toEqual({ timeout: 2 });
  });

  it('falls back on credentials from the options, then from the environment', () => {
    const options = { username: 'from options', password: 'p' };
    expect(new Server('host', 1, undefined, undefined, options)).toMatchObject({
      username: 'from options',
      password: 'p',
    });
    expect(new Server('host', 1, 'own', 'q', options)).toMatchObject({ username: 'own', password: 'q' });
    process.env.MEMCACHE_USERNAME = 'third';
    process.env.MEMCACHE_PASSWORD = 'r';
    try {
      expect(new Server('host', 1)).toMatchObject({ username: 'third', password: 'r' });
      process.env.MEMCACHIER_USERNAME = 'second';
      process.env.MEMCACHIER_PASSWORD = 's';
      expect(new Server('host', 1)).toMatchObject({ username: 'second', password: 's' });
      expect(new Server('host', 1, undefined, undefined, options)).toMatchObject({ username: 'from options' });
    } finally {
      for (const name of ['MEMCACHE', 'MEMCACHIER']) {
        delete process.env[`${name}_USERNAME`];
        delete process.env[`${name}_PASSWORD`];
      }
    }
  });
});

describe("Server, by MemJS's contract", () => {
  let memcached: Memcached;
  let server: Server;

  beforeAll(async () => {
    memcached = await startMemcached();
  });

  afterAll(() => memcached.stop());
  afterEach(() => server.close());

  const connect = (): Server => new Server(memcached.host, memcached.port, undefined, undefined, { timeout: 2 });

  it('sends frames, and answers those who listen for their opaque', async () => {
    server = connect();
    const answers: TransportMessage[] = [];
    const all = new Promise<void>((resolve) => {
      for (const seq of [7, 0xffffffff, 9]) {
        server.onResponse(seq, (message) => answers.push(message) === 3 && resolve());
      }
    });
    server.write(Utils.makeRequestBuffer(1, 'key', Buffer.alloc(8), 'value', 7));
    server.write(Utils.makeRequestBuffer(0, 'key', '', '', 0xffffffff));
    server.write(Utils.makeRequestBuffer(0, 'gone', '', '', 9));
    await all;
    expect(answers.map(({ header }) => [header.opaque, header.status])).toEqual([
      [7, 0],
      [0xffffffff, 0],
      [9, 1],
    ]);
    expect(String(answers[1]?.val)).toBe('value');
    expect(server.connected).toBe(true);
  });

  it('keeps a quiet listener until a response without a body', async () => {
    server = connect();
    const names: string[] = [];
    await new Promise<void>((resolve) => {
      const listener = (message: TransportMessage): void => {
        if (message.header.totalBodyLength === 0) resolve();
        else names.push(String(message.key));
      };
      listener.quiet = true;
      server.onResponse(1, listener);
      server.write(Utils.makeRequestBuffer(0x10, '', '', '', 1));
    });
    expect(names).toContain('pid');
    expect(names.length).toBeGreaterThan(20);
  });

  it('tells the listener for errors, and forgets it after a response', async () => {
    server = new Server('127.0.0.1', await freePort());
    const error = await new Promise<Error>((resolve) => {
      server.onError(3, resolve);
      server.write(Utils.makeRequestBuffer(0, 'key', '', '', 3));
    });
    expect(error).toBeInstanceOf(MemcacheError);
    server.close();
    server = connect();
    const errors: Error[] = [];
    await new Promise<void>((resolve) => {
      server.onError(4, (late) => errors.push(late));
      server.onResponse(4, () => resolve());
      server.write(Utils.makeRequestBuffer(0, 'key', '', '', 4));
    });
    server.error(new Error('later'));
    expect(errors).toEqual([]);
  });

  it('hands error(err) to all who wait', async () => {
    server = connect();
    const errors: Error[] = [];
    server.onError(1, (error) => errors.push(error));
    server.onError(2, (error) => errors.push(error));
    const own = new Error('own');
    server.error(own);
    expect(errors).toEqual([own, own]);
    expect(server.connected).toBe(false);
  });

  it('hands respond(message) to who waits for that opaque, once', () => {
    server = connect();
    const seen: TransportMessage[] = [];
    server.onResponse(5, (message) => seen.push(message));
    const header = Header.fromBuffer(Utils.makeRequestBuffer(0, '', '', '', 5));
    server.respond({ header });
    server.respond({ header });
    server.respond({ header: { ...header, opaque: 6 } });
    expect(seen).toHaveLength(1);
  });

  it('refuses what is no whole frame', () => {
    server = connect();
    for (const frame of [Buffer.alloc(10), Buffer.alloc(30), 'text' as never]) {
      if (Buffer.isBuffer(frame) && frame.length === 30) frame.writeUInt32BE(20, 8);
      expect(() => server.write(frame)).toThrow(MemcacheError);
    }
  });
});
