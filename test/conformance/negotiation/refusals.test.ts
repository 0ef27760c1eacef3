import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { failure, protocolOf } from '../../support/outcomes.ts';
import {
  type Behaviour,
  finAfterData,
  resetAfterData,
  silent,
  startRogueServer,
  tooManyConnections,
} from '../../support/rogue-server.ts';
import type { Options } from '../client/suite/target.ts';

const CONNTIMEOUT = 0.4;
const SLACK = 250;
const USER = { username: 'its-user', password: 'its-password' };

const clients: Client[] = [];
const logged: string[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  logged.length = 0;
});

function create(address: string, options: Options = {}): Client {
  const logger = { log: (...parts: unknown[]): void => void logged.push(parts.join(' ')) };
  const client = Client.create(address, { conntimeout: CONNTIMEOUT, timeout: 0.3, retries: 1, logger, ...options });
  clients.push(client);
  return client;
}

/** Answers each line, or pair of a line and a data block, and closes when it has none. */
function text(answer: (line: string, data: string) => string | undefined): Behaviour {
  return (socket: Socket) => {
    let pending = '';
    socket.on('data', (chunk: Buffer) => {
      pending += chunk.toString('latin1');
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        const block = /^set \S+ \d+ \d+ (\d+)/.exec(line);
        const length = end + 2 + (block === null ? 0 : Number(block[1]) + 2);
        if (pending.length < length) return;
        const answered = answer(line, pending.slice(end + 2, Math.max(end + 2, length - 2)));
        pending = pending.slice(length);
        if (answered === undefined) socket.end();
        else socket.write(answered);
      }
      // A frame has no line, and its first byte is no text.
      if (pending.charCodeAt(0) === 0x80) socket.end();
    });
  };
}

function afterLogin(meta: boolean, line: string, word: string, key: string): string {
  if (word === 'mn') return meta ? 'MN\r\n' : 'ERROR\r\n';
  if (word === 'version') return 'VERSION 1.6.18\r\n';
  if (word === 'get') return `VALUE ${key} 0 2\r\nhi\r\nEND\r\n`;
  return `VA 2 f0 ${/O\d+/.exec(line)?.[0]}\r\nhi\r\n`;
}

/** Asks for a login of its own form, then has one item. */
function withLogin(login: (key: string, data: string) => boolean, meta = true): Behaviour {
  const states = new WeakMap<Socket, boolean>();
  return (socket, index, server) => {
    text((line, data) => {
      const [word, key = ''] = line.trimEnd().split(' ');
      if (states.get(socket) !== true) {
        if (word !== 'set') return undefined;
        const right = login(key, data);
        states.set(socket, right);
        return right ? 'STORED\r\n' : 'CLIENT_ERROR authentication failure\r\n';
      }
      return afterLogin(meta, line, String(word), key);
    })(socket, index, server);
  };
}

