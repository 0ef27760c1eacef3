import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, type ClientOptions, elasticache, type ServerOptions } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { certificates } from '../../support/certificates.ts';
import { failure } from '../../support/outcomes.ts';
import { freePort } from '../../support/ports.ts';
import { RawClient } from '../../support/raw-client.ts';
import { answer, silent, startRogueServer } from '../../support/rogue-server.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { failureWithin, SLACK, useClients } from '../clients.ts';
import { churn } from './churn.ts';

const clients = useClients();
let endpoint: MemoryServer;
let nodes: MemoryServer[];

beforeEach(async () => {
  endpoint = await MemoryServer.start();
  nodes = await Promise.all([MemoryServer.start(), MemoryServer.start(), MemoryServer.start()]);
});

afterEach(() => Promise.all([endpoint, ...nodes].map((server) => server.stop())));

function discovering(options: ClientOptions & ServerOptions = {}, interval = 0.05): Client {
  const discovery = elasticache({ endpoint: endpoint.address, interval });
  return clients.create(null as never, { discovery, retries: 1, protocol: 'auto', ...options });
}

const ports = (client: Client): number[] => client.servers.map(({ port }) => port);

describe('MemoryServer as the configuration endpoint', () => {
  test('answers as ElastiCache does, and the number goes up with each change', async () => {
    using raw = await RawClient.connect(endpoint);
    raw.send('config get cluster\r\n');
    expect(await raw.receiveLine()).toBe('ERROR');
    raw.send('get AmazonElastiCache:cluster\r\n');
    expect(await raw.receiveLine()).toBe('END');
    endpoint.cluster = [{ host: 'one', port: 1 }];
    endpoint.cluster = [
      { host: 'a.0001.example', address: '10.0.0.1', port: 11211 },
      { host: 'a.0002.example', port: 11212 },
    ];
    const block = '2\na.0001.example|10.0.0.1|11211 a.0002.example||11212\n';
    raw.send('config get cluster\r\n');
    const whole = `CONFIG cluster 0 ${block.length}\r\n${block}\r\nEND\r\n`;
    expect((await raw.receive(whole.length)).toString()).toBe(whole);
    raw.send('get AmazonElastiCache:cluster\r\n');
    const old = `VALUE AmazonElastiCache:cluster 0 ${block.length}\r\n${block}\r\nEND\r\n`;
    expect((await raw.receive(old.length)).toString()).toBe(old);
    expect(endpoint.cluster).toHaveLength(2);
  });
});

