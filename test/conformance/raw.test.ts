import { connect, type NetConnectOpts } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { Opcode } from '../../src/protocol/binary/server-side.ts';
import { frame, transcript } from '../support/binary-frames.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type MemcachedOptions, startMemcached } from '../support/memcached.ts';
import {
  type BinaryCase,
  binaryCases,
  classicCases,
  metaCases,
  newerMetaCases,
  type RawCase,
  saslCases,
  textAuthenticationCases,
} from './raw-cases.ts';

type Login = 'none' | 'text' | 'sasl';

interface Target {
  connect: NetConnectOpts;
  stop(): Promise<void>;
}

const USERS = [
  { username: 'user', password: 'secret' },
  { username: 'bob', password: 'pa:ss:x' },
];

async function startReal(unix: boolean, login: Login): Promise<Target> {
  const options: MemcachedOptions = { unix };
  if (login === 'text') options.auth = USERS;
  if (login === 'sasl') options.sasl = USERS;
  const server = await startMemcached(options);
  const target = server.path === undefined ? { host: server.host, port: server.port } : { path: server.path };
  return { connect: target, stop: () => server.stop() };
}

async function startOurs(unix: boolean, login: Login): Promise<Target> {
  const server = await MemoryServer.start({
    path: unix ? `${makeFolder()}/server.sock` : undefined,
    users: login === 'none' ? undefined : USERS,
    protocol: login === 'none' ? 'auto' : login === 'text' ? 'ascii' : 'binary',
  });
  const target = server.path === undefined ? { host: server.host, port: server.port } : { path: server.path };
  return { connect: target, stop: () => server.stop() };
}

interface Exchange {
  send: Buffer;
  /** Sent behind it; its answer shows that nothing more comes. */
  fence?: { send: Buffer; answer: Buffer } | undefined;
  /** Where there can be no fence: whether all is here that is waited for. */
  complete: (received: Buffer) => boolean;
  closes: boolean;
}

/** Sends on a fresh connection; answers with all that comes back, without the fence's answer. */
async function exchange(target: Target, { send, fence, complete, closes }: Exchange): Promise<Buffer> {
  const socket = connect(target.connect);
  let received = Buffer.alloc(0);
  let closed = false;
  await new Promise<void>((resolve) => {
    const overdue = setTimeout(resolve, 3000);
    const finish = () => {
      clearTimeout(overdue);
      resolve();
    };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (closes) return;
      if (fence === undefined ? complete(received) : received.subarray(-fence.answer.length).equals(fence.answer))
        finish();
    });
    // A server that closes with bytes unread resets the connection.
    socket.on('error', () => {});
    socket.on('close', () => {
      closed = true;
      finish();
    });
    socket.write(fence === undefined ? send : Buffer.concat([send, fence.send]));
  });
  socket.destroy();
  expect(closed).toBe(closes);
  if (fence === undefined) return received;
  expect(received.subarray(-fence.answer.length)).toEqual(fence.answer);
  return received.subarray(0, -fence.answer.length);
}

const TEXT_FENCE = { send: Buffer.from('mn\r\n'), answer: Buffer.from('MN\r\n') };
const BINARY_FENCE = {
  send: frame(Opcode.Noop, { opaque: 0xfe0c_efec }),
  answer: frame(Opcode.Noop, { magic: 0x81, opaque: 0xfe0c_efec }),
};

async function runText(target: Target, { send, expect: expected, closes = false, fence = true }: RawCase) {
  const matches = (reply: string) => (typeof expected === 'string' ? reply === expected : expected.test(reply));
  const reply = await exchange(target, {
    send: Buffer.from(send, 'latin1'),
    fence: closes || !fence ? undefined : TEXT_FENCE,
    complete: (received) => matches(received.toString('latin1')),
    closes,
  });
  if (typeof expected === 'string') expect(reply.toString('latin1')).toBe(expected);
  else expect(reply.toString('latin1')).toMatch(expected);
}

async function runBinary(target: Target, { send, expect: expected, closes = false, fence = true }: BinaryCase) {
  const reply = await exchange(target, {
    send: Buffer.concat(send),
    fence: closes || !fence ? undefined : BINARY_FENCE,
    complete: (received) => isDeepStrictEqual(transcript(received), expected),
    closes,
  });
  expect(transcript(reply)).toEqual(expected);
}

async function flush(target: Target): Promise<void> {
  const send = Buffer.from('flush_all\r\n');
  const reply = await exchange(target, { send, fence: TEXT_FENCE, complete: () => true, closes: false });
  expect(reply.toString()).toBe('OK\r\n');
}

const SERVERS = [
  { name: 'memcached', start: startReal },
  { name: 'MemoryServer', start: startOurs },
];
const TRANSPORTS = [
  { transport: 'TCP', unix: false },
  { transport: 'a unix socket', unix: true },
];

for (const { name, start } of SERVERS) {
  for (const { transport, unix } of TRANSPORTS) {
    describe(`${name} over ${transport}`, () => {
      let target: Target;
      beforeAll(async () => {
        target = await start(unix, 'none');
      });
      afterAll(() => target.stop());

      describe('classic', () => {
        test.each(classicCases)('$name', async (raw) => {
          await flush(target);
          await runText(target, raw);
        });
      });

      describe('meta', () => {
        test.each(metaCases)('$name', async (raw) => {
          await flush(target);
          await runText(target, raw);
        });
      });

      describe('binary', () => {
        test.each(binaryCases)('$name', async (raw) => {
          await flush(target);
          await runBinary(target, raw);
        });
      });
    });
  }

  describe(`${name} with text authentication`, () => {
    let target: Target;
    beforeAll(async () => {
      target = await start(false, 'text');
    });
    afterAll(() => target.stop());
    test.each(textAuthenticationCases)('$name', (raw) => runText(target, { fence: false, ...raw }));
  });

  describe(`${name} with SASL`, () => {
    let target: Target;
    beforeAll(async () => {
      target = await start(false, 'sasl');
    });
    afterAll(() => target.stop());
    test.each(saslCases)('$name', (raw) => runBinary(target, raw));
  });
}

describe('MemoryServer, meta flags that came after memcached 1.6.18', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startOurs(false, 'none');
  });
  afterAll(() => target.stop());
  // Without a flush in between: items with a CAS number smaller than its own would count as flushed.
  test.each(newerMetaCases)('$name', (raw) => runText(target, raw));
});
