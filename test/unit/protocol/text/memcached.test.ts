import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binary } from '../../../../src/protocol/binary/index.ts';
import { classic } from '../../../../src/protocol/classic/index.ts';
import { meta } from '../../../../src/protocol/meta/index.ts';
import { Op } from '../../../../src/protocol/op.ts';
import type { Protocol } from '../../../../src/protocol/protocol.ts';
import { Status } from '../../../../src/protocol/status.ts';
import { type Memcached, startMemcached } from '../../../support/memcached.ts';
import { make } from '../harness.ts';
import { Wire } from '../wire.ts';
import { CASES, type Step } from './memcached-cases.ts';

const { Ok, Miss, Exists, NotStored, TooLarge, OutOfMemory } = Status;
const OVERSIZE = Buffer.alloc(1_100_000, 0x78);

const PROTOCOLS: Protocol[] = [binary, meta, classic];

describe.each(PROTOCOLS)('memcached over $name', (protocol) => {
  let server: Memcached;
  let wire: Wire;
  beforeAll(async () => {
    server = await startMemcached();
    wire = await Wire.connect(protocol, server.port);
  });
  afterAll(async () => {
    wire[Symbol.dispose]();
    await server.stop();
  });

  it.each(Object.keys(CASES))('does the same as over any other: %s', async (name) => {
    await wire.ask(Op.Flush);
    for (const [op, key, fields, expected] of CASES[name] as Step[]) {
      const [replies, ...more] = await wire.ask(op, key, fields);
      // The text of an error is the protocol's own, and so is what binary has in the extras of a touch.
      if (replies?.status !== Ok || op === Op.Touch) delete replies?.value;
      expect(replies).toEqual(expected);
      expect(more).toEqual([]);
    }
  });

  it('reads and compares the CAS', async () => {
    await wire.ask(Op.Flush);
    await wire.ask(Op.Set, 'k', { value: 'a', flags: 9 });
    const [first] = await wire.ask(Op.Get, 'k', { returnCas: true });
    expect(first).toMatchObject({ status: Ok, value: 'a', flags: 9, cas: expect.any(BigInt) });
    const [touched] = await wire.ask(Op.GetAndTouch, 'k', { returnCas: true });
    expect(touched?.cas).toBe(first?.cas);
    const cas = first?.cas as bigint;
    expect(await wire.ask(Op.Set, 'k', { value: 'b', cas })).toEqual([{ status: Ok }]);
    expect(await wire.ask(Op.Set, 'k', { value: 'c', cas })).toMatchObject([{ status: Exists }]);
    expect(await wire.ask(Op.Replace, 'k', { value: 'c', cas: await casOf('k') })).toEqual([{ status: Ok }]);
    expect(await wire.ask(Op.Add, 'k', { value: 'd', cas: await casOf('k') })).toEqual([{ status: Ok }]);
    expect(await wire.ask(Op.Add, 'k', { value: 'e'.repeat(600), cas: await casOf('k') })).toEqual([{ status: Ok }]);
    expect(await wire.ask(Op.Get, 'k')).toMatchObject([{ value: 'e'.repeat(600) }]);
    expect(await wire.ask(Op.Get, 'none', { returnCas: true })).toMatchObject([{ status: Miss }]);
  });

  it('lists statistics', async () => {
    const replies = await wire.ask(Op.Stat);
    const end = replies.pop();
    expect(end).toEqual({ status: Ok });
    expect(replies.every(({ more, name, value }) => more && name && value !== undefined)).toBe(true);
    expect(replies.find(({ name }) => name === 'version')?.value).toMatch(/^\d/);
    const settings = await wire.ask(Op.Stat, 'settings');
    expect(settings.find(({ name }) => name === 'item_size_max')?.value).toBe('1048576');
  });

  it('takes many keys at once', async () => {
    await wire.ask(Op.Flush);
    const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
    const stores = keys.map((key, i) => ({ value: i === 3 ? OVERSIZE : key, flags: i, expiration: 0 }));
    expect(await wire.ask(Op.SetMulti, 'k', { keys, stores })).toEqual([
      { status: TooLarge, value: expect.any(String), index: 3, more: true },
      { status: Ok, index: 20 },
    ]);
    const asked = ['none', ...keys];
    const got = await wire.ask(Op.GetMulti, 'k', { keys: asked, returnCas: true });
    expect(got.pop()).toMatchObject({ status: Ok, index: 21 });
    expect(got.map(({ value, flags, index }) => [value, flags, index])).toEqual(
      keys.map((key, i) => [key, i, i + 1]).filter((_, i) => i !== 3),
    );
    const deleted = await wire.ask(Op.DeleteMulti, 'k', { keys: asked });
    expect(deleted.map(({ status, index }) => [status, index])).toEqual([
      [Miss, 0],
      [Miss, 4],
      [Ok, 21],
    ]);
  });

  it('answers a pipeline in order', async () => {
    await wire.ask(Op.Set, 'p', { value: 'here' });
    const requests = Array.from({ length: 300 }, (_, i) => make(Op.Get, i % 3 === 0 ? 'p' : `none${i}`));
    for (const request of requests) wire.send(request);
    await wire.ask(Op.Noop);
    expect(requests.map(({ replies }) => replies[0]?.status)).toEqual(
      requests.map((_, i) => (i % 3 === 0 ? Ok : Miss)),
    );
  });

  it('is closed by quit, without a response in text', async () => {
    using leaving = await Wire.connect(protocol, server.port);
    leaving.send(make(Op.Quit));
    await leaving.untilClosed();
    expect(leaving.queue.requests).toHaveLength(protocol === binary ? 0 : 1);
  });

  async function casOf(key: string): Promise<bigint> {
    const [replies] = await wire.ask(Op.Get, key, { returnCas: true });
    return replies?.cas as bigint;
  }
});

