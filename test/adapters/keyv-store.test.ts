import { Keyv } from 'keyv';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { KeyvMemts } from '../../src/adapters/keyv.ts';
import { Client, type InsertOptions } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { Repeater } from '../support/repeater.ts';
import { sleep } from '../support/wait.ts';

const server = await startMemcached();
const client = Client.create(server.address);

afterAll(async () => {
  await client.quit();
  await server.stop();
});

describe('lifetimes', () => {
  it.concurrent('are never shorter than asked for, whenever the clock of the server ticks, nor 2 seconds longer', async () => {
    const store = new KeyvMemts(client, { namespace: 'ticks' });
    const one = async (delay: number) => {
      await sleep(delay);
      await store.set(`key ${delay}`, 'value', 1000);
      await sleep(600);
      const before = await store.get(`key ${delay}`);
      await sleep(2100);
      return [before, await store.get(`key ${delay}`)];
    };
    const lives = await Promise.all([0, 200, 400, 600, 800].map(one));
    expect(lives).toEqual(Array.from({ length: 5 }, () => ['value', undefined]));
  });

  it.concurrent('are the default of the client without a ttl', async () => {
    const store = new KeyvMemts(server.address, { expires: 1 });
    await store.set('default', 'value');
    await store.setMany([{ key: 'defaults', value: 'value' }]);
    await sleep(1100);
    expect(await store.getMany(['default', 'defaults'])).toEqual([undefined, undefined]);
    await store.disconnect();
  });

  it.each([
    [undefined, undefined],
    [1, 2],
    [1000, 2],
    [1001, 3],
    [0, undefined],
    [null, undefined],
    [-5, 2],
    [(30 * 86_400 - 1) * 1000, 30 * 86_400],
    [Number.POSITIVE_INFINITY, 0],
  ])('are sent in whole seconds: %s ms as %s', async (ttl, expires) => {
    const store = new KeyvMemts(client);
    const set = vi.spyOn(client, 'set');
    await store.set('key', 'value', ttl as number | undefined);
    expect(set).toHaveBeenCalledWith('key', 'value', { expires });
    vi.restoreAllMocks();
  });

  it('of 30 days and more are sent as a Unix time', async () => {
    const store = new KeyvMemts(client);
    const set = vi.spyOn(client, 'set');
    const month = 30 * 86_400;
    const end = (): number => Math.ceil(Date.now() / 1000) + month + 1;
    const earliest = end();
    await store.set('key', 'value', month * 1000);
    const sent = Number((set.mock.calls[0]?.[2] as InsertOptions | undefined)?.expires);
    expect(sent).toBeGreaterThanOrEqual(earliest);
    expect(sent).toBeLessThanOrEqual(end());
    vi.restoreAllMocks();
  });
});