describe('ASCII authentication', () => {
  it.each(['auto', 'meta', 'classic'] as const)('may have the user as its key, with %s', async (protocol) => {
    const login = (key: string, data: string) => key === USER.username && data === USER.password;
    await using rogue = await startRogueServer(withLogin(login));
    const client = create(rogue.address, { protocol, ...USER });
    expect((await client.get('key')).value?.toString()).toBe('hi');
    expect(protocolOf(client)).toBe(protocol === 'auto' ? 'meta' : protocol);
    const attempts = protocol === 'auto' ? 3 : 2;
    expect(rogue.connections).toBe(attempts);
    if (protocol !== 'auto') return;
    // Remembered.
    rogue.cut();
    await expect.poll(async () => (await client.get('key').catch(() => undefined))?.value?.toString()).toBe('hi');
    expect(rogue.connections).toBe(attempts + 1);
  });

  it('may be one to a server that knows the classic protocol only', async () => {
    const login = (_key: string, data: string) => data === `${USER.username} ${USER.password}`;
    await using rogue = await startRogueServer(withLogin(login, false));
    const client = create(rogue.address, USER);
    expect((await client.get('key')).value?.toString()).toBe('hi');
    expect(protocolOf(client)).toBe('classic');
    // SASL, meta, classic.
    expect(rogue.connections).toBe(3);
  });

  it('that is refused in every form is ERR_AUTH, which says what was tried', async () => {
    await using rogue = await startRogueServer(withLogin(() => false));
    const client = create(rogue.address, USER);
    const error = await failure(client.get('key'));
    expect(error).toMatchObject({ code: 'ERR_AUTH', server: rogue.address });
    expect(error.message).toBe(
      'Memcached server authentication failed! Tried: binary with SASL; meta with ASCII authentication; meta with ASCII authentication, the user as the key',
    );
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${logged}`).not.toMatch(/its-(user|password)/);
  });

  it('with a user that can be no key is refused, not waited for', async () => {
    await using rogue = await startRogueServer(withLogin(() => false));
    const client = create(rogue.address, { protocol: 'meta', username: 'its user', password: 'its-password' });
    const begin = performance.now();
    const error = await failure(client.get('key'));
    expect(performance.now() - begin).toBeLessThan(CONNTIMEOUT * 1000);
    expect(error).toMatchObject({ code: 'ERR_AUTH' });
    expect(error.message).not.toMatch(/its/);
  });
});

describe('auto', () => {
  it('finds a server that speaks classic only, and asks in one write for each connection', async () => {
    const answers: Record<string, string> = { version: 'VERSION 1.2.8\r\n', 'get key': 'END\r\n' };
    await using rogue = await startRogueServer(text((line) => answers[line] ?? 'ERROR\r\n'));
    const client = create(rogue.address);
    expect(await client.get('key')).toEqual({ value: null, flags: null });
    expect(protocolOf(client)).toBe('classic');
    // meta, binary, classic.
    expect(rogue.connections).toBe(3);
    // So long that a server that is binary only by then has a header to refuse.
    expect(rogue.received[2]?.toString()).toBe('version\r\nversion\r\nversion\r\nget key\r\n');
  });

  it.each([
    ['FIN', finAfterData()],
    ['RST', resetAfterData()],
    ['ERROR', text(() => 'ERROR\r\n')],
    ['something else', text(() => 'HELLO\r\n')],
  ])('ends with ERR_PROTOCOL where everything is answered with %s', async (_what, behaviour) => {
    await using rogue = await startRogueServer(behaviour);
    const begin = performance.now();
    const error = await failure(create(rogue.address).get('key'));
    expect(performance.now() - begin).toBeLessThan(CONNTIMEOUT * 1000 + SLACK);
    expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_PROTOCOL', server: rogue.address });
    expect(error.message).toBe('The server speaks none of the protocols. Tried: meta; binary; classic');
    expect(error.cause).toBeInstanceOf(Error);
    expect(rogue.connections).toBe(3);
  });

  it.each([
    ['FIN', finAfterData()],
    ['RST', resetAfterData()],
  ])(
    'with credentials, which nobody has refused, ends with ERR_CONNECT where everything is answered with %s',
    async (_what, behaviour) => {
      await using rogue = await startRogueServer(behaviour);
      const error = await failure(create(rogue.address, USER).get('key'));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_CONNECT', server: rogue.address });
      // SASL, meta, classic.
      expect(rogue.connections).toBe(3);
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${logged}`).not.toMatch(/its-(user|password)/);
    },
  );

  it.each([[{}], [USER]])('ends with ERR_TIMEOUT after conntimeout where nothing is answered: %j', async (options) => {
    await using rogue = await startRogueServer(silent());
    const begin = performance.now();
    const error = await failure(create(rogue.address, options).get('key'));
    const taken = performance.now() - begin;
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', server: rogue.address });
    expect(taken).toBeGreaterThanOrEqual(CONNTIMEOUT * 1000 - 5);
    expect(taken).toBeLessThan(CONNTIMEOUT * 1000 + SLACK);
  });

  it('keeps to one conntimeout for all that it tries', async () => {
    const closesLate: Behaviour = (socket) => void socket.once('data', () => setTimeout(() => socket.end(), 450));
    await using rogue = await startRogueServer(closesLate);
    const conntimeout = 1.2;
    const begin = performance.now();
    await failure(create(rogue.address, { conntimeout }).get('key'));
    expect(performance.now() - begin).toBeLessThan(conntimeout * 1000 + SLACK);
    expect(rogue.connections).toBe(3);
  });

  it.each(['auto', 'binary', 'meta', 'classic'] as const)(
    'or %s: a full server is ERR_CONNECT, and says so',
    async (protocol) => {
      await using rogue = await startRogueServer(tooManyConnections());
      const error = await failure(create(rogue.address, { protocol }).get('key'));
      expect(error).toMatchObject({ code: 'ERR_CONNECT', server: rogue.address });
      expect(error.message).toMatch(/too many open connections/);
      expect(rogue.connections).toBe(1);
    },
  );
});
