import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Cache, type CacheOptions } from '../../src/cache/index.ts';
import { Client } from '../../src/index.ts';
import { startMemcached, startMemcachedProxy } from '../support/memcached.ts';
import { hasMemcached } from '../support/memcacheds.ts';
import { freePort } from '../support/ports.ts';
import { sleep } from '../support/wait.ts';
import { gate, PROTOCOLS, QUICK, useServer } from './support.ts';

const { server, open: openClient } = await useServer();

/** Says something to a server as it goes on the wire, and waits for its response. */
async function tell({ host, port }: { host: string; port: number }, bytes: string): Promise<void> {
  const socket = connect({ host, port });
  socket.write(bytes);
  await once(socket, 'data');
  socket.destroy();
}

let names = 0;
const ALL: CacheOptions['near'] = { trustFor: 60, admit: 'all' };

function openNear(protocol: (typeof PROTOCOLS)[number], near: CacheOptions['near'] = ALL): [near: Cache, far: Cache] {
  const namespace = `near${names++}`;
  return [new Cache(openClient(protocol), { namespace, near }), new Cache(openClient(protocol), { namespace })];
}

const reads = async (): Promise<number> => {
  await using client = Client.create(server.address);
  return Number(Object.values(await client.stats())[0]?.cmd_get);
};

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('gives what it has read for trustFor seconds without a question', async () => {
    const [near, far] = openNear(protocol, { trustFor: 0.6, admit: 'all' });
    await far.set('key', { a: [1] }, { tags: ['tag'] });
    expect(await near.get('key')).toEqual({ a: [1] });
    const first = await near.get('key');
    const before = await reads();
    for (let i = 0; i < 20; i++) {
      expect(await near.get('key')).toBe(first);
      expect(await near.getOrSet('key', () => 'other', { tags: ['tag'] })).toBe(first);
      expect((await near.getMany(['key'])).get('key')).toBe(first);
      expect(await near.has('key')).toBe(true);
    }
    // But for those of the client that asks.
    expect((await reads()) - before).toBeLessThan(4);
    expect(near.stats()).toMatchObject({ near: 61, hits: 62, bytes: expect.any(Number) });
    await far.set('key', 'newer');
    await expect.poll(() => near.get('key'), { interval: 20 }).toBe('newer');
    await far.set('key', 'newest', { tags: ['tag'] });
    await far.invalidateTags(['tag']);
    await expect.poll(() => near.get('key'), { interval: 20 }).toBeUndefined();
    expect(near.stats().bytes).toBe(0);
  });

  it('sees the writes and invalidations of this client at once', async () => {
    const client = openClient(protocol);
    const options = { namespace: `own${names++}` };
    const near = new Cache(client, { ...options, near: ALL });
    const other = new Cache(client, options);
    for (const writer of [near, other]) {
      const changes: [() => Promise<unknown>, unknown][] = [
        [() => writer.set('key', 'newer'), 'newer'],
        [() => writer.setMany([['key', 'newer still']]), 'newer still'],
        [() => writer.delete('key'), undefined],
        [() => writer.deleteMany(['key']), undefined],
        [() => writer.invalidateTags(['tag']), undefined],
        [() => writer.invalidateTags(['tag'], { staleFor: 5 }), undefined],
        [() => writer.clear(), undefined],
      ];
      for (const [change, expected] of changes) {
        await writer.delete('key');
        await writer.set('key', 'older', { tags: ['tag'] });
        expect([await near.get('key'), await near.get('key')]).toEqual(['older', 'older']);
        // Reads that were begun before it is over find nothing that is kept.
        const during = [near.get('key'), change(), near.get('key'), near.get('key')];
        await Promise.all(during);
        expect(await near.get('key')).toBe(expected);
      }
    }
  });

  it('asks each time with trustFor: 0, and never gives an older value', async () => {
    const [near, far] = openNear(protocol, { trustFor: 0, admit: 'all' });
    for (let value = 0; value < 20; value++) {
      await far.set('key', value, { tags: ['tag'] });
      expect([await near.get('key'), await near.get('key')]).toEqual([value, value]);
    }
    await far.invalidateTags(['tag']);
    expect(await near.get('key')).toBeUndefined();
    expect(near.stats()).toMatchObject({ near: 0, hits: 40 });
  });

  it('gives plain data frozen and shared, and copies of what can be changed all the same', async () => {
    const [near] = openNear(protocol);
    const plain = await near.getOrSet('plain', () => ({ a: { b: [1] } }));
    await near.get('plain');
    const read = (await near.get('plain')) as typeof plain;
    for (const value of [plain, read]) {
      expect(Object.isFrozen(value) && Object.isFrozen(value.a) && Object.isFrozen(value.a.b)).toBe(true);
      expect(value).toEqual({ a: { b: [1] } });
    }
    expect(await near.get('plain')).toBe(read);
    const values = { buffer: Buffer.from('hi'), date: new Date(1), map: new Map([[1, 2]]), bytes: new Float64Array(2) };
    for (const [key, value] of Object.entries(values)) {
      await near.set(key, value);
      const [one, two] = [await near.get(key), await near.get(key)] as [Buffer, Buffer];
      expect([one, two]).toEqual([value, value]);
      expect(one).not.toBe(two);
      if (key === 'buffer') {
        one.fill(0);
        expect(await near.get(key)).toEqual(value);
      }
    }
  });
});