describe('a namespace', () => {
  it('gives nothing back of what was there before a clear, however they meet', async () => {
    const clients = [Client.create(server.address), Client.create(server.address)];
    const [a, b] = clients.map((each) => new KeyvMemts(each, { namespace: 'race' }));
    if (a === undefined || b === undefined) throw new Error('unreachable');
    for (let round = 0; round < 200; round++) {
      const before = [a.set('key', `old ${round}`), b.set('key', `old ${round}`), a.get('key')];
      if (round % 2 === 0) await Promise.all(before);
      await (round % 3 === 0 ? a : b).clear();
      const found = await Promise.all([a.get('key'), b.get('key')]);
      await Promise.all(before);
      // What was not awaited before the clear may still come after it, but nothing of an earlier round.
      const allowed = round % 2 === 0 ? [undefined] : [undefined, `old ${round}`];
      for (const value of found) expect(allowed).toContain(value);
    }
    await Promise.all(clients.map((each) => each.quit()));
  });

  it('agrees on one generation when several begin at once', async () => {
    const clients = Array.from({ length: 5 }, () => Client.create(server.address));
    const stores = clients.map((each) => new KeyvMemts(each, { namespace: 'begin' }));
    await Promise.all(stores.map((store, index) => store.set(`key ${index}`, 'value')));
    const keys = stores.map((_store, index) => `key ${index}`);
    for (const store of stores) expect(await store.getMany(keys)).toEqual(keys.map(() => 'value'));
    await Promise.all(clients.map((each) => each.quit()));
  });

  it('is empty, and not as it was before a clear, when its record was evicted', async () => {
    const store = new KeyvMemts(client, { namespace: 'evicted' });
    await store.set('key', 'first');
    await store.clear();
    await store.set('key', 'second');
    await client.delete('evicted:generation');
    expect(await store.get('key')).toBeUndefined();
    await store.set('key', 'third');
    expect(await new KeyvMemts(client, { namespace: 'evicted' }).get('key')).toBe('third');
  });

  it.each(['binary', 'meta', 'classic'] as const)(
    'comes back by nothing that the server gets once more, late, over %s',
    async (protocol) => {
      await using repeater = await Repeater.start(server.port);
      await using own = Client.create(repeater.address, { protocol });
      const namespace = `late ${protocol}`;
      const store = new KeyvMemts(own, { namespace });
      const sent: Buffer[] = [];
      for (const value of ['first', 'second']) {
        await store.set('key', value);
        await store.clear();
        sent.push(...repeater.take());
      }
      expect(sent.length).toBeGreaterThan(4);
      for (const again of sent) {
        await repeater.repeat(again);
        expect(await store.get('key')).toBeUndefined();
        expect(await new KeyvMemts(client, { namespace }).get('key')).toBeUndefined();
        await new KeyvMemts(client, { namespace }).clear();
        await repeater.repeat(again);
        expect(await new KeyvMemts(client, { namespace }).get('key')).toBeUndefined();
      }
    },
  );

  it('is on its own server alone, whatever failover does', async () => {
    await using other = await startMemcached();
    const gone = await freePort();
    for (const address of [
      [server.address, `127.0.0.1:${gone}`],
      [other.address, `127.0.0.1:${gone}`],
    ]) {
      await using own = Client.create(address, { failover: true, retries: 1, logger: false });
      const names = Array.from({ length: 20 }, (_, index) => `alone ${index}`);
      const results = await Promise.allSettled(
        names.map((namespace) => new KeyvMemts(own, { namespace }).set('key', 'value')),
      );
      const away = names.filter((name) => own.getServer(`${name.replace(' ', '%20')}:generation`) === 1);
      expect(away.length).toBeGreaterThan(2);
      for (const [index, name] of names.entries()) {
        expect(results[index]?.status).toBe(away.includes(name) ? 'rejected' : 'fulfilled');
        expect((await new KeyvMemts(own, { namespace: name }).clear().catch(() => 'away')) === 'away').toBe(
          away.includes(name),
        );
      }
    }
  });

  it('is deleted to clear, and begun by whoever needs it next', async () => {
    const [here, there] = [new KeyvMemts(client, { namespace: 'next' }), new KeyvMemts(client, { namespace: 'next' })];
    await here.set('key', 'value');
    await here.clear();
    expect((await client.get('next:generation')).value).toBeNull();
    expect(await there.get('key')).toBeUndefined();
    const begun = (await client.get('next:generation')).value?.toString();
    expect(begun).toMatch(/^[\w-]{12}$/);
    await here.set('key', 'again');
    expect([await there.get('key'), (await client.get('next:generation')).value?.toString()]).toEqual(['again', begun]);
  });

  it('starts over, with a line in the log, where its record holds what no token is', async () => {
    const log: string[] = [];
    for (const found of ['', 'a b', 'x'.repeat(300), '{"toString":1}', Buffer.from([0, 255])]) {
      const store = new KeyvMemts(server.address, { namespace: 'spoilt', logger: { log: (line) => log.push(line) } });
      await client.set('spoilt:generation', found);
      await store.set('key', 'value');
      expect(await store.get('key')).toBe('value');
      await client.set('spoilt:generation', found);
      expect(await store.get('key')).toBeUndefined();
      await store.disconnect();
    }
    expect(log).toHaveLength(5);
    expect(log[0]).toBe('memts: the record of a namespace could not be read, so the namespace starts over');
  });

  it('asks for its record once for all that is done in one turn', async () => {
    const store = new KeyvMemts(client, { namespace: 'turn' });
    await store.get('key 0');
    const reads = async () => Number(Object.values(await client.stats())[0]?.cmd_get);
    const before = await reads();
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.get(`key ${index}`)));
    expect((await reads()) - before).toBe(51);
  });

  it.each(['binary', 'meta', 'classic'] as const)(
    'takes names and keys with any characters over %s',
    async (protocol) => {
      const long = 'a b\n\0%'.repeat(35);
      // Two that would be one if the percent sign stood for itself; over meta, 187 bytes with spaces are too many.
      const keys = ['a b', 'a%20b', 'a\tb', 'ünï côde', '\u007f', long, `${long}c`, ' '.repeat(200)];
      for (const name of ['plain', 'with space\r\n', 'ü%', `${' long'.repeat(60)}`]) {
        const store = new KeyvMemts(server.address, { protocol, namespace: name });
        const entries = keys.map((key) => ({ key, value: `of ${key}` }));
        expect(await store.setMany(entries)).toEqual(keys.map(() => true));
        expect(await store.getMany(keys)).toEqual(entries.map(({ value }) => value));
        expect([store.namespace, await store.get('a b'), await store.delete('a%20b')]).toEqual([name, 'of a b', true]);
        await store.clear();
        expect(await store.hasMany(keys)).toEqual(keys.map(() => false));
        await store.disconnect();
      }
    },
  );

  it('of another Keyv on one store is logged, since each of them empties the last one', async () => {
    const log: string[] = [];
    const store = new KeyvMemts(server.address, { logger: { log: (line) => log.push(line) } });
    const one = new Keyv({ store, namespace: 'one' });
    expect([one.namespace, log]).toEqual(['one', []]);
    new Keyv({ store, namespace: 'one' });
    expect(log).toEqual([]);
    new Keyv({ store, namespace: 'two' });
    expect(log).toEqual([expect.stringMatching(/^memts: a KeyvMemts got another namespace .* a KeyvMemts of its own/)]);
    await store.disconnect();
  });

  it('of the options is a default, which Keyv sets without a warning', async () => {
    const log: string[] = [];
    const store = new KeyvMemts(server.address, { namespace: 'default', logger: { log: (line) => log.push(line) } });
    new Keyv({ store, namespace: 'own' });
    expect([store.namespace, log]).toEqual(['own', []]);
    await store.disconnect();
  });

  it('can be changed on the store, as Keyv does', async () => {
    const store = new KeyvMemts(client, { namespace: 'before' });
    await store.set('key', 'value');
    store.namespace = 'after';
    expect([store.namespace, await store.get('key')]).toEqual(['after', undefined]);
    store.namespace = 'before';
    expect(await store.get('key')).toBe('value');
  });
});

