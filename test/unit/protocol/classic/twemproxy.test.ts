import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classic } from '../../../../src/protocol/classic/index.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { Status } from '../../../../src/protocol/status.ts';
import { type Memcached, startMemcached } from '../../../support/memcached.ts';
import { startTwemproxy } from '../../../support/twemproxy.ts';
import { make } from '../harness.ts';
import { CASES } from '../text/memcached-cases.ts';
import { Wire } from '../wire.ts';

/** twemproxy closes the connection on any other. */
const KNOWN: ReadonlySet<Op> = new Set<Op>([
  Op.Get,
  Op.Set,
  Op.Add,
  Op.Replace,
  Op.Append,
  Op.Prepend,
  Op.Delete,
  Op.Touch,
  Op.Increment,
  Op.Decrement,
]);

const cases = Object.entries(CASES).filter(([, steps]) => steps.every(([op]) => KNOWN.has(op)));

describe('twemproxy over classic', () => {
  let servers: Memcached[];
  let proxy: Memcached;
  let wire: Wire;
  beforeAll(async () => {
    servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
    proxy = await startTwemproxy({ servers: servers.map(({ address }) => address) });
    wire = await Wire.connect(classic, proxy.port);
  });
  afterAll(async () => {
    wire[Symbol.dispose]();
    await proxy.stop();
    await Promise.all(servers.map((server) => server.stop()));
  });

  it.each(cases)('does what memcached does: %s', async (_, steps) => {
    for (const key of ['k', 'l', 'm']) await wire.ask(Op.Delete, key);
    for (const [op, key, fields, expected] of steps) {
      const [replies] = await wire.ask(op, key, fields);
      if (replies?.status !== Status.Ok) delete replies?.value;
      expect(replies).toEqual(expected);
    }
  });

  it('reads many keys from all servers', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key${i}`);
    const stores = keys.map((value, flags) => ({ value, flags, expiration: 0 }));
    expect(await wire.ask(Op.SetMulti, '', { keys, stores })).toEqual([{ status: Status.Ok, index: 40 }]);
    const got = await wire.ask(Op.GetMulti, '', { keys: [...keys, 'none'] });
    expect(got.pop()).toEqual({ status: Status.Ok, index: 41 });
    expect(new Map(got.map(({ index, value }) => [index, value]))).toEqual(new Map(keys.entries()));
  });

  it('tells that a server is not there', async () => {
    await using alone = await startTwemproxy({ servers: ['127.0.0.1:1'] });
    using lost = await Wire.connect(classic, alone.port);
    expect(await lost.ask(Op.Get, 'k')).toMatchObject([{ status: Status.InternalError }]);
    expect(await lost.ask(Op.GetMulti, 'k', { keys: ['a', 'b'] })).toMatchObject([
      { status: Status.InternalError, index: 0 },
      { status: Status.InternalError, index: 1 },
      { status: Status.Ok, index: 2 },
    ]);
  });

  it('is left with quit', async () => {
    using leaving = await Wire.connect(classic, proxy.port);
    leaving.send(make(Op.Quit));
    await leaving.untilClosed();
  });
});
