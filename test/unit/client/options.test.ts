import { describe, expect, it } from 'vitest';
import { Client, type MemcacheError, Server } from '../../../src/index.ts';
import { thrownBy } from '../../support/outcomes.ts';

const BAD: [name: string, ...values: unknown[]][] = [
  ['retries', -1, 1.5, Number.NaN, '2', {}],
  ['retry_delay', -0.1, Number.NaN, Number.POSITIVE_INFINITY, '0.2', {}],
  ['retryDelay', -0.1, Number.NaN, '0.2'],
  ['retryNonIdempotent', 'yes', 1],
  ['expires', -1, 1.5, Number.NaN, 2 ** 31, '60'],
  ['logger', 'console', {}, { log: 'text' }, 5],
  ['failover', 'true', 1],
  ['failoverTime', -1, Number.NaN, '60'],
  ['serializer', 'json', {}, { serialize() {} }, { deserialize() {} }],
  ['timeout', 0, -1, Number.NaN, Number.POSITIVE_INFINITY, '0.5', 1e9],
  ['conntimeout', 0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', 1e9],
  ['failFast', 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', true, {}],
  ['keepAlive', 'yes', 1],
  ['keepAliveDelay', -1, Number.NaN, '30'],
  ['username', 5, {}],
  ['password', 98_765, ['secret'], { secret: 1 }],
  ['protocol', 'http', 5, ''],
];

/** The error that a client with those options throws, however it is made. */
function refused(options: unknown): MemcacheError {
  const created = thrownBy(() => Client.create('localhost', options as object));
  const constructed = thrownBy(() => new Client([new Server('localhost', 11211)], options as object));
  expect(constructed.message).toBe(created.message);
  return created;
}

describe('options', () => {
  it.each(BAD.flatMap(([name, ...values]) => values.map((value) => [name, value] as const)))(
    '%s: %j is refused when the client is made',
    (name, value) => {
      const error = refused({ [name]: value });
      expect(error.code).toBe('ERR_INVALID_ARGUMENT');
      expect(error.message).toMatch(new RegExp(`option ${name}: expected .+, but got `));
      expect(error.message).not.toMatch(/secret|98_?765/);
    },
  );

  it.each([['text'], [5], [true]])('%j instead of options is refused', (options) => {
    expect(refused(options).message).toMatch(/options: expected an object/);
  });

  it('have defaults', () => {
    const client = Client.create('localhost');
    expect(client.options).toMatchObject({
      retries: 2,
      retry_delay: 0.2,
      expires: 0,
      failover: false,
      failoverTime: 60,
    });
    expect(client.options.logger).toBe(console);
    expect(client.servers[0]).toMatchObject({
      options: { timeout: 0.5, conntimeout: 1, keepAlive: false, keepAliveDelay: 30 },
    });
    expect(client.seq).toBe(0);
  });

  it.each([[undefined], [null], [{}]])('may be left out: %j', (options) => {
    expect(Client.create('localhost', options).options.retries).toBe(2);
    expect(new Client([new Server('localhost')], options).options.retries).toBe(2);
  });

  it('that are undefined or null are left out', () => {
    const client = Client.create('localhost', {
      retries: undefined,
      timeout: undefined,
      expires: null as never,
      logger: null as never,
    });
    expect(client.options).toMatchObject({ retries: 2, expires: 0, logger: console });
    expect(client.servers[0]).toMatchObject({ options: { timeout: 0.5 } });
  });

  it('reach client and servers', () => {
    const logger = { log(): void {} };
    const client = Client.create('a,b', {
      retries: 5,
      retryDelay: 1,
      timeout: 2,
      keepAlive: true,
      keepAliveDelay: 7,
      logger,
    });
    expect(client.options).toMatchObject({ retries: 5, retry_delay: 1 });
    expect(client.options.logger).toBe(logger);
    for (const server of client.servers) {
      expect(server).toMatchObject({ options: { timeout: 2, conntimeout: 4, keepAlive: true, keepAliveDelay: 7 } });
    }
  });

  it('retry_delay comes before retryDelay', () => {
    expect(Client.create('a', { retry_delay: 1, retryDelay: 2 }).options.retry_delay).toBe(1);
  });

  it('that are unknown are ignored, since adapters pass on theirs', () => {
    expect(() => Client.create('localhost', { namespace: 'x', ttl: 5 } as object)).not.toThrow();
  });

  it('are never changed', () => {
    const options = Object.freeze({ retries: 1, timeout: 1, username: 'u', password: 'p' });
    const before = JSON.stringify(options);
    const client = Client.create('a,b', options);
    client.options.retries = 7;
    expect(JSON.stringify(options)).toBe(before);
    expect(client.options).not.toBe(options);
  });

  it('are read again for each command, as in MemJS', async () => {
    const log: string[] = [];
    const client = Client.create('127.0.0.1:1', { retries: 1, logger: { log: (line: string) => void log.push(line) } });
    client.options.retries = 3;
    client.options.retry_delay = 0.01;
    await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    expect(log.join()).toMatch(/failed after \(3\) retries/);
  });

  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [4, 4],
  ])('retries: %i is %i attempts in all', async (retries, attempts) => {
    let written = 0;
    const server = new Server('own', 1);
    server.write = (frame: Buffer): void => {
      written += 1;
      // The server is known here by its public contract alone.
      const listeners = server as unknown as { error(error: Error): void };
      listeners.error(new Error(`attempt ${frame.length}`));
    };
    const client = new Client([server], { retries, retry_delay: 0.001, logger: { log(): void {} } });
    await expect(client.get('key')).rejects.toThrow('attempt');
    expect(written).toBe(attempts);
  });
});
