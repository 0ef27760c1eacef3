import session from 'express-session';
import { afterAll, describe, expect, it } from 'vitest';
import { MemtsStore, type MemtsStoreOptions } from '../../src/adapters/session.ts';
import { Client, jsonSerializer, type Serializer } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { sleep } from '../support/wait.ts';
import { startApp } from './support/session-app.ts';

const server = await startMemcached();
const client = Client.create(server.address);

afterAll(async () => {
  await client.quit();
  await server.stop();
});

const startStore = (options: MemtsStoreOptions = {}) => new MemtsStore({ client, ...options });

describe('an Express app', () => {
  it('logs in, counts and logs out, each user alone', async () => {
    await using app = await startApp(startStore());
    const [ada, grace] = [app.browser(), app.browser()];
    await ada.get('/login/Ada');
    await grace.get('/login/Grace');
    expect(await ada.get('/count')).toEqual({ user: 'Ada', visits: 1 });
    expect(await ada.get('/count')).toEqual({ user: 'Ada', visits: 2 });
    expect(await grace.get('/count')).toEqual({ user: 'Grace', visits: 1 });
    expect(await ada.get('/logout')).toBe('bye');
    expect((await client.get(ada.key())).value).toBeNull();
    expect(await ada.get('/who')).toEqual({ user: null });
    expect(await grace.get('/who')).toEqual({ user: 'Grace' });
  });

  it('gives a new id at login and forgets the old one', async () => {
    await using app = await startApp(startStore());
    const browser = app.browser();
    await browser.get('/count');
    const before = browser.key();
    await browser.get('/login/Ada');
    expect(browser.key()).not.toBe(before);
    expect((await client.get(before)).value).toBeNull();
  });

  it('has sessions in several processes at once, under the prefix', async () => {
    await using first = await startApp(startStore({ prefix: 'app:' }));
    await using second = await startApp(new MemtsStore({ servers: server.address, prefix: 'app:' }));
    const browser = first.browser();
    await browser.get('/login/Ada');
    const elsewhere = second.browser();
    elsewhere.cookie = browser.cookie;
    expect(await elsewhere.get('/who')).toEqual({ user: 'Ada' });
    expect(JSON.parse(String((await client.get(browser.key('app:'))).value))).toMatchObject({ user: 'Ada' });
  });

  it('answers requests of one session that come at once', async () => {
    await using app = await startApp(startStore());
    const browser = app.browser();
    await browser.get('/login/Ada');
    const answers = await Promise.all(Array.from({ length: 30 }, () => browser.get('/count')));
    for (const answer of answers) expect(answer).toMatchObject({ user: 'Ada' });
    expect(await browser.get('/who')).toEqual({ user: 'Ada' });
  });

  it.concurrent('ends a session with its cookie, and moves the end with each request', async () => {
    await using app = await startApp(startStore(), { cookie: { maxAge: 1200 } });
    const [active, idle] = [app.browser(), app.browser()];
    await active.get('/login/Ada');
    await idle.get('/login/Grace');
    for (let request = 0; request < 4; request++) {
      await sleep(800);
      expect(await active.get('/who')).toEqual({ user: 'Ada' });
    }
    expect((await client.get(idle.key())).value).toBeNull();
    expect(await idle.get('/who')).toEqual({ user: null });
  });

  it.concurrent('ends a session whose cookie has no end after ttl seconds', async () => {
    await using app = await startApp(startStore({ ttl: (data) => (data.user === 'Ada' ? 2 : 60) }));
    const [short, long] = [app.browser(), app.browser()];
    await short.get('/login/Ada');
    await long.get('/login/Grace');
    await sleep(900);
    expect(await short.get('/count')).toEqual({ user: 'Ada', visits: 1 });
    await sleep(3100);
    expect([await short.get('/who'), await long.get('/who')]).toEqual([{ user: null }, { user: 'Grace' }]);
  });

  it('gets an error when the server is down, and answers', async () => {
    const gone = await startMemcached();
    const options = { servers: gone.address, timeout: 2, retry_delay: 0.01, logger: { log: () => {} } };
    await using app = await startApp(new MemtsStore(options));
    const browser = app.browser();
    await browser.get('/login/Ada');
    await gone.stop();
    const start = performance.now();
    expect(await browser.get('/who')).toEqual({ error: 'ERR_CONNECT' });
    // Without a cookie there is nothing to read; the session is lost, but the page is not.
    expect(await app.browser().get('/count')).toEqual({ user: null, visits: 1 });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('what is no session is none, and a line in the log, and the user gets a new one', () => {
  const log: string[] = [];
  const logger = { log: (line: string) => log.push(line) };
  const COOKIE = { originalMaxAge: null, expires: null, httpOnly: true, path: '/' };

  /** What a request with the cookie of a session says, with this lying under its key. */
  async function request(found: string | Buffer, options: MemtsStoreOptions = {}): Promise<unknown> {
    log.length = 0;
    await using app = await startApp(new MemtsStore({ servers: server.address, logger, ...options }));
    const browser = app.browser();
    await browser.get('/login/Ada');
    await client.set(browser.key(), found);
    const said = await browser.get('/count');
    expect(await browser.get('/count')).toMatchObject({ visits: 2 });
    return said;
  }

  it.each([
    ['text', 'hush'],
    ['half of an object', '{"cookie":{"hush'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '5'],
    ['a list', '["hush"]'],
    ['an object without a cookie', '{}'],
    ['an encrypted session', '{"ct":"hush","iv":"hush"}'],
    ['a cookie that is none', '{"cookie":"hush"}'],
    ['a cookie with another end', JSON.stringify({ cookie: { ...COOKIE, expires: 'hush' } })],
    ['a cookie that can not be sent', JSON.stringify({ cookie: { ...COOKIE, sameSite: 'hush' } })],
    ['a cookie with another age', JSON.stringify({ cookie: { ...COOKIE, originalMaxAge: 'hush' } })],
    ['bytes', Buffer.from([0, 255, 1])],
  ])('%s', async (_name, found) => {
    expect(await request(found)).toEqual({ user: null, visits: 1 });
    expect(log).toEqual([
      expect.stringMatching(/^memts: memts\/session: what is stored for a session can not be read/),
    ]);
    // JSON's own error would quote it.
    expect(log.join()).not.toContain('hush');
  });

  it('what the serializer of a client can not read', async () => {
    const throws: Serializer<string, unknown> = {
      serialize: (_opcode, value, extras) => ({ value, extras }),
      deserialize: (_opcode, value, extras) => ({ value: value === null ? null : JSON.parse(String(value)), extras }),
    };
    expect(await request('hush', { serializer: throws })).toEqual({ user: null, visits: 1 });
    // What it makes an object of is no text.
    expect(await request('{"toString":1}', { serializer: throws })).toEqual({ user: null, visits: 1 });
    expect(log).toHaveLength(1);
  });

  it('a session goes on to be one with a serializer that keeps text', async () => {
    log.length = 0;
    await using app = await startApp(new MemtsStore({ servers: server.address, logger, serializer: jsonSerializer() }));
    const browser = app.browser();
    await browser.get('/login/Ada');
    expect(await browser.get('/count')).toEqual({ user: 'Ada', visits: 1 });
    expect(log).toEqual([]);
  });

  it('many of them are one line a second', async () => {
    log.length = 0;
    const store = new MemtsStore({ servers: server.address, logger });
    await client.set('sess:broken', 'hush');
    const get = () => new Promise((resolve) => store.get('broken', (error, found) => resolve(error ?? found)));
    expect(new Set(await Promise.all(Array.from({ length: 50 }, get)))).toEqual(new Set([null]));
    expect(log).toHaveLength(1);
    await sleep(1100);
    await get();
    expect(log[1]).toMatch(/\(49 more such lines were left out\)$/);
    await store.close();
  });
});

describe('the store', () => {
  const data = (cookie: Partial<session.SessionData['cookie']> = {}, user = 'Ada'): session.SessionData =>
    ({ cookie: { originalMaxAge: null, ...cookie }, user }) as session.SessionData;
  const call = (run: (callback: (error?: unknown, result?: unknown) => void) => void): Promise<unknown> =>
    new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result))));

  it('keeps a session for years', async () => {
    const store = startStore();
    const expires = new Date(Date.now() + 5 * 365 * 86_400_000);
    await call((callback) => store.set('years', data({ expires }), callback));
    await call((callback) => store.touch('years', data({ expires }), callback));
    expect(await call((callback) => store.get('years', callback))).toEqual(
      JSON.parse(JSON.stringify(data({ expires }))),
    );
  });

  it('deletes a session that is stored when its time is over', async () => {
    const store = startStore();
    await call((callback) => store.set('over', data(), callback));
    await call((callback) => store.set('over', data({ expires: new Date(Date.now() - 1) }), callback));
    expect(await call((callback) => store.get('over', callback))).toBeNull();
  });

  it('does not bring back by a touch what was destroyed', async () => {
    const store = startStore();
    await call((callback) => store.touch('gone', data(), callback));
    expect(await call((callback) => store.get('gone', callback))).toBeNull();
  });

  it('works without callbacks', async () => {
    const store = startStore();
    store.set('quiet', data());
    store.touch('quiet', data());
    await expect.poll(() => call((callback) => store.get('quiet', callback))).toEqual(data());
    store.destroy('quiet');
    await expect.poll(() => call((callback) => store.get('quiet', callback))).toBeNull();
  });

  it('keeps a session without a cookie for as long as one whose cookie has no end', async () => {
    const store = startStore({ ttl: 60 });
    const bare = { user: 'Ada' } as session.SessionData;
    await call((callback) => store.set('bare', bare, callback));
    await call((callback) => store.touch('bare', bare, callback));
    expect(JSON.parse(String((await client.get('sess:bare')).value))).toEqual(bare);
    // express-session could not go on with it.
    expect(await call((callback) => store.get('bare', callback))).toBeNull();
  });

  it('calls back once with the error when nothing is there to answer', async () => {
    const store = new MemtsStore({
      servers: `127.0.0.1:${await freePort()}`,
      retries: 1,
      timeout: 2,
      logger: { log: () => {} },
    });
    const calls: unknown[] = [];
    const counted = (callback: (error?: unknown) => void) => (error?: unknown) => {
      calls.push(Reflect.get(Object(error), 'code'));
      callback(error);
    };
    const refused = { code: 'ERR_CONNECT' };
    await expect(call((callback) => store.get('id', counted(callback)))).rejects.toMatchObject(refused);
    await expect(call((callback) => store.set('id', data(), counted(callback)))).rejects.toMatchObject(refused);
    await expect(call((callback) => store.touch('id', data(), counted(callback)))).rejects.toMatchObject(refused);
    await expect(call((callback) => store.destroy('id', counted(callback)))).rejects.toMatchObject(refused);
    expect(calls).toHaveLength(4);
    await store.close();
  });

  it('is a Store of express-session, without what needs a list', () => {
    const store = startStore();
    expect(store).toBeInstanceOf(session.Store);
    expect(['all', 'length', 'clear'].filter((name) => name in store)).toEqual([]);
  });
});
