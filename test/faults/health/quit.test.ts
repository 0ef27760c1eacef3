import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startMemcached } from '../../support/memcached.ts';
import { startRogueServer } from '../../support/rogue-server.ts';
import { sleep } from '../../support/wait.ts';
import { useClients } from '../clients.ts';

const clients = useClients();

/** Passes connections on to a server, once they have waited for a while. */
function startSlowProxy(port: number) {
  return startRogueServer(async (socket) => {
    socket.pause();
    await sleep(50);
    const upstream = connect({ host: '127.0.0.1', port });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  });
}

test.each(['binary', 'meta', 'classic'] as const)(
  'a quit while connections are being opened leaves none, %s',
  async (protocol) => {
    await using server = await startMemcached();
    await using proxy = await startSlowProxy(server.port);
    const client = clients.create(proxy.address, { protocol, connections: 4 });
    const answers = Array.from({ length: 100 }, (_, i) => client.get(`key-${i}`));
    await client.quit();
    await Promise.all(answers);
    await sleep(200);
    expect(proxy.open).toBe(0);
  },
);

test.each(['binary', 'meta', 'classic'] as const)(
  'a command that fails over during a quit leaves no connection, %s',
  async (protocol) => {
    await using server = await startMemcached();
    await using silent = await startRogueServer(() => {});
    await using proxy = await startSlowProxy(server.port);
    const client = clients.create(`${silent.address},${proxy.address}`, {
      protocol,
      failover: true,
      retries: 1,
      timeout: 0.4,
    });
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`).filter((key) => client.getServer(key) === 0);
    const answers = Promise.all(keys.map((key) => client.get(key)));
    await client.quit();
    await answers;
    await sleep(200);
    expect(proxy.connections).toBeGreaterThan(0);
    expect(proxy.open).toBe(0);
  },
);
