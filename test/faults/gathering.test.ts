import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { afterProbe, type Behaviour, type RogueServer, silent, startRogueServer } from '../support/rogue-server.ts';
import { CAN } from '../support/subject.ts';
import { startTwemproxy } from '../support/twemproxy.ts';
import { eventually } from '../support/wait.ts';
import { type Options, useClients } from './clients.ts';

const clients = useClients();
let server: Memcached;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

const keysOf = (count: number, name = 'key') => Array.from({ length: count }, (_, index) => `${name}-${index}`);

function classic(address: string, options: Options = {}) {
  return clients.create(address, { protocol: 'classic', timeout: 3, retries: 0, ...options });
}

/** Passes everything on to memcached, and back; the server keeps what came. */
function relay(): Behaviour {
  return (socket) => {
    const onward = connect({ host: server.host, port: server.port, noDelay: true });
    onward.on('error', () => {}).on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  };
}

/** The lines that ask for values, over all connections. */
function getLines({ received }: RogueServer): string[] {
  const lines = received.flatMap((bytes) => bytes.toString('latin1').split('\r\n'));
  return lines.filter((line) => /^gets? /.test(line));
}

/** Answers each line: a get of one key by its value, one of several as `several` says. */
function answering(several: (keys: string[], socket: Socket) => string): Behaviour {
  return (socket) => {
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n');
      rest = lines.pop() as string;
      for (const line of lines) if (!socket.writableEnded) socket.write(answerTo(line, several, socket));
    });
  };
}

function answerTo(line: string, several: (keys: string[], socket: Socket) => string, socket: Socket): string {
  if (line === 'version') return 'VERSION 1.6.18\r\n';
  const [, ...keys] = line.split(' ');
  return keys.length > 1 ? several(keys, socket) : `${valueLine(keys[0] as string)}END\r\n`;
}

const valueLine = (key: string) => `VALUE ${key} 0 ${key.length}\r\n${key}\r\n`;