describe('elasticache()', () => {
  test('commands wait for the first list and go to its nodes', async () => {
    endpoint.cluster = nodes;
    const client = discovering();
    expect(await client.set('a', 'value')).toBe(true);
    expect(ports(client)).toEqual(nodes.map(({ port }) => port));
    expect(Object.keys(await client.version()).sort()).toEqual(nodes.map(({ address }) => address).sort());
  });

  test('asks old engines for their key', async () => {
    const [node] = nodes as [MemoryServer];
    // An engine that knows the key only.
    const old = clients.create(endpoint.address, { protocol: 'auto' });
    await old.set('AmazonElastiCache:cluster', `1\n${node.host}||${node.port}\n`);
    expect(await discovering().set('a', 'value')).toBe(true);
    expect(node.stats().cmd_set).toBe('1');
  });

  test('host names that begin with a digit', async () => {
    endpoint.cluster = [
      { host: '1a.0001.example', address: '10.0.0.1', port: 11211 },
      { host: '', address: '10.0.0.2', port: 11212 },
    ];
    expect(await elasticache({ endpoint: endpoint.address }).discover()).toEqual([
      { host: '1a.0001.example', port: 11211 },
      { host: '10.0.0.2', port: 11212 },
    ]);
  });

  test('a response in pieces is read whole, and END in a name does not end it', async () => {
    endpoint.cluster = [
      { host: 'one.END', port: 1 },
      { host: 'two', port: 2 },
    ];
    for (const bytes of [1, 7, 30]) {
      endpoint.faults.add({ kind: 'pieces', bytes });
      expect(await elasticache({ endpoint: endpoint.address }).discover()).toHaveLength(2);
      await endpoint.faults.clear();
    }
  });

  test('over TLS, by the address or by the option', async () => {
    const { ca, server } = await certificates();
    const pair = { cert: server.certPem, key: server.keyPem };
    await using secure = await MemoryServer.start({ tls: pair });
    secure.cluster = nodes;
    const place = `127.0.0.1:${secure.port}`;
    expect(await elasticache({ endpoint: place, tls: { ca: ca.certPem } }).discover()).toHaveLength(3);
    const unknown = { cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } };
    await expect(elasticache({ endpoint: secure.address }).discover()).rejects.toMatchObject(unknown);
    await expect(elasticache({ endpoint: place, tls: true }).discover()).rejects.toMatchObject(unknown);
  });

  test.each([
    ['no cluster', answer('ERROR\r\n'), 'ERR_PROTOCOL'],
    ['a node that is none', answer('CONFIG cluster 0 8\r\n1\na|b|c\n\r\nEND\r\n'), 'ERR_PROTOCOL'],
    ['silence', silent(), 'ERR_TIMEOUT'],
  ])('an endpoint with %s is an error', async (_what, behaviour, code) => {
    await using rogue = await startRogueServer(behaviour);
    const found = elasticache({ endpoint: rogue.address, timeout: 0.1 }).discover();
    expect(await failureWithin(found, 0, 200 + SLACK)).toMatchObject({ code });
  });

  test('discovery fails: waiting commands reject, with the reason', async () => {
    const discovery = elasticache({ endpoint: `127.0.0.1:${await freePort()}`, interval: 0.05 });
    const client = clients.create(null as never, { discovery, timeout: 1 });
    const sent = [client.get('a'), client.set('a', 'v'), client.stats(), client.getMulti(['a']), client.connect()];
    for (const waiting of sent) {
      expect(await failureWithin(waiting, 0, SLACK)).toMatchObject({
        code: 'ERR_NO_SERVERS',
        cause: { code: 'ERR_CONNECT' },
      });
    }
    client.close();
  });

  test('discovery does not answer: waiting commands reject after conntimeout, and quit() waits for them', async () => {
    await using rogue = await startRogueServer(silent());
    const discovery = elasticache({ endpoint: rogue.address });
    const client = clients.create(null as never, { discovery, conntimeout: 0.2 });
    const waiting = failureWithin(client.get('a'), 200, 200 + SLACK);
    let settled = false;
    void waiting.then(() => {
      settled = true;
    });
    await client.quit();
    await new Promise(setImmediate);
    expect(settled).toBe(true);
    expect(await waiting).toMatchObject({ code: 'ERR_NO_SERVERS' });
    const closed = failure(client.get('b'));
    client.close();
    expect(await closed).toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('a source that fails keeps the last list, logs once, and is heard again', async () => {
    endpoint.cluster = nodes.slice(0, 2);
    const client = discovering();
    await client.set('a', 'value');
    const down = endpoint.faults.add({ kind: 'refuse' });
    await sleep(400);
    expect(await client.set('a', 'value')).toBe(true);
    expect(ports(client)).toHaveLength(2);
    expect(clients.log.filter((line) => /Discovery failed/.test(line))).toHaveLength(1);
    endpoint.cluster = nodes;
    await down.remove();
    await eventually(() => ports(client).length === 3, { timeout: 1000 });
  });

  test('servers that stay keep their sockets, and those that go close theirs', async () => {
    endpoint.cluster = nodes.slice(0, 2);
    const client = discovering();
    await client.connect();
    const [stays] = client.servers;
    endpoint.cluster = nodes.filter((_, index) => index !== 1);
    await eventually(() => ports(client)[1] === nodes[2]?.port);
    expect(client.servers[0]).toBe(stays);
    await eventually(() => nodes[1]?.connections === 0);
    expect(nodes[0]?.stats().total_connections).toBe('1');
  });

  test('a node that is named twice is one server', async () => {
    const [node] = nodes as [MemoryServer];
    endpoint.cluster = [node, node];
    const client = discovering();
    await client.connect();
    await sleep(200);
    expect(ports(client)).toEqual([node.port]);
    expect(node.stats().total_connections).toBe('1');
  });

  test('what goes finishes what it has', async () => {
    const [slow] = nodes as [MemoryServer];
    endpoint.cluster = [slow];
    const client = discovering({ timeout: 2 });
    await client.set('a', 'value');
    slow.faults.add({ kind: 'latency', ms: 300 });
    const waiting = client.get('a');
    await sleep(20);
    endpoint.cluster = nodes.slice(1);
    await eventually(() => ports(client).length === 2);
    expect((await waiting).value?.toString()).toBe('value');
    await eventually(() => slow.connections === 0);
  });

  test('nodes get the credentials and the TLS options of the client', async () => {
    const { ca, server } = await certificates();
    const pair = { cert: server.certPem, key: server.keyPem };
    await using node = await MemoryServer.start({ tls: pair, users: { alice: 'secret' } });
    endpoint.cluster = [{ host: node.host, port: node.port }];
    const client = discovering({ username: 'alice', password: 'secret', tls: { ca: ca.certPem } });
    expect(await client.set('a', 'value')).toBe(true);
  });

  test('close() stops the questions, and a command starts one row of them again', async () => {
    endpoint.cluster = nodes;
    const client = discovering();
    await client.set('a', 'value');
    client.close();
    await sleep(100);
    const asked = (): number => Number(endpoint.stats().total_connections);
    const before = asked();
    await sleep(200);
    expect(asked()).toBe(before);
    // Whoever stops and starts again while a question is under way is not to have two rows of them.
    for (let round = 0; round < 5; round++) {
      await client.set('a', 'value');
      client.close();
    }
    await client.set('a', 'value');
    const from = asked();
    await sleep(500);
    expect(asked() - from).toBeGreaterThan(3);
    expect(asked() - from).toBeLessThanOrEqual(11);
  });
});

test('nodes replaced under load: no failed command, no leaked socket', async () => {
  const { commands, failed, wrong, changes, seen, leaked } = await churn({ duration: 4000, interval: 100 });
  expect(failed).toEqual([]);
  expect(wrong).toEqual([]);
  expect(leaked).toBe(0);
  expect(commands).toBeGreaterThan(1000);
  expect(changes).toBeGreaterThan(20);
  expect(seen).toBeGreaterThan(changes / 2);
});
