import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src/index.ts';
import { outcome } from '../../support/outcomes.ts';
import { startProxy } from '../../support/proxy.ts';
import { CAN } from '../../support/subject.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { type Options, useClients } from '../clients.ts';
import { useProxied } from './proxied.ts';

const clients = useClients();
const stage = useProxied(clients);

function create(options: Options = {}): Client {
  return clients.create(`127.0.0.1:${stage.proxy.port}`, { timeout: 1, retries: 3, retry_delay: 0.15, ...options });
}

const LATER: Record<string, (client: Client) => Promise<unknown>> = {
  set: (client) => client.set('key', 'later'),
  'set, as bytes': (client) => client.set(Buffer.from('key'), 'later'),
  setMulti: (client) => client.setMulti([['key', 'later']]),
  'replace and append': async (client) => {
    await client.set('key', 'lat');
    await client.append('key', 'er');
  },
};

/** Waits until the client has noticed that its connection is over. */
async function closed(client: Client): Promise<void> {
  await eventually(() => expect(Object.values(client.status())[0]?.connections).toBe(0));
}

/** Waits until a command that was cut is between two attempts, and sends another one. */
async function cutAndOvertaken(client: Client, later: (client: Client) => Promise<unknown>): Promise<unknown> {
  stage.proxy.hold();
  const first = outcome(client.set('key', 'earlier'));
  // What is still unread when the connection is cut would be carried out behind the later one.
  await eventually(async () => expect(String((await stage.direct.get('key')).value)).toBe('earlier'));
  stage.proxy.cut('reset');
  await closed(client);
  stage.proxy.release();
  await later(client);
  return first;
}

describe.each(CAN.protocols)('over %s', (protocol) => {
  test.each(Object.entries(LATER))(
    'a set is not sent again behind a later %s: it fails with its error',
    async (_, later) => {
      const client = create({ protocol });
      await client.get('key');
      expect(await cutAndOvertaken(client, later)).toMatchObject({ code: 'ERR_CONNECT' });
      expect(String((await stage.direct.get('key')).value)).toBe('later');
    },
  );

  test('with failover likewise', async () => {
    const client = create({ protocol, failover: true });
    await client.get('key');
    const first = await cutAndOvertaken(client, (other) => other.set('key', 'later'));
    expect(first).toMatchObject({ code: 'ERR_CONNECT' });
    expect(String((await stage.direct.get('key')).value)).toBe('later');
  });

  test('nor behind a delete, a flush, or of many keys', async () => {
    const client = create({ protocol });
    await client.get('key');
    expect(await cutAndOvertaken(client, () => client.delete('key'))).toMatchObject({ code: 'ERR_CONNECT' });
    expect((await stage.direct.get('key')).value).toBeNull();
    expect(await cutAndOvertaken(client, () => client.flush())).toMatchObject({ code: 'ERR_CONNECT' });
    expect((await stage.direct.get('key')).value).toBeNull();
  });

  test('what times out while a later one is answered on the same connection', async () => {
    const client = create({ protocol });
    await client.get('key');
    stage.proxy.hold();
    const first = outcome(client.set('key', 'earlier', { timeout: 0.05 }));
    const later = client.set('key', 'later', { timeout: 3 });
    await sleep(100);
    stage.proxy.release();
    expect(await later).toBe(true);
    expect(await first).toMatchObject({ code: 'ERR_TIMEOUT' });
    await sleep(200);
    expect(String((await stage.direct.get('key')).value)).toBe('later');
  });

  test('what times out on a connection that takes no more, when a later one was answered by another', async () => {
    await using line = await startProxy(stage.server.port);
    const client = clients.create(`127.0.0.1:${line.port}`, { protocol, timeout: 0.1, retries: 3, retry_delay: 0.05 });
    await client.get('key');
    line.mute();
    const another = client.get('another');
    const first = outcome(client.set('key', 'earlier', { timeout: 0.5 }));
    await another;
    await client.set('key', 'later');
    expect(await first).toMatchObject({ code: 'ERR_TIMEOUT' });
    await sleep(100);
    expect(String((await stage.direct.get('key')).value)).toBe('later');
  });

  test('a write alone is sent again, and so are two of which neither has left, in their order', async () => {
    const client = create({ protocol, retries: 20 });
    await client.get('key');
    stage.proxy.hold();
    const alone = client.set('key', 'alone');
    await sleep(20);
    stage.proxy.cut('reset');
    await closed(client);
    stage.proxy.release();
    expect(await alone).toBe(true);
    stage.proxy.refuse();
    stage.proxy.cut();
    await closed(client);
    const both = Promise.all([client.set('key', 'one'), client.set('key', 'two')]);
    await sleep(50);
    await stage.proxy.accept();
    await outcome(both);
    expect(String((await stage.direct.get('key')).value)).toBe('two');
  });
});
