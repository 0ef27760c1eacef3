import { expect, it } from 'vitest';
import { isFree } from '../../support/ports.ts';
import { RawClient } from '../../support/raw-client.ts';
import * as rogue from '../../support/rogue-server.ts';
import { sleep } from '../../support/wait.ts';

it('is silent, counts connections and keeps what came', async () => {
  const server = await rogue.startRogueServer(rogue.silent());
  using first = await RawClient.connect(server);
  first.send('a');
  using second = await RawClient.connect(server);
  second.send('bc');
  await expect.poll(() => server.received.map(String)).toEqual(['a', 'bc']);
  expect(server.connections).toBe(2);
  expect(server.open).toBe(2);
  expect(first.received.length).toBe(0);
  await server.stop();
  await first.untilClosed();
  expect(await isFree(server.port)).toBe(true);
});

it('closes with FIN, then with RST', async () => {
  await using server = await rogue.startRogueServer(rogue.inTurn(rogue.finAfterData(), rogue.resetAfterData()));
  expect(await errorAfterSending(server)).toBeUndefined();
  expect(await errorAfterSending(server)).toBe('ECONNRESET');
});

it('refuses after some connections, and takes them again', async () => {
  await using server = await rogue.startRogueServer(rogue.refuseAfter(2, rogue.answer('ok\r\n')));
  using first = await RawClient.connect(server);
  using second = await RawClient.connect(server);
  second.send('x');
  expect(await second.receiveLine()).toBe('ok');
  await expect(RawClient.connect(server)).rejects.toThrow(/ECONNREFUSED/);
  expect(first.closed).toBe(false);
  await server.accept();
  using third = await RawClient.connect(server);
  third.send('x');
  expect(await third.receiveLine()).toBe('ok');
});

it('trickles', async () => {
  await using server = await rogue.startRogueServer(rogue.trickle('HD\r\n', 20));
  using client = await RawClient.connect(server);
  client.send('x');
  await client.receive(1);
  expect(client.received.length).toBeLessThan(3);
  expect(await client.receiveLine()).toBe('D');
});

it('is full, or breaks off', async () => {
  await using server = await rogue.startRogueServer(
    rogue.inTurn(rogue.tooManyConnections(), rogue.halfReply('VA 1\r\n')),
  );
  using first = await RawClient.connect(server);
  expect(await first.receiveLine()).toBe('ERROR Too many open connections');
  await first.untilClosed();
  using second = await RawClient.connect(server);
  second.send('x');
  await second.untilClosed();
  expect(second.received.toString()).toBe('VA ');
});

it('is deaf', async () => {
  await using server = await rogue.startRogueServer(rogue.deaf());
  using client = await RawClient.connect(server);
  client.send('x');
  await sleep(30);
  expect(server.received.map(String)).toEqual(['']);
});

async function errorAfterSending(server: { host: string; port: number }): Promise<string | undefined> {
  using client = await RawClient.connect(server);
  let code: string | undefined;
  client.socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  client.send('x');
  await client.untilClosed();
  return code;
}