describe('memcached over binary and meta alike', () => {
  it.each([binary, meta])('compares the CAS of any change over $name', async (protocol) => {
    await using server = await startMemcached();
    using wire = await Wire.connect(protocol, server.port);
    for (const op of [Op.Append, Op.Prepend]) {
      expect(await wire.ask(op, 'k', { value: 'a', cas: 5n })).toMatchObject([{ status: NotStored }]);
    }
    for (const op of [Op.Delete, Op.Increment]) {
      expect(await wire.ask(op, 'k', { cas: 5n })).toMatchObject([{ status: Miss }]);
    }
    await wire.ask(Op.Set, 'k', { value: '5' });
    for (const op of [Op.Append, Op.Prepend, Op.Delete, Op.Increment, Op.Decrement]) {
      expect(
        await wire.ask(op, 'k', { value: op === Op.Append || op === Op.Prepend ? '1' : '', cas: 5000n }),
      ).toMatchObject([{ status: Exists }]);
    }
    const [stored] = await wire.ask(Op.Append, 'k', { value: '0', returnCas: true });
    const [counted] = await wire.ask(Op.Increment, 'k', { amount: 2, cas: stored?.cas, returnCas: true });
    expect(counted).toMatchObject({ status: Ok, counter: 52, cas: expect.any(BigInt) });
    const [replaced] = await wire.ask(Op.Set, 'k', { value: '7', cas: counted?.cas, returnCas: true });
    expect(await wire.ask(Op.Delete, 'k', { cas: replaced?.cas })).toMatchObject([{ status: Ok }]);
    // A counter that is created has no CAS that could differ.
    expect(await wire.ask(Op.Increment, 'k', { amount: 2, initial: 8, cas: 5n })).toMatchObject([
      { status: Ok, counter: 8 },
    ]);
  });

  it('stores any key over one and reads it over the other', async () => {
    await using server = await startMemcached();
    using overMeta = await Wire.connect(meta, server.port);
    using overBinary = await Wire.connect(binary, server.port);
    for (let byte = 0; byte < 256; byte++) {
      const key = Buffer.from([0x6b, byte, byte]);
      await overMeta.ask(Op.Set, key, { value: `m${byte}` });
      expect(await overBinary.ask(Op.Get, key)).toMatchObject([{ status: Ok, value: `m${byte}` }]);
      await overBinary.ask(Op.Append, key, { value: 'b' });
      expect(await overMeta.ask(Op.Get, key)).toMatchObject([{ status: Ok, value: `m${byte}b` }]);
    }
    const longest = ` ${'k'.repeat(185)}`;
    await overMeta.ask(Op.Add, longest, { value: 'x'.repeat(600) });
    expect(await overBinary.ask(Op.Delete, longest)).toMatchObject([{ status: Ok }]);
    expect(await overMeta.ask(Op.Increment, 'a b', { initial: 4 })).toMatchObject([{ counter: 4 }]);
    expect(await overBinary.ask(Op.Increment, 'a b', { amount: 2 })).toMatchObject([{ counter: 6 }]);
  });

  it('reads an item that was marked as stale as any other, and a stub as a miss', async () => {
    await using server = await startMemcached();
    using wire = await Wire.connect(meta, server.port);
    await wire.ask(Op.Set, 'k', { value: 'old' });
    await raw(server.port, 'md k I T100\r\nmg stub N100\r\n');
    for (let i = 0; i < 2; i++) expect(await wire.ask(Op.Get, 'k')).toMatchObject([{ status: Ok, value: 'old' }]);
    expect(await wire.ask(Op.Get, 'stub')).toMatchObject([{ status: Miss }]);
  });
});

