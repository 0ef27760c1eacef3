import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { failure } from '../support/outcomes.ts';
import { startProxy } from '../support/proxy.ts';
import { afterProbe, type Behaviour, startRogueServer } from '../support/rogue-server.ts';
import { sleep } from '../support/wait.ts';

const SILENT = { logger: { log(): void {} }, timeout: 2 };

/** Answers each line that comes by what `respond` makes of it. */
function lines(respond: (line: string, index: number) => string): Behaviour {
  return (socket, index) => {
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString('latin1').split('\r\n').slice(0, -1)) socket.write(respond(line, index));
    });
  };
}

/** What a server says to `mg` that takes no CAS in a read. */
function withoutCas(line: string): string {
  const opaque = /O\d+/.exec(line)?.[0];
  return / C\d/.test(line) ? 'CLIENT_ERROR invalid flag\r\n' : `VA 5 f0 c7 ${opaque}\r\nvalue\r\n`;
}

test('a server that refuses the CAS of a read is asked in full, and not again on that connection', async () => {
  await using server = await startRogueServer(afterProbe(lines(withoutCas)));
  await using client = Client.create(server.address, { ...SILENT, protocol: 'meta' });
  await client.get('key');
  const same = { unchanged: true, value: null, flags: null, cas: 7n };
  expect(await client.get('key', { ifNoneMatch: 7n })).toEqual(same);
  expect(await client.get('key', { ifNoneMatch: 7n })).toEqual(same);
  expect(await client.get('key', { ifNoneMatch: 8n })).toMatchObject({ unchanged: false, value: Buffer.from('value') });
  expect(String(server.received[0]).match(/ C\d/g)).toHaveLength(1);
  server.cut();
  await client.get('key').catch(() => {});
  expect(await client.get('key', { ifNoneMatch: 7n })).toEqual(same);
  expect(String(server.received[1]).match(/ C\d/g)).toHaveLength(1);
});

test('many that are refused at once are all answered', async () => {
  await using server = await startRogueServer(afterProbe(lines(withoutCas)));
  await using client = Client.create(server.address, { ...SILENT, protocol: 'meta' });
  const reads = Array.from({ length: 100 }, (_, index) => client.get('key', { ifNoneMatch: index < 50 ? 7n : 8n }));
  const found = await Promise.all(reads);
  expect(found.map(({ unchanged }) => unchanged)).toEqual([...Array(50).fill(true), ...Array(50).fill(false)]);
});

test('an error of the server that lasts is the error, and one that passes is tried again', async () => {
  let broken = 2;
  const respond = (line: string): string => (broken-- > 0 ? 'SERVER_ERROR backend failure\r\n' : withoutCas(line));
  await using server = await startRogueServer(afterProbe(lines(respond)));
  await using client = Client.create(server.address, { ...SILENT, protocol: 'meta', retry_delay: 0.01 });
  const error = await failure(client.get('key', { ifNoneMatch: 7n }));
  expect(error).toMatchObject({ code: 'ERR_SERVER', server: server.address });
  broken = 1;
  expect(await client.get('key', { ifNoneMatch: 7n })).toMatchObject({ unchanged: true });
});

test('a response that calls another item unchanged ends the connection', async () => {
  const respond = (line: string): string => `HD f0 c9 ${/O\d+/.exec(line)?.[0]}\r\n`;
  await using server = await startRogueServer(afterProbe(lines(respond)));
  await using client = Client.create(server.address, { ...SILENT, protocol: 'meta', retries: 1 });
  expect(await failure(client.get('key', { ifNoneMatch: 7n }))).toMatchObject({ code: 'ERR_PROTOCOL' });
});

test('an abort of a read that goes in two steps ends it', async () => {
  await using server = await startRogueServer(
    afterProbe(lines((line) => (/ C\d/.test(line) ? 'CLIENT_ERROR invalid flag\r\n' : ''))),
  );
  const client = Client.create(server.address, { ...SILENT, protocol: 'meta' });
  const signal = AbortSignal.timeout(50);
  expect(await failure(client.get('key', { ifNoneMatch: 7n, signal }))).toMatchObject({ name: 'TimeoutError' });
  client.close();
});

test.each(['binary', 'meta', 'classic'] as const)('it is tried again as a read over %s', async (protocol) => {
  await using memcached = await startMemcached();
  await using proxy = await startProxy(memcached.port);
  await using client = Client.create(proxy.address, { ...SILENT, protocol, retry_delay: 0.01 });
  await client.set('key', 'value');
  const { cas } = await client.get('key', { cas: true });
  proxy.hold();
  const read = client.get('key', { ifNoneMatch: cas as bigint });
  await sleep(20);
  proxy.release();
  proxy.cut();
  expect(await read).toMatchObject({ unchanged: true, cas });
});

test.each(['binary', 'meta', 'classic'] as const)(
  'at a server that stands in, the value comes, whatever its CAS: %s',
  async (protocol) => {
    await using own = await startMemcached();
    await using other = await startMemcached();
    await using proxy = await startProxy(own.port);
    const options = { ...SILENT, protocol, retries: 1, failover: true };
    await using client = Client.create([proxy.address, other.address], options);
    const key = Array.from({ length: 50 }, (_, index) => `key-${index}`).find((name) => client.getServer(name) === 0);
    await client.set(key as string, 'old');
    const { cas } = await client.get(key as string, { cas: true });
    // What the stand-in has gets the CAS that the other value had.
    await using direct = Client.create(other.address, SILENT);
    let found: bigint | undefined;
    for (let round = 0; found !== cas && round < 100; round++) {
      await direct.set(key as string, 'new');
      found = (await direct.get(key as string, { cas: true })).cas;
    }
    expect(found).toBe(cas);
    proxy.refuse();
    proxy.cut();
    const read = await client.get(key as string, { ifNoneMatch: cas as bigint });
    expect(read).toMatchObject({ unchanged: false, value: Buffer.from('new'), cas });
    await proxy.accept();
  },
);