describe.skipIf(!CAN.protocols.includes('classic'))('gets of one turn over classic', () => {
  test('leave in lines of at most 64 keys and 2 KB, and each has its own value', async () => {
    await using rogue = await startRogueServer(relay());
    const client = classic(rogue.address);
    const keys = [...keysOf(300), ...keysOf(60, 'k'.repeat(200)), ...keysOf(3, 'ü')];
    await client.setMulti(new Map(keys.filter((_, index) => index % 3 > 0).map((key) => [key, `value of ${key}`])));
    const found = await Promise.all(keys.map((key) => client.get(key)));
    expect(found.map(({ value }) => value?.toString())).toEqual(
      keys.map((key, index) => (index % 3 > 0 ? `value of ${key}` : undefined)),
    );
    const lines = getLines(rogue);
    expect(Math.max(...lines.map((line) => line.split(' ').length - 1))).toBe(64);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(2048);
    expect(lines.length).toBeLessThan(20);
  });

  test('that want the CAS go with their like', async () => {
    await using rogue = await startRogueServer(relay());
    const client = classic(rogue.address);
    await client.setMulti(Object.entries({ a: '1', b: '2', c: '3', d: '4' }));
    const plain = ['a', 'b'].map((key) => client.get(key));
    const withCas = ['c', 'd'].map((key) => client.get(key, { cas: true }));
    for (const result of await Promise.all(plain)) expect(result).not.toHaveProperty('cas');
    for (const { cas } of await Promise.all(withCas)) expect(cas).toBeGreaterThan(0n);
    expect(getLines(rogue)).toEqual(['get a b', 'gets c d']);
  });

  test('ask for a key once, and each caller gets memory of its own', async () => {
    await using rogue = await startRogueServer(relay());
    const client = classic(rogue.address);
    await client.setMulti(Object.entries({ a: 'first', b: 'second' }));
    const found = await Promise.all(['a', 'b', 'a', 'a', 'none', 'none'].map((key) => client.get(key)));
    found[0]?.value?.fill(0);
    found[0]?.flags?.fill(9);
    expect(found.slice(1).map(({ value }) => value?.toString())).toEqual([
      'second',
      'first',
      'first',
      undefined,
      undefined,
    ]);
    expect(found[2]?.flags).toEqual(Buffer.alloc(4));
    expect(getLines(rogue)).toEqual(['get a b none']);
    // Also where all ask for the same.
    const same = await Promise.all(['a', 'a', 'a'].map((key) => client.get(key)));
    expect(same.map(({ value }) => value?.toString())).toEqual(['first', 'first', 'first']);
    expect(getLines(rogue).at(-1)).toBe('get a');
  });

  test('keep their places among writes, a key that is read twice included', async () => {
    const client = classic(server.address);
    await client.set('n', 'old');
    const [before, , , after] = await Promise.all([
      client.get('n'),
      client.get('other'),
      client.set('n', 'new'),
      client.get('n'),
      client.get('another'),
    ]);
    expect([before.value?.toString(), after.value?.toString()]).toEqual(['old', 'new']);
  });

  test('an odd key goes by itself, and one that can not be said takes no other with it', async () => {
    const client = classic(server.address);
    await client.set('noreply', 'word');
    const keys = ['x', 'noreply', 'y', 'noreply', Buffer.from('bytes'), 'z'];
    const found = await Promise.all(keys.map((key) => client.get(key)));
    expect(found.map(({ value }) => value?.toString())).toEqual([
      undefined,
      'word',
      undefined,
      'word',
      undefined,
      undefined,
    ]);
    const results = await Promise.allSettled(['a', 'b c', 'd'].map((key) => client.get(key)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('callbacks, aborts and timeouts are of each alone', async () => {
    await using rogue = await startRogueServer(relay());
    const client = classic(rogue.address);
    await client.setMulti(Object.entries({ a: '1', b: '2', c: '3' }));
    const abort = new AbortController();
    const called = new Promise((resolve) => client.get('a', (_error, value) => resolve(value?.toString())));
    const aborted = client.get('b', { signal: abort.signal });
    const twin = client.get('b');
    const hurried = client.get('c', { timeout: 2 });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(await called).toBe('1');
    expect((await twin).value?.toString()).toBe('2');
    expect((await hurried).value?.toString()).toBe('3');
    expect(getLines(rogue)).toEqual(['get a b', 'get c']);
  });

  test('count one by one for maxPending', async () => {
    const client = classic(server.address, { maxPending: 10 });
    await client.get('warm');
    const results = await Promise.allSettled(keysOf(15).map((key) => client.get(key)));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(5);
    // None is counted any more.
    const again = await Promise.allSettled(keysOf(10).map((key) => client.get(key)));
    expect(again.every(({ status }) => status === 'fulfilled')).toBe(true);
  });
});

describe.skipIf(!CAN.protocols.includes('classic'))('a line of gets that goes wrong', () => {
  const FAULTS: Record<string, (keys: string[], socket: Socket) => string> = {
    'an error for all of them': () => 'SERVER_ERROR Connection refused\r\n',
    'an error in place of the end': ([first]) => `${valueLine(first as string)}SERVER_ERROR out of memory\r\n`,
    'an error in place of a value': ([first, , ...rest]) =>
      `${valueLine(first as string)}SERVER_ERROR backend failure\r\n${rest.map(valueLine).join('')}END\r\n`,
    'the end of the connection': ([first], socket) => {
      socket.end(valueLine(first as string).slice(0, -4));
      return '';
    },
  };

  test.each(Object.entries(FAULTS))(
    '%s: each is asked for again alone, and after two lines they all are',
    async (_, fault) => {
      await using rogue = await startRogueServer(answering(fault));
      const client = classic(rogue.address);
      const keys = keysOf(20);
      for (let turn = 0; turn < 4; turn++) {
        const found = await Promise.all(keys.map((key) => client.get(key)));
        expect(found.map(({ value }) => value?.toString())).toEqual(keys);
      }
      const several = getLines(rogue).filter((line) => line.split(' ').length > 2);
      expect(several).toHaveLength(2);
    },
  );

  test('values in any order belong to their keys', async () => {
    await using rogue = await startRogueServer(
      answering((keys) => `${[...keys].reverse().slice(1).map(valueLine).join('')}END\r\n`),
    );
    const keys = keysOf(10);
    const client = classic(rogue.address);
    const found = await Promise.all(keys.map((key) => client.get(key)));
    expect(found.map(({ value }) => value?.toString())).toEqual([...keys.slice(0, -1), undefined]);
  });

  test('a value for a key that was not asked for ends the connection, and the keys fail', async () => {
    await using rogue = await startRogueServer(answering(() => `${valueLine('other')}END\r\n`));
    const client = classic(rogue.address);
    const results = await Promise.allSettled(keysOf(5).map((key) => client.get(key)));
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_PROTOCOL' } });
    }
  });

  test('no response: all run out of time as they would alone, and close ends those that wait', async () => {
    await using rogue = await startRogueServer(afterProbe(silent()));
    const client = classic(rogue.address, { timeout: 0.2 });
    const late = await Promise.allSettled(keysOf(5).map((key) => client.get(key)));
    for (const result of late) expect(result).toMatchObject({ reason: { code: 'ERR_TIMEOUT' } });
    const other = classic(rogue.address);
    const waiting = Promise.allSettled(keysOf(5).map((key) => other.get(key)));
    await eventually(() => getLines(rogue).length === 2);
    other.close();
    for (const result of await waiting) expect(result).toMatchObject({ reason: { code: 'ERR_CLOSED' } });
  });
});

describe.skipIf(!CAN.protocols.includes('classic'))('behind twemproxy', () => {
  test.each(['dead', 'hung'] as const)('a %s backend: every key of the other one is answered', async (how) => {
    await using good = await startMemcached();
    await using bad = await startMemcached();
    await using proxy = await startTwemproxy({
      servers: [good.address, bad.address],
      settings: { timeout: 150, server_failure_limit: 1000, auto_eject_hosts: false },
    });
    const keys = keysOf(60);
    const client = classic(proxy.address);
    await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
    const direct = classic(good.address);
    const healthy = new Set((await direct.getMulti(keys)).keys());
    expect(healthy.size).toBeGreaterThan(10);
    expect(healthy.size).toBeLessThan(50);
    if (how === 'dead') await bad.stop();
    else bad.pause();
    // The first get of a hung backend may be the one that finds out.
    for (let turn = 0; turn < 3; turn++) {
      const results = await Promise.allSettled(keys.map((key) => client.get(key)));
      for (const [index, key] of keys.entries()) {
        if (!healthy.has(key)) continue;
        const value = Buffer.from(`value of ${key}`);
        expect(results[index]).toMatchObject({ status: 'fulfilled', value: { value } });
      }
    }
    if (how === 'hung') bad.resume();
  });
});
