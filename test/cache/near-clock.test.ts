import { expect, it, vi } from 'vitest';
import { Cache } from '../../src/cache/index.ts';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { hasMemcached } from '../support/memcacheds.ts';
import { sleep } from '../support/wait.ts';
import { PROTOCOLS, QUICK, useServer } from './support.ts';

/** How far the clock on the wall has been set, in milliseconds. */
const clock = vi.hoisted(() => ({ setBy: 0 }));

vi.mock('../../src/clock.ts', async (original) => {
  const real = await original<typeof import('../../src/clock.ts')>();
  return { ...real, wallNow: () => real.wallNow() + clock.setBy };
});

const { open } = await useServer();
const HOUR = 3_600_000;

it.each([-HOUR, HOUR])('near trusts a value no longer when the clock is set by %i ms', async (setBy) => {
  clock.setBy = 0;
  const caches = PROTOCOLS.map((protocol) => {
    const namespace = `clock ${protocol} ${setBy}`;
    const near = new Cache(open(protocol), { namespace, near: { trustFor: 0.4, admit: 'all' } });
    return { near, far: new Cache(open(protocol), { namespace }) };
  });
  for (const { near, far } of caches) {
    await far.set('key', 'older');
    // One of a second may be gone at once: the server counts whole ones.
    await far.set('short', 'lived', { expires: 2 });
    expect([await near.get('key'), await near.get('short')]).toEqual(['older', 'lived']);
  }
  clock.setBy = setBy;
  for (const { near, far } of caches) {
    expect(await near.get('key')).toBe('older');
    await far.set('key', 'newer');
  }
  await sleep(450);
  for (const { near } of caches) expect(await near.get('key')).toBe('newer');
  // The server's clock counts.
  await sleep(2100);
  for (const { near } of caches) expect(await near.get('short')).toBeUndefined();
  clock.setBy = 0;
});

it.skipIf(!hasMemcached('1.6.45'))(
  'an unchanged value is as old as the server says, whatever the clock says',
  async () => {
    await using server = await startMemcached({ version: '1.6.45' });
    await using client = Client.create(server.address, { ...QUICK, protocol: 'meta' });
    const near = new Cache(client, { namespace: 'aged', near: { trustFor: 0, admit: 'all' } });
    clock.setBy = 0;
    await near.set('key', 'value', { expires: 1, staleFor: 60 });
    for (let i = 0; i < 10; i++) expect(await near.get('key')).toBe('value');
    expect(near.stats().revalidated).toBeGreaterThan(0);
    clock.setBy = -HOUR;
    await sleep(2100);
    expect(await near.get('key')).toBeUndefined();
    clock.setBy = 0;
  },
);