describe('servers', () => {
  it('that fail are reported, and the others answer', async () => {
    const options = { retries: 1, timeout: 2, logger: { log: () => {} } };
    const store = new KeyvMemts([server.address, `127.0.0.1:${await freePort()}`], options);
    const errors: Error[] = [];
    store.on('error', (error) => errors.push(error));
    const keys = Array.from({ length: 20 }, (_, index) => `part ${index}`);
    const stored = await store.setMany(keys.map((key) => ({ key, value: 'value' })));
    expect([stored.includes(true), stored.includes(false), errors.length]).toEqual([true, true, 1]);
    const found = await store.getMany(keys);
    expect(found.map((value) => value === 'value')).toEqual(stored);
    expect(await store.hasMany(keys)).toEqual(stored);
    expect(await store.deleteMany(keys)).toBe(false);
    expect(errors).toHaveLength(4);
    await expect(store.clear()).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    await store.disconnect();
  });

  it('that fail all reject, also where nobody listens', async () => {
    const options = { retries: 1, timeout: 2, logger: { log: () => {} } };
    const store = new KeyvMemts(`127.0.0.1:${await freePort()}`, options);
    const refused = { code: 'ERR_CONNECT' };
    await expect(store.get('key')).rejects.toMatchObject(refused);
    await expect(store.getMany(['key'])).rejects.toMatchObject(refused);
    await expect(store.setMany([{ key: 'key', value: 'value' }])).rejects.toMatchObject(refused);
    await expect(store.deleteMany(['key'])).rejects.toMatchObject(refused);
    await expect(store.has('key')).rejects.toMatchObject(refused);
    await store.disconnect();
  });

  it('are left open when the client is the caller’s, and closed when it is not', async () => {
    const connections = async () => Number(Object.values(await client.stats())[0]?.curr_connections);
    const given = Client.create(server.address);
    const [mine, own] = [new KeyvMemts(given), new KeyvMemts(server.address)];
    await Promise.all([mine.get('key'), own.get('key')]);
    const open = await connections();
    await Promise.all([mine.disconnect(), own.disconnect()]);
    await vi.waitFor(async () => expect(await connections()).toBe(open - 1));
    await given.quit();
  });
});
