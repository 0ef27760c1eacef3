import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import type { Client, CommandOptions, DiscoveredServer } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { failureWithin, resultWithin, SLACK, useClients } from '../clients.ts';

const clients = useClients();

/** Calls that wait for a first list of servers. */
const CALLS: [name: string, call: (client: Client, options?: CommandOptions) => Promise<unknown>][] = [
  ['get', (client, options) => client.get('key', options)],
  ['getMulti', (client, options) => client.getMulti(['key'], options)],
  ['setMulti', (client, options) => client.setMulti([['key', 'value']], options)],
  ['deleteMulti', (client, options) => client.deleteMulti(['key'], options)],
  ['stats', (client, options) => client.stats(options)],
  ['flush', (client, options) => client.flush(options)],
  ['version', (client, options) => client.version(options)],
  ['connect', (client) => client.connect()],
];

/** A source whose responses come when the test says so. */
function slowSource() {
  const asked: ((servers: DiscoveredServer[]) => void)[] = [];
  const discovery = {
    interval: 60,
    discover: () => new Promise<DiscoveredServer[]>((resolve) => asked.push(resolve)),
  };
  return { asked, discovery };
}

test.each(CALLS)(
  'close fails a %s that waits for a list, and the next one waits for one of its own',
  async (_, call) => {
    await using server = await MemoryServer.start();
    const { asked, discovery } = slowSource();
    const client = clients.create(null as never, { discovery, conntimeout: 5, protocol: 'auto' });
    const waiting = failureWithin(call(client), 0, SLACK);
    client.close();
    expect(await waiting).toMatchObject({ code: 'ERR_CLOSED' });
    const next = call(client);
    expect(asked).toHaveLength(2);
    asked[1]?.([{ host: server.host, port: server.port }]);
    await resultWithin(next, 1000);
  },
);

// A connection that nobody has a command for is given up by quit.
const COMMANDS = CALLS.filter(([name]) => name !== 'connect');

test.each(COMMANDS)('quit waits for the response to a %s that waits for a list', async (_, call) => {
  await using server = await MemoryServer.start();
  const { asked, discovery } = slowSource();
  const client = clients.create(null as never, { discovery, conntimeout: 5, protocol: 'auto' });
  const ended: string[] = [];
  const called = call(client).then(() => ended.push('call'));
  const quit = client.quit().then(() => ended.push('quit'));
  asked[0]?.([{ host: server.host, port: server.port }]);
  await Promise.all([called, quit]);
  expect(ended).toEqual(['call', 'quit']);
  await expect.poll(() => server.connections).toBe(0);
});

test.each(COMMANDS)('a signal ends a %s that waits for a list', async (_, call) => {
  const client = clients.create(null as never, { discovery: slowSource().discovery, conntimeout: 5 });
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error('no more');
  const waiting = [failureWithin(call(client, { signal }), 0, SLACK)];
  controller.abort(reason);
  waiting.push(failureWithin(call(client, { signal }), 0, SLACK));
  expect(await Promise.all(waiting)).toEqual([reason, reason]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test.each(['getOrSet', 'getOrSetMulti'])(
  'a signal ends a %s that waits for a list, without a computation',
  async (name) => {
    const client = clients.create(null as never, { discovery: slowSource().discovery, conntimeout: 5 });
    const controller = new AbortController();
    const { signal } = controller;
    const one = vi.fn(() => 'value');
    const many = vi.fn(() => new Map<string, string>());
    const call =
      name === 'getOrSet' ? client.getOrSet('key', one, { signal }) : client.getOrSetMulti(['key'], many, { signal });
    const waiting = failureWithin(call, 0, SLACK);
    const reason = new Error('no more');
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    expect(one).not.toHaveBeenCalled();
    expect(many).not.toHaveBeenCalled();
  },
);
