import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { startRelay } from '../support/relay.ts';

const SILENT = { log: (): void => {} };

const toStop: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of toStop.splice(0).reverse()) await each.stop();
});

/** A memcached that takes every CAS of an `md` for another one, as 1.6.10 to 1.6.12 do, and tells that version. */
async function start(version: string, onDelete?: () => void) {
  const server = await startMemcached();
  toStop.push(server);
  const relay = await startRelay(server, {
    toServer: (text) => {
      if (text.startsWith('md ')) onDelete?.();
      return text.replace(/^(md \S+(?: b)?) C\d+/gm, '$1 C18446744073709551615');
    },
    toClient: (text) => text.replace(/^VERSION .*$/gm, version),
  });
  toStop.push(relay);
  return relay;
}

async function found(client: Client, key: string): Promise<string | undefined> {
  return (await client.get(key)).value?.toString();
}

describe.each(['VERSION 1.6.10', 'VERSION 1.6.12', 'VERSION UNKNOWN', 'ERROR'])('a server that says %s', (version) => {
  it('deletes by CAS over meta, though it compares that of a delete wrongly', async () => {
    const relay = await start(version);
    const client = Client.create(relay.address, { protocol: 'meta', logger: SILENT });
    toStop.push({ stop: async () => client.close() });
    for (const key of ['first', 'second', 'a key in base64']) {
      await client.set(key, 'old');
      const { cas = 0n } = await client.get(key, { cas: true });
      await client.set(key, 'new');
      const { cas: now = 0n } = await client.get(key, { cas: true });
      expect(await client.delete(key, { cas })).toBe(false);
      expect(await found(client, key)).toBe('new');
      expect(await client.delete(key, { cas: now })).toBe(true);
      expect(await found(client, key)).toBeUndefined();
      expect(await client.delete(key, { cas: now })).toBe(false);
      expect(await client.add(key, 'another')).toBe(true);
      expect(await found(client, key)).toBe('another');
    }
    // Once it is known, no further request is sent.
    expect(relay.received.toString().match(/^md /gm)).toHaveLength(2);
  });

  it('lets a delete be aborted on its way', async () => {
    const controller = new AbortController();
    const relay = await start(version, () => controller.abort());
    const client = Client.create(relay.address, { protocol: 'meta', logger: SILENT });
    toStop.push({ stop: async () => client.close() });
    await client.set('key', 'value');
    const { cas = 0n } = await client.get('key', { cas: true });
    const aborted = client.delete('key', { cas, signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(await found(client, 'key')).toBe('value');
  });
});

it('asks once where the server is known to compare rightly', async () => {
  const server = await startMemcached();
  toStop.push(server);
  const relay = await startRelay(server);
  toStop.push(relay);
  const client = Client.create(relay.address, { protocol: 'auto', logger: SILENT });
  toStop.push({ stop: async () => client.close() });
  await client.set('key', 'value');
  expect(await client.delete('key', { cas: 999n })).toBe(false);
  expect(relay.received.toString().match(/^m[sd] /gm)).toEqual(['ms ', 'md ']);
});