it('does not have sent again what has not changed', async () => {
  const [near, far] = openNear('meta', { trustFor: 0, admit: 'all' });
  const value = 'x'.repeat(100_000);
  await far.set('key', value);
  await using client = Client.create(server.address);
  const written = async () => Number(Object.values(await client.stats())[0]?.bytes_written);
  // The first reads find out what is at the other end of the connection.
  for (let i = 0; i < 10; i++) await near.get('key');
  const [before, { revalidated }] = [await written(), near.stats()];
  for (let i = 0; i < 20; i++) expect(await near.get('key')).toBe(value);
  // Servers before 1.6.40 pass the question over, and send the value.
  if (revalidated > 0) {
    expect(near.stats().revalidated).toBe(revalidated + 20);
    expect((await written()) - before).toBeLessThan(200_000);
  }
});

it.skipIf(!hasMemcached('1.6.45'))(
  'reads in full through a proxy, behind which another value has the same CAS',
  async () => {
    const direct = await startMemcached({ version: '1.6.45' });
    await using proxy = await startMemcachedProxy({ backends: [direct] });
    for (const server of [direct, proxy]) {
      await using client = Client.create(server.address, { ...QUICK, protocol: 'meta' });
      const options = { namespace: 'proxied' };
      const far = new Cache(client, options);
      const near = new Cache(client, { ...options, near: { trustFor: 0, admit: 'all' } });
      await far.set('key', 'older');
      await far.set('other', 'newer');
      for (let i = 0; i < 10; i++) expect(await near.get('key')).toBe('older');
      expect(near.stats().revalidated > 0).toBe(server === direct);
      const { cas } = await client.get('proxied:key', { cas: true });
      const { value, flags } = await client.get('proxied:other');
      const item = value as Buffer;
      // As behind a restart, which the connection to a proxy outlives.
      await tell(direct, `ms proxied:key ${item.length} E${cas} F${flags?.readUInt32BE(0)}\r\n${item}\r\n`);
      expect(await client.get('proxied:key', { cas: true })).toMatchObject({ cas, value: item });
      if (server === proxy) expect(await near.get('key')).toBe('newer');
    }
  },
);

it('believes no server that was started again, though another value has the same CAS there', async () => {
  const port = await freePort();
  let memcached = await startMemcached({ port });
  await using client = Client.create(memcached.address, { ...QUICK, protocol: 'meta' });
  await using writer = Client.create(memcached.address, { ...QUICK, protocol: 'meta' });
  const near = new Cache(client, { namespace: 'again', near: { trustFor: 0, admit: 'all' } });
  for (let round = 0; round < 3; round++) {
    const far = new Cache(writer, { namespace: 'again' });
    await expect.poll(() => far.set('key', `value ${round}`).catch(() => false)).toBe(true);
    await expect.poll(() => near.get('key')).toBe(`value ${round}`);
    expect(await near.get('key')).toBe(`value ${round}`);
    await memcached.stop();
    memcached = await startMemcached({ port });
    expect(await near.get('key')).toBeUndefined();
  }
  await memcached.stop();
});

it('keeps what is hot: what was asked for twice', async () => {
  const [near, far] = openNear('meta', { trustFor: 60 });
  await far.setMany(Array.from({ length: 50 }, (_, index) => [`key${index}`, index]));
  for (let index = 0; index < 50; index++) await near.get(`key${index}`);
  expect(near.stats().bytes).toBe(0);
  for (let i = 0; i < 3; i++) expect(await near.get('key7')).toBe(7);
  expect(near.stats()).toMatchObject({ near: 2 });
  expect(near.stats().bytes).toBeGreaterThan(0);
  const [chosen, others] = openNear('meta', { trustFor: 60, admit: (key) => key.startsWith('a b') });
  await others.setMany([
    ['a b', 1],
    ['b', 2],
  ]);
  for (let i = 0; i < 3; i++) await chosen.getMany(['a b', 'b']);
  expect(chosen.stats()).toMatchObject({ near: 2, hits: 6 });
});

it('keeps no more than it may, and what is used longer', async () => {
  const [near, far] = openNear('meta', { trustFor: 60, admit: 'all', entries: 10 });
  await far.setMany(Array.from({ length: 100 }, (_, index) => [`key${index}`, index]));
  for (let index = 0; index < 100; index++) {
    await near.get(`key${index}`);
    await near.get('key0');
  }
  const { near: hits } = near.stats();
  expect(hits).toBeGreaterThan(90);
});

