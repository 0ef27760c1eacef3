import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { RawClient } from '../support/raw-client.ts';
import { CAN, SUBJECT } from '../support/subject.ts';
import { eventually, sleep } from '../support/wait.ts';
import type { RunningServer } from './client/suite/target.ts';
import { PROTOCOLS } from './every-target.ts';

const PAIRS = PROTOCOLS.flatMap((one) => PROTOCOLS.map((other) => [one, other] as const)).filter(
  ([one, other]) => one !== other,
);

const STARTS: readonly (readonly [string, () => Promise<RunningServer>])[] = [
  [SUBJECT.name, () => startMemcached()],
  ['MemoryServer', () => MemoryServer.start()],
];

describe.skipIf(!CAN.cas).each(STARTS)('clients of several protocols at one %s', (_name, start) => {
  let server: RunningServer;
  const clients: Client[] = [];
  let keys = 0;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await server?.stop();
  });

  function create(protocol: (typeof PROTOCOLS)[number]): Client {
    const client = Client.create(server.address, { protocol, timeout: 5, logger: { log(): void {} } });
    clients.push(client);
    return client;
  }

  it.each(PAIRS)('a computation over %s is a miss over %s, and getOrSet waits for it there', async (one, other) => {
    const key = `mixed-${++keys}`;
    const [makes, waits] = [create(one), create(other)];
    let finish: ((_: string) => void) | undefined;
    const making = makes.getOrSet(key, () => new Promise<string>((resolve) => (finish = resolve)));
    await eventually(() => finish !== undefined);
    expect((await waits.get(key)).value).toBeNull();
    expect((await waits.getMulti([key])).size).toBe(0);
    const compute = vi.fn(() => 'never');
    const waiting = waits.getOrSet(key, compute);
    await sleep(15);
    finish?.('made');
    expect([String(await making), String(await waiting)]).toEqual(['made', 'made']);
    expect(compute).not.toHaveBeenCalled();
  });

  it.each(PAIRS)('a value stored over %s and invalidated over %s is old for both', async (one, other) => {
    for (const reader of [one, other]) {
      const key = `mixed-${++keys}`;
      const [stores, ends, reads] = [create(one), create(other), create(reader)];
      await stores.getOrSet(key, () => 'old', { expires: 1000, staleFor: 100 });
      expect(await ends.invalidate(key, { staleFor: 60 })).toBe(true);
      expect(String(await reads.getOrSet(key, () => 'new', { expires: 1000, staleFor: 100 }))).toBe('old');
      await vi.waitFor(async () => expect(String((await reads.get(key)).value)).toBe('new'));
    }
  });

  it.each(PAIRS)('what is computed over %s is not stored over a delete or set by %s', async (one, other) => {
    const key = `mixed-${++keys}`;
    const [makes, writes] = [create(one), create(other)];
    await makes.getOrSet(key, async () => {
      await writes.delete(key);
      return 'outdated';
    });
    expect((await writes.get(key)).value).toBeNull();
    await makes.getOrSet(key, async () => {
      await writes.set(key, 'newer');
      return 'outdated';
    });
    expect(String((await writes.get(key)).value)).toBe('newer');
  });

  it.each(PROTOCOLS)(
    'another client sees an empty value with flags of its own during a computation over %s',
    async (one) => {
      const key = `mixed-${++keys}`;
      let finish: ((_: string) => void) | undefined;
      const making = create(one).getOrSet(key, () => new Promise<string>((resolve) => (finish = resolve)));
      await eventually(() => finish !== undefined);
      using raw = await RawClient.connect({ host: server.host, port: server.port });
      raw.send(`get ${key}\r\n`);
      expect(await raw.receiveLine()).toBe(`VALUE ${key} ${0x6d730000} 0`);
      finish?.('made');
      await making;
    },
  );
});
