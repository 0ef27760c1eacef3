import type { SessionData } from 'express-session';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemtsStore, type MemtsStoreOptions } from '../../src/adapters/session.ts';
import { Client, jsonSerializer, structuredSerializer } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { type Browser, startApp } from './support/session-app.ts';

const server = await startMemcached();
const client = Client.create(server.address);
const log: string[] = [];
const logger = { log: (line: string) => log.push(line) };

beforeEach(() => {
  log.length = 0;
});
afterAll(async () => {
  await client.quit();
  await server.stop();
});

const startStore = (options: MemtsStoreOptions = {}) =>
  new MemtsStore({ servers: server.address, logger, secret: 'a', ...options });
const textOf = async (key: string) => String((await client.get(key)).value);
const call = (run: (callback: (error?: unknown, result?: unknown) => void) => void): Promise<unknown> =>
  new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result))));
const data = (user: string) => ({ cookie: { originalMaxAge: null }, user }) as SessionData;
const UNREADABLE = /^memts: memts\/session: what is stored for a session can not be read/;

/** Who is logged in by a browser's cookie, as an app with other options of the store sees it. */
async function userBy(browser: Browser, options: MemtsStoreOptions): Promise<unknown> {
  await using app = await startApp(startStore(options));
  const other = app.browser();
  other.cookie = browser.cookie;
  return ((await other.get('/who')) as { user: unknown }).user;
}

describe('an Express app whose store has a secret', () => {
  it('logs in, counts and logs out, and nothing of a session can be read at the server', async () => {
    await using app = await startApp(startStore());
    const browser = app.browser();
    await browser.get('/login/Ada');
    expect(await browser.get('/count')).toEqual({ user: 'Ada', visits: 1 });
    expect(await browser.get('/count')).toEqual({ user: 'Ada', visits: 2 });
    const stored = await textOf(browser.key());
    expect(stored).toMatch(/^memts\.1\.[\w-]+$/);
    const bytes = Buffer.from(stored.split('.')[2] ?? '', 'base64url');
    for (const plain of ['Ada', 'cookie', 'visits']) expect(stored + bytes).not.toContain(plain);
    await browser.get('/logout');
    expect(await browser.get('/who')).toEqual({ user: null });
    expect(log).toEqual([]);
  });

  it('takes a new secret before the old one, and later does without that', async () => {
    await using app = await startApp(startStore({ secret: 'old' }));
    const browser = app.browser();
    await browser.get('/login/Ada');
    expect(await userBy(browser, { secret: ['new', 'old'] })).toBe('Ada');
    // Read only, so it is still the old one's.
    expect(await userBy(browser, { secret: ['new'] })).toBeNull();
    await using next = await startApp(startStore({ secret: ['new', 'old'] }));
    const moved = next.browser();
    moved.cookie = browser.cookie;
    await moved.get('/count');
    expect(await userBy(browser, { secret: 'new' })).toBe('Ada');
    expect(await userBy(browser, { secret: 'old' })).toBeNull();
  });

  it.each<[string, MemtsStoreOptions]>([
    ['jsonSerializer', { serializer: jsonSerializer() }],
    ['structuredSerializer', { serializer: structuredSerializer() }],
    ['binary', { protocol: 'binary' }],
    ['classic', { protocol: 'classic' }],
  ])('%s', async (_name, options) => {
    await using app = await startApp(startStore(options));
    const browser = app.browser();
    await browser.get('/login/Ada');
    expect(await browser.get('/count')).toEqual({ user: 'Ada', visits: 1 });
    expect(await textOf(browser.key())).toContain('memts.1.');
  });
});

