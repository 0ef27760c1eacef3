import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { isFree } from '../../support/ports.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import { RawClient } from '../../support/raw-client.ts';

let server: Memcached;
let proxy: TcpProxy;
let client: RawClient;

beforeEach(async () => {
  server = await startMemcached();
  proxy = await startProxy(server.port);
  client = await RawClient.connect(proxy);
  client.send('mn\r\n');
  expect(await client.receiveLine()).toBe('MN');
});

afterEach(async () => {
  client[Symbol.dispose]();
  await proxy.stop();
  await server.stop();
  expect(await isFree(proxy.port)).toBe(true);
});

it('passes on and counts', () => {
  expect(proxy).toMatchObject({ connections: 1, open: 1, bytesToServer: 4, bytesFromServer: 4, bytesToClient: 4 });
});

it('holds and releases', async () => {
  proxy.hold();
  client.send('mn\r\nmn\r\n');
  await expect.poll(() => proxy.bytesFromServer).toBe(12);
  expect(client.received.length).toBe(0);
  proxy.release();
  expect(await client.receiveLine()).toBe('MN');
  expect(await client.receiveLine()).toBe('MN');
});

it('holds the end of the connection back too', async () => {
  proxy.hold();
  client.send('quit\r\n');
  await expect(client.untilClosed(50)).rejects.toThrow();
  proxy.release();
  await client.untilClosed();
});

it('splits', async () => {
  proxy.split(1);
  let events = 0;
  client.socket.on('data', () => {
    events += 1;
  });
  client.send('mn\r\n'.repeat(25));
  expect((await client.receive(100)).toString()).toBe('MN\r\n'.repeat(25));
  expect(proxy.piecesToClient).toBe(101);
  expect(events).toBeGreaterThan(90);
});

it('cuts, refuses and takes connections again', async () => {
  proxy.cut();
  await client.untilClosed();
  await expect.poll(() => proxy.open).toBe(0);
  proxy.refuse();
  await expect(RawClient.connect(proxy)).rejects.toThrow(/ECONNREFUSED/);
  await proxy.accept();
  using again = await RawClient.connect(proxy);
  again.send('mn\r\n');
  expect(await again.receiveLine()).toBe('MN');
});

it('cuts with a reset, as it does when the server is gone', async () => {
  await server.kill();
  await client.untilClosed();
  using refused = await RawClient.connect(proxy);
  await refused.untilClosed();
  expect(proxy.connections).toBe(2);
});