describe('a server that refuses', () => {
  it.each(PROTOCOLS)('says that it has no memory left over $name', async (protocol) => {
    await using server = await startMemcached({ args: ['-M', '-m', '8'] });
    using wire = await Wire.connect(protocol, server.port);
    const value = Buffer.alloc(500_000);
    const statuses = new Set<number | undefined>();
    for (let i = 0; i < 40; i++) statuses.add((await wire.ask(Op.Set, `k${i}`, { value }))[0]?.status);
    expect(statuses).toEqual(new Set([Ok, OutOfMemory]));
    expect(await wire.ask(Op.Add, 'new', { value })).toMatchObject([{ status: OutOfMemory }]);
    expect(await wire.ask(Op.Get, 'new')).toMatchObject([{ status: Miss }]);
  });

  it.each(PROTOCOLS)('says that flushing is not allowed over $name', async (protocol) => {
    await using server = await startMemcached({ args: ['-F'] });
    using wire = await Wire.connect(protocol, server.port);
    expect(await wire.ask(Op.Flush)).toMatchObject([{ status: Status.FlushOff }]);
    expect(await wire.ask(Op.Get, 'k')).toMatchObject([{ status: Miss }]);
  });

  it.each([meta, classic])('wants ASCII authentication over $name', async (protocol) => {
    await using server = await startMemcached({ auth: [{ username: 'alice', password: 'secret' }] });
    using wire = await Wire.connect(protocol, server.port);
    expect(await wire.ask(Op.Get, 'k')).toMatchObject([{ status: Status.AuthError }]);
    for (const value of ['alice wrong', 'alice', '', 'bob secret']) {
      expect(await wire.ask(Op.TextAuth, 'x', { value })).toMatchObject([{ status: Status.AuthError }]);
    }
    expect(await wire.ask(Op.TextAuth, 'x', { value: 'alice secret' })).toEqual([{ status: Ok }]);
    expect(await wire.ask(Op.Get, 'k')).toMatchObject([{ status: Miss }]);
  });
});

/** Sends bytes that no codec would, and waits until they have been taken. */
async function raw(port: number, bytes: string): Promise<void> {
  const { RawClient } = await import('../../../support/raw-client.ts');
  using client = await RawClient.connect({ host: '127.0.0.1', port });
  client.send(`${bytes}version\r\n`);
  while (!(await client.receiveLine()).startsWith('VERSION'));
}