it.each([{ entries: 0 }, { bytes: 0 }, { bytes: 1000 }])('with %o keeps nothing that does not fit', async (most) => {
  const [near, far] = openNear('meta', { trustFor: 60, admit: 'all', ...most });
  await far.set('key', 'x'.repeat(1000));
  for (let i = 0; i < 3; i++) {
    expect(await near.get('key')).toBe('x'.repeat(1000));
    expect(await near.getOrSet('key', () => 'other')).toBe('x'.repeat(1000));
  }
  expect(near.stats()).toMatchObject({ near: 0, hits: 6, bytes: 0 });
});

it('with bytes below one value keeps the others', async () => {
  const [near, far] = openNear('meta', { trustFor: 60, admit: 'all', bytes: 5000 });
  await far.setMany([
    ['large', 'x'.repeat(10_000)],
    ...Array.from({ length: 20 }, (_, i) => [`k${i}`, 'x'.repeat(500)] as [string, string]),
  ]);
  for (const key of ['large', ...Array.from({ length: 20 }, (_, i) => `k${i}`)]) {
    await near.get(key);
    expect(near.stats().bytes).toBeLessThanOrEqual(5000);
  }
  expect(await near.get('k19')).toBe('x'.repeat(500));
  expect(near.stats().near).toBe(1);
});

it('a value that grows takes what it has grown to, until it no longer fits', async () => {
  const [near, far] = openNear('meta', { trustFor: 0, admit: 'all', bytes: 5000 });
  await far.set('other', 1);
  await near.get('other');
  const first = near.stats().bytes;
  let before = first;
  for (const size of [10, 1000, 4000, 100_000, 3_000_000, 1000, 10]) {
    await far.set('key', 'x'.repeat(size));
    for (let i = 0; i < 2; i++) expect(await near.get('key')).toBe('x'.repeat(size));
    const { bytes } = near.stats();
    if (size > 5000) expect(bytes).toBeLessThanOrEqual(first);
    else expect(bytes).toBeGreaterThan(size);
    expect(bytes).toBeLessThanOrEqual(5000);
    before = bytes;
  }
  await far.delete('key');
  await near.get('key');
  expect(near.stats().bytes).toBeLessThan(before);
});

it.each([0, 60])('a server in the place of another is believed, not the other, with trustFor: %i', async (trustFor) => {
  const port = await freePort();
  const start = () => startMemcached({ port, ...(hasMemcached('1.6.45') ? { version: '1.6.45' } : {}) });
  let server = await start();
  await using client = Client.create(server.address, { ...QUICK, protocol: 'meta' });
  const near = new Cache(client, { namespace: 'place', near: { trustFor, admit: 'all' } });
  await near.set('key', 'older');
  for (let i = 0; i < 5; i++) expect(await near.get('key')).toBe('older');
  const { cas } = await client.get('place:key', { cas: true });
  await server.stop();
  server = await start();
  await using writer = Client.create(server.address, { ...QUICK, protocol: 'meta' });
  const far = new Cache(writer, { namespace: 'place' });
  await expect.poll(() => far.set('key', 'newer').catch(() => false)).toBe(true);
  // Until it has the very CAS that the other value had.
  for (;;) {
    const now = (await writer.get('place:key', { cas: true })).cas as bigint;
    if (now >= (cas as bigint)) break;
    await writer.append('place:key', '');
  }
  // What is trusted is not asked for; all else is read over the new connection.
  if (trustFor > 0) expect(await near.get('key')).toBe('older');
  else await expect.poll(() => near.get('key')).toBe('newer');
  await server.stop();
});

it('keeps nothing past its expires', async () => {
  const [near, far] = openNear('meta');
  await far.set('key', 1, { expires: 2 });
  expect(await near.get('key')).toBe(1);
  await sleep(2050);
  expect(await near.get('key')).toBeUndefined();
});

it('does not keep what a read finds that was begun before a write', async () => {
  const client = openClient('meta');
  const near = new Cache(client, { namespace: 'before', near: ALL });
  const [begun, end] = [gate(), gate()];
  const computing = near.getOrSet('key', async () => {
    begun.open();
    await end.promise;
    return 'older';
  });
  await begun.promise;
  await near.set('key', 'newer');
  end.open();
  expect(await computing).toBe('older');
  for (let i = 0; i < 3; i++) expect(await near.get('key')).toBe('newer');
});

it('refuses invalid options', () => {
  const client = openClient('meta');
  for (const near of [5, 'hot', { entries: -1 }, { bytes: 'x' }, { trustFor: Number.NaN }, { admit: 'some' }]) {
    expect(() => new Cache(client, { near: near as never })).toThrow(/^Invalid option near/);
  }
  new Cache(client, { near: true });
});
