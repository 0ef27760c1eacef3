import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import bunyan from 'bunyan';
import pino from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import winston from 'winston';
import { Client, type ClientOptions } from '../../../src/index.ts';
import { freePort } from '../../support/ports.ts';
import { silent, startRogueServer } from '../../support/rogue-server.ts';
import { eventually, sleep } from '../../support/wait.ts';

type AnyLogger = ClientOptions['logger'];

/** Collects what a logger writes, as one object a line. */
class Lines extends Writable {
  readonly #text: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text.push(chunk.toString());
    done();
  }

  get all(): Record<string, unknown>[] {
    const lines = this.#text.join('').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }
}

const clients: Client[] = [];

/** A client of a server that is not there. */
async function clientOfNobody(logger: AnyLogger, options: ClientOptions<string | Uint8Array> = {}): Promise<Client> {
  const client = Client.create(`127.0.0.1:${await freePort()}`, { retries: 1, ...options, logger });
  clients.push(client);
  return client;
}

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  vi.restoreAllMocks();
});

it.each<[string, (stream: Writable) => NonNullable<AnyLogger>, levels: unknown[]]>([
  ['pino', (stream) => pino(stream), [50, 40]],
  ['bunyan', (stream) => bunyan.createLogger({ name: 'test', stream }), [50, 40]],
  [
    'winston',
    (stream) => winston.createLogger({ transports: [new winston.transports.Stream({ stream })] }),
    ['error', 'warn'],
  ],
])('%s gets a server that is down, and of a command that failed, at levels of its own', async (_name, make, levels) => {
  const lines = new Lines();
  const client = await clientOfNobody(make(lines));
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  await eventually(() => lines.all.length === 2);
  expect(lines.all.map(({ level }) => level)).toEqual(levels);
  const messages = lines.all.map(({ msg, message }) => String(msg ?? message));
  expect(messages[0]).toMatch(/^memts: Server <127\.0\.0\.1:\d+> is down: /);
  expect(messages[1]).toMatch(/^MemJS: Server <127\.0\.0\.1:\d+> failed after \(1\) retries with error - /);
});

it.each([
  ['the console', () => console],
  ['a console of its own', () => new Console(process.stdout)],
  ['a logger with log alone', () => ({ log: () => {} })],
  ['a logger with log and two of the levels', () => ({ log: () => {}, warn: () => {}, error: () => {} })],
])('%s gets lines by log', async (_name, make) => {
  const logger = make();
  const log = vi.spyOn(logger, 'log').mockImplementation(() => {});
  const warn = 'warn' in logger ? vi.spyOn(logger, 'warn').mockImplementation(() => {}) : undefined;
  const client = await clientOfNobody(logger);
  await expect(client.get('key')).rejects.toThrow();
  expect(log).toHaveBeenCalledTimes(2);
  expect(warn?.mock.calls ?? []).toEqual([]);
});

it('false is silence', async () => {
  const written = ['log', 'info', 'warn', 'error'].map((name) =>
    vi.spyOn(console, name as 'log').mockImplementation(() => {}),
  );
  const client = await clientOfNobody(false);
  await expect(client.get('key')).rejects.toThrow();
  for (const spy of written) expect(spy).not.toHaveBeenCalled();
});

it.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('the logger is broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('the logger is broken'))],
  // As Node.js's own promises are in jest.
  ['rejects in another realm', () => runInNewContext("Promise.reject(new Error('the logger is broken'))")],
])('a logger that %s harms nobody and is used no more', async (_how, fail) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  const log = vi.fn(fail);
  const client = await clientOfNobody({ log });
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  await sleep(20);
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  const other = await clientOfNobody({ log: () => {} });
  await expect(other.get('key')).rejects.toThrow();
  await sleep(20);
  process.off('uncaughtException', note).off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  // What was written before the promise rejected went to it as well.
  expect(log.mock.calls.length).toBeLessThanOrEqual(fail.toString().includes('throw') ? 1 : 2);
});

it('one that is a function with methods is a logger, too', async () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const client = await clientOfNobody(Object.assign(() => {}, { info: write, warn: write, error: write }));
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  expect(lines).toHaveLength(2);
});

it.each<[string, () => unknown]>([
  ['is no logger', () => 5],
  ['has no method', () => ({})],
  [
    'throws when it is looked at',
    () => ({
      get log() {
        throw new Error('the logger is broken');
      },
    }),
  ],
])('what %s, put in the place of the logger while it is used, harms nobody', async (_what, make) => {
  const client = await clientOfNobody({ log: () => {} });
  Object.assign(client.options, { logger: make() });
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
});

it('a logger that throws when it is looked at is no reason to make no client', async () => {
  const logger = {
    get log(): () => void {
      throw new Error('the logger is broken');
    },
  };
  const client = await clientOfNobody(logger);
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
});

it('a logger that uses the client does not log about that without end', async () => {
  let lines = 0;
  const logger = {
    log: (): void => {
      lines++;
      // In an old order of arguments, which is logged each time.
      client.set('key', 'value', () => {});
    },
  };
  const client = await clientOfNobody(logger);
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  expect(lines).toBe(2);
});

it('2,000 gets of a server that is down log few lines, which say how many there were', async () => {
  const lines: string[] = [];
  const client = await clientOfNobody(
    { log: (line: string) => void lines.push(line) },
    { retries: 2, retry_delay: 0.01 },
  );
  await expect(client.get('key')).rejects.toThrow();
  for (let round = 0; round < 20; round++) {
    await Promise.allSettled(Array.from({ length: 100 }, () => client.get('key')));
  }
  client.close();
  expect(lines[0]).toMatch(/is down: /);
  expect(lines[1]).toMatch(/failed after \(2\) retries with error - /);
  // A line a second, and one for what was left out.
  expect(lines.length).toBeLessThan(8);
  const counts = lines
    .slice(2)
    .map((line) => Number(/: ([\d,]+) more commands? failed/.exec(line)?.[1]?.replace(',', '')));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2000);
});

it('a failure is logged again after a second, and the number of those in between without another one', async () => {
  const lines: string[] = [];
  const client = await clientOfNobody({ log: (line: string) => void lines.push(line) });
  await Promise.allSettled(Array.from({ length: 5 }, () => client.get('key')));
  expect(lines).toHaveLength(2);
  await eventually(() => lines.length === 3);
  expect(lines[2]).toMatch(/: 4 more commands failed, not logged one by one$/);
});

it('what was not tried is not said to have been', async () => {
  const lines: string[] = [];
  await using server = await startRogueServer(silent());
  const client = Client.create(server.address, {
    protocol: 'binary',
    timeout: 0.05,
    logger: { log: (line: string) => void lines.push(line) },
  });
  clients.push(client);
  // What may have an effect twice is not sent a second time.
  await expect(client.increment('key', 1)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  expect(lines).toEqual([expect.stringMatching(/^memts: Server <127\.0\.0\.1:\d+> failed a command: /)]);
  const down = await clientOfNobody(
    { log: (line: string) => void lines.push(line) },
    { retries: 2, retry_delay: 0.01 },
  );
  await expect(down.get('key')).rejects.toThrow();
  lines.length = 0;
  await sleep(1050);
  await expect(down.get('key')).rejects.toThrow();
  expect(lines).toEqual([expect.stringMatching(/^memts: Server <127\.0\.0\.1:\d+> failed a command: /)]);
});
