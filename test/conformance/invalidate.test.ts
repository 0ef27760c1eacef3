import { describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { hasMemcached } from '../support/memcacheds.ts';
import { timeLeft } from '../support/outcomes.ts';
import { startProxy } from '../support/proxy.ts';
import { startRelay } from '../support/relay.ts';
import { eventually } from '../support/wait.ts';
import { describeEverywhere } from './every-target.ts';

const OPTIONS = { expires: 1000, staleFor: 500, lockFor: 1 };

const never = (): Promise<string> => new Promise(() => {});

describeEverywhere((target) => {
  it.skipIf(!target.can.ttl)('what never expires lives as long as it may still be served', async () => {
    const key = target.key();
    await target.client.set(key, 'value');
    expect(await target.client.invalidate(key, { staleFor: 60 })).toBe(true);
    expect(await timeLeft(target.description.server, key)).toBeOneOf([58, 59, 60]);
  });

  // Once for each protocol: it takes as long as a lock holds.
  const isReal = (): boolean => !(target.description.server instanceof MemoryServer);
  it.skipIf(!target.can.cas)('a caller that wins and dies is followed by another after lockFor', async ({ skip }) => {
    skip(!isReal(), 'shown with memcached');
    const key = target.key();
    await target.client.getOrSet(key, () => 'old', OPTIONS);
    await target.client.invalidate(key, { staleFor: 60 });
    await target.client.get(key);
    const dying = target.create();
    expect(String(await dying.getOrSet(key, never, OPTIONS))).toBe('old');
    await eventually(async () => (await target.client.get(`${key}:lock`)).value !== null, { interval: 5 });
    dying.close();
    let computed = 0;
    const ask = async (): Promise<string> =>
      String(await target.client.getOrSet(key, () => `new ${++computed}`, OPTIONS));
    expect(await ask()).toBe('old');
    expect(computed).toBe(0);
    await eventually(async () => (await ask()) === 'new 1', { interval: 20 });
  });

  it.skipIf(!target.can.cas)('many clients compute one new value', async () => {
    const key = target.key();
    await target.client.getOrSet(key, () => 'old', OPTIONS);
    await target.client.invalidate(key, { staleFor: 60 });
    const clients = Array.from({ length: 8 }, () => target.create());
    let computed = 0;
    const ask = (client: Client): Promise<unknown> => client.getOrSet(key, () => `new ${++computed}`, OPTIONS);
    for (let round = 0; round < 5; round++) await Promise.all(clients.map(ask));
    await eventually(async () => String(await ask(target.client)) === 'new 1', { interval: 5 });
    expect(computed).toBe(1);
  });
});

describe.each(['meta', 'binary', 'classic'] as const)('over %s', (protocol) => {
  it('without CAS (-C) a value is served and computed again all the same', async () => {
    await using server = await startMemcached({ args: ['-C'] });
    await using client = Client.create(server.address, { protocol, timeout: 2, logger: false });
    await client.getOrSet('key', () => 'old', OPTIONS);
    expect(await client.invalidate('key', { staleFor: 60 })).toBe(true);
    expect(String(await client.getOrSet('key', () => 'new', OPTIONS))).toBe('old');
    await eventually(async () => String((await client.get('key')).value) === 'new', { interval: 5 });
  });

  it('goes on to the server that stands in, with failover', async () => {
    await using own = await startMemcached();
    await using other = await startMemcached();
    await using proxy = await startProxy(own.port);
    const options = { protocol, timeout: 2, retries: 1, failover: true, logger: false } as const;
    await using client = Client.create([proxy.address, other.address], options);
    const key = Array.from({ length: 50 }, (_, index) => `key-${index}`).find((name) => client.getServer(name) === 0);
    await using direct = Client.create(other.address, { logger: false });
    await direct.set(key as string, 'there');
    await client.get(key as string);
    proxy.refuse();
    proxy.cut();
    expect(await client.invalidate(key as string, { staleFor: 60 })).toBe(true);
    expect(await direct.inspect(key as string)).toMatchObject({ ttl: expect.any(Number) });
    await proxy.accept();
  });
});

describe.skipIf(!hasMemcached('1.6.38'))('a CAS that is refused though it has not changed', () => {
  it('does not keep an item from being marked', async () => {
    await using server = await startMemcached({ version: '1.6.38' });
    // What memcached 1.6.10 to 1.6.12 say to every CAS of an `md`.
    await using relay = await startRelay(server, { toServer: (text) => text.replace(/(?<=md .* C)\d+/, '1') });
    await using client = Client.create(relay.address, { protocol: 'meta', timeout: 2, logger: false });
    await client.set('key', 'value', { expires: 100 });
    expect(await client.invalidate('key', { staleFor: 50 })).toBe(true);
    expect(await client.inspect('key')).toMatchObject({ stale: true });
  });
});
