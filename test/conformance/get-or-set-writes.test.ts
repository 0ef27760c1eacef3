import { describe, expect, it, vi } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { eventually, sleep } from '../support/wait.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

/** Each write of a client, with what it leaves under the key. */
const WRITES: readonly (readonly [string, (target: Target, key: string) => Promise<unknown>, string | null])[] = [
  ['delete', ({ client }, key) => client.delete(key), null],
  ['deleteMulti', ({ client }, key) => client.deleteMulti([key]), null],
  ['set', ({ client }, key) => client.set(key, 'written'), 'written'],
  ['setMulti', ({ client }, key) => client.setMulti([[key, 'written']]), 'written'],
  ['replace', ({ client }, key) => client.replace(key, 'written'), 'written'],
  [
    'add behind a delete',
    async ({ client }, key) => [await client.delete(key), await client.add(key, 'written')],
    'written',
  ],
  [
    'increment behind a delete',
    async ({ client }, key) => [await client.delete(key), await client.increment(key, 1, { initial: 5 })],
    '5',
  ],
  ['append', ({ client }, key) => client.append(key, 'written'), 'written'],
  ['prepend', ({ client }, key) => client.prepend(key, 'written'), 'written'],
  ['flush', ({ client }) => client.flush(), null],
  ['flush of another client', (target) => target.create().flush(), null],
  ['delete of another client', (target, key) => target.create().delete(key), null],
];

describeEverywhere((target: Target) => {
  describe.skipIf(!target.can.cas || !target.can.flush)('a write during a computation', () => {
    it.each(WRITES)('%s keeps its result out', async (_name, write, left) => {
      const key = target.key();
      const outdated = await target.client.getOrSet(key, async () => {
        await write(target, key);
        return 'outdated';
      });
      expect(String(outdated)).toBe('outdated');
      expect(await target.text(key)).toBe(left);
    });

    it.each(WRITES.filter(([name]) => !name.includes('another')))(
      'a getOrSet that begins after %s does not join it',
      async (_name, write, left) => {
        const key = target.key();
        let finish: ((_: string) => void) | undefined;
        const first = target.client.getOrSet(key, () => new Promise<string>((resolve) => (finish = resolve)));
        const joined = target.client.getOrSet(key, () => 'never');
        await eventually(() => finish !== undefined);
        await write(target, key);
        expect(String(await target.client.getOrSet(key, () => 'new'))).toBe(left ?? 'new');
        finish?.('outdated');
        expect([String(await first), String(await joined)]).toEqual(['outdated', 'outdated']);
        expect(await target.text(key)).toBe(left ?? 'new');
      },
    );

    it('a read or a touch of another key ends no joining', async () => {
      const key = target.key();
      const compute = vi.fn(async () => {
        await sleep(30);
        return 'made';
      });
      const first = target.client.getOrSet(key, compute);
      await target.client.get(key);
      await target.client.delete(`${key}-other`);
      await target.client.getOrSet(key, compute);
      await first;
      expect(compute).toHaveBeenCalledTimes(1);
    });
  });

  it('a stub that has expired while the value is computed: it is returned and not stored', async () => {
    const key = target.key();
    const made = await target.client.getOrSet(key, async () => {
      await target.client.touch(key, 1_000_000_000);
      return 'made';
    });
    expect(String(made)).toBe('made');
    expect(await target.text(key)).toBeNull();
  });

  it.runIf(target.protocol === 'meta')(
    'a value that was marked as stale, and read since, is computed again',
    async () => {
      const key = target.key();
      await target.client.set(key, 'old', { expires: 100 });
      const { host, port } = target.description.server;
      using raw = await RawClient.connect({ host, port });
      raw.send(`md ${key} I T30\r\n`);
      await raw.receiveLine();
      // It takes the right that the protocol gives (its W) for good.
      expect(await target.text(key)).toBe('old');
      const compute = vi.fn(() => 'new');
      expect(String(await target.client.getOrSet(key, compute, { expires: 100 }))).toBe('old');
      await eventually(async () => expect(await target.text(key)).toBe('new'));
      expect(compute).toHaveBeenCalledTimes(1);
      expect(String(await target.create().getOrSet(key, compute, { expires: 100 }))).toBe('new');
    },
  );

  it.runIf(target.protocol === 'meta')('a lease of another client of the meta protocol is waited for', async () => {
    if (target.description.server instanceof MemoryServer) return;
    const key = target.key();
    const { host, port } = target.description.server;
    using raw = await RawClient.connect({ host, port });
    raw.send(`mg ${key} v N30\r\n`);
    await raw.receiveLine();
    const waiting = target.client.getOrSet(key, () => 'never');
    expect((await target.client.get(key)).value).toBeNull();
    await target.client.set(key, 'theirs');
    expect(String(await waiting)).toBe('theirs');
  });
});

describe('who has waited for twice the time of a lock', () => {
  it('takes the right of a computer over whose stub does not end, and what that one makes is not stored', async () => {
    await using server = await MemoryServer.start();
    const [one, two] = [0, 1].map(() =>
      Client.create(server.address, { protocol: 'classic', logger: { log(): void {} } }),
    );
    let finish = (_: string): void => {};
    const stopped = one?.getOrSet('key', () => new Promise<string>((resolve) => (finish = resolve)));
    await eventually(async () => expect(await two?.touch('key', 0)).toBe(true));
    const start = performance.now();
    expect(String(await two?.getOrSet('key', () => 'taken over', { lockFor: 0.01 }))).toBe('taken over');
    expect(performance.now() - start).toBeGreaterThan(3900);
    finish('outdated');
    expect(String(await stopped)).toBe('outdated');
    expect(String((await two?.get('key'))?.value)).toBe('taken over');
    await Promise.all([one?.quit(), two?.quit()]);
  }, 15_000);
});

it.each(['binary', 'meta', 'classic'] as const)(
  'a value whose server has changed meanwhile is not stored',
  async (protocol) => {
    await using home = await MemoryServer.start();
    await using standIn = await MemoryServer.start();
    await using proxy = await startProxy(home.port);
    const options = { protocol, retry_delay: 0.01, timeout: 1, logger: { log(): void {} } };
    await using client = Client.create([proxy.address, standIn.address], { ...options, failover: true });
    await using beside = Client.create(standIn.address, options);
    const names = Array.from({ length: 100 }, (_, index) => `key-${index}`);
    const key = names.find((name) => client.getServer(name) === 0) as string;
    // As many stores as it takes for the same CAS there.
    await beside.set(key, 'of the other server');
    const made = await client.getOrSet(key, async () => {
      proxy.refuse();
      proxy.cut('reset');
      await client.get('key').catch(() => {});
      await client.get(key);
      return 'made';
    });
    expect(String(made)).toBe('made');
    expect(String((await beside.get(key)).value)).toBe('of the other server');
  },
);