describe('what the secret can not read is no session, and a line in the log, and the user gets a new one', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    app = await startApp(startStore());
  });
  afterAll(() => app[Symbol.asyncDispose]());

  /** What a request says, once this was done to the session that its cookie is for. */
  async function saidOnce(changed: (stored: string) => string | Buffer): Promise<unknown> {
    const browser = app.browser();
    await browser.get('/login/Ada');
    const key = browser.key();
    await client.set(key, changed(await textOf(key)));
    const said = await browser.get('/count');
    expect(await browser.get('/count')).toMatchObject({ visits: 2 });
    return said;
  }

  const flipped = (stored: string, at: number): string => {
    const bytes = Buffer.from(stored.slice('memts.1.'.length), 'base64url');
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    return `memts.1.${bytes.toString('base64url')}`;
  };
  const bytesOf = (stored: string) => stored.slice('memts.1.'.length);

  it.each<[string, (stored: string) => string | Buffer]>([
    ['a bit of the nonce', (stored) => flipped(stored, 0)],
    ['a bit of the text', (stored) => flipped(stored, 20)],
    ['the last bit of the text', (stored) => flipped(stored, -17)],
    ['a bit of the tag', (stored) => flipped(stored, -1)],
    ['a tag of four bytes', (stored) => stored.slice(0, -16)],
    ['half of it', (stored) => stored.slice(0, stored.length / 2)],
    ['less than a nonce and a tag', (stored) => stored.slice(0, 30)],
    ['nothing behind the mark', () => 'memts.1.'],
    ['nothing', () => ''],
    ['another format', (stored) => `memts.2.${bytesOf(stored)}`],
    ['no mark', bytesOf],
    ['bytes', () => Buffer.from([0, 255, 1])],
    ['plain text, as without a secret', () => JSON.stringify({ cookie: { originalMaxAge: null }, user: 'Eve' })],
    ['what connect-memcached encrypted', () => 'MIIBXDCCAVgwggFUMIIB'],
  ])('%s', async (_name, change) => {
    expect(await saidOnce(change)).toEqual({ user: null, visits: 1 });
    // One line a second: the first case has it, and which that is does not matter.
    for (const line of log) expect(line).toMatch(UNREADABLE);
    expect(log.join()).not.toMatch(/Ada|Eve|memts\.1/);
  });

  it("another session's item", async () => {
    const admin = app.browser();
    await admin.get('/login/admin');
    const stored = await textOf(admin.key());
    expect(await saidOnce(() => stored)).toEqual({ user: null, visits: 1 });
    expect(await admin.get('/who')).toEqual({ user: 'admin' });
  });

  it("the same session's item of another application, that is, prefix", async () => {
    const theirs = startStore({ prefix: 'theirs:' });
    await call((callback) => theirs.set('id', data('Ada'), callback));
    await client.set('sess:id', await textOf('theirs:id'));
    const ours = startStore();
    expect(await call((callback) => ours.get('id', callback))).toBeNull();
    await Promise.all([theirs.close(), ours.close()]);
  });

  it("a session that another secret encrypted, and a store without a secret reads none's", async () => {
    const browser = app.browser();
    await browser.get('/login/Ada');
    expect(await userBy(browser, { secret: ['b', 'c'] })).toBeNull();
    await using plain = await startApp(new MemtsStore({ servers: server.address, logger }));
    const other = plain.browser();
    other.cookie = browser.cookie;
    expect(await other.get('/who')).toEqual({ user: null });
    expect(log.length).toBeGreaterThan(0);
    for (const line of log) expect(line).toMatch(UNREADABLE);
  });
});

describe('a store with a secret', () => {
  it('stores and destroys in the order of the calls', async () => {
    const store = startStore();
    store.set('order', data('Ada'));
    store.destroy('order');
    expect(await call((callback) => store.get('order', callback))).toBeNull();
    await store.close();
  });

  it('never encrypts the same to the same', async () => {
    const store = startStore();
    await call((callback) => store.set('twice', data('Ada'), callback));
    const first = await textOf('sess:twice');
    await call((callback) => store.set('twice', data('Ada'), callback));
    expect(await textOf('sess:twice')).not.toBe(first);
    expect(await call((callback) => store.get('twice', callback))).toEqual(data('Ada'));
    await store.close();
  });

  it('keeps the secrets that it was made with', async () => {
    const secret = ['mine'];
    const store = startStore({ secret });
    secret[0] = 'changed';
    await call((callback) => store.set('kept', data('Ada'), callback));
    const same = startStore({ secret: 'mine' });
    expect(await call((callback) => same.get('kept', callback))).toEqual(data('Ada'));
    await Promise.all([store.close(), same.close()]);
  });

  it.each([[undefined], [null], [''], [[]], [['a', '']], [[undefined]], [5], [{}], [true]])(
    'refuses %j, which would encrypt nothing or with nothing',
    (secret) => {
      const make = () => new MemtsStore({ client, secret: secret as string });
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
      expect(make).toThrow(/^Invalid secret: expected /);
    },
  );
});
