import { connect, type NetConnectOpts } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { Opcode } from '../../src/memory-server/wire/binary.ts';
import { frame, transcript } from '../support/binary-frames.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type MemcachedOptions, startMemcached } from '../support/memcached.ts';
import { MEMCACHEDS, type VersionName } from '../support/memcacheds.ts';
import { binaryCases } from './raw/binary-cases.ts';
import { answerOf, type BinaryCase, type RawCase } from './raw/case.ts';
import { classicCases } from './raw/classic-cases.ts';
import { asciiAuthenticationCases, saslCases } from './raw/login-cases.ts';
import { metaCases } from './raw/meta-cases.ts';

type Login = 'none' | 'text' | 'sasl';

interface Target {
  connect: NetConnectOpts;
  /** memcached's; MemoryServer has none. */
  version?: string;
  stop(): Promise<void>;
}

type Start = (unix: boolean, login: Login) => Promise<Target>;

const USERS = [
  { username: 'user', password: 'secret' },
  { username: 'bob', password: 'pa:ss:x' },
];

const startReal =
  (name: VersionName, version: string): Start =>
  async (unix, login) => {
    const options: MemcachedOptions = { version: name, unix };
    if (login === 'text') options.auth = USERS;
    if (login === 'sasl') options.sasl = USERS;
    const server = await startMemcached(options);
    const target = server.path === undefined ? { host: server.host, port: server.port } : { path: server.path };
    return { connect: target, version, stop: () => server.stop() };
  };

const startOurs: Start = async (unix, login) => {
  const server = await MemoryServer.start({
    path: unix ? `${makeFolder()}/server.sock` : undefined,
    users: login === 'none' ? undefined : USERS,
    protocol: login === 'none' ? 'auto' : login === 'text' ? 'ascii' : 'binary',
  });
  const target = server.path === undefined ? { host: server.host, port: server.port } : { path: server.path };
  return { connect: target, stop: () => server.stop() };
};

interface Exchange {
  send: Buffer;
  /** Sent behind it; its response shows that nothing more comes. */
  fence?: { send: Buffer; answer: Buffer } | undefined;
  /** Whether all is here that is waited for, but for the fence's answer. */
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
    // A part of the fence's answer looks like all of it behind a case that has the same response at its own end.
    const isWhole = (end: Buffer) =>
      received.subarray(-end.length).equals(end) && complete(received.subarray(0, -end.length));
    const look = () => {
      if (closes) return;
      const end = fence?.answer;
      if (end === undefined ? complete(received) : isWhole(end)) finish();
    };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      look();
    });
    // Where nothing is to come, there is nothing to wait for.
    socket.on('connect', () => setImmediate(look));
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

/** Three in a row, since the cases have no-ops of their own. */
const TEXT_FENCE = { send: Buffer.from('mn\r\n'.repeat(3)), answer: Buffer.from('MN\r\n'.repeat(3)) };
const BINARY_FENCE = {
  send: frame(Opcode.Noop, { opaque: 0xfe0c_efec }),
  answer: frame(Opcode.Noop, { magic: 0x81, opaque: 0xfe0c_efec }),
};

/** The version that MemoryServer says it is. */
const OUR_VERSION = '1.6.45';

async function runText(target: Target, raw: RawCase) {
  const { version = OUR_VERSION } = target;
  const { expect: wanted, closes = false } = answerOf<RawCase['expect']>(raw, target.version);
  const expected =
    typeof wanted === 'string'
      ? wanted.replaceAll('<version>', version)
      : new RegExp(wanted.source.replace('<version>', version.replaceAll('.', '\\.')));
  const reply = await exchange(target, {
    send: Buffer.from(raw.send, 'latin1'),
    fence: closes || raw.fence === false ? undefined : TEXT_FENCE,
    complete: (received) => {
      const text = received.toString('latin1');
      return typeof expected === 'string' ? text === expected : expected.test(text);
    },
    closes,
  });
  if (typeof expected === 'string') expect(reply.toString('latin1')).toBe(expected);
  else expect(reply.toString('latin1')).toMatch(expected);
}

async function runBinary(target: Target, raw: BinaryCase) {
  const { version = OUR_VERSION } = target;
  const { expect: wanted, closes = false } = answerOf(raw, target.version);
  const expected = wanted.map((line) => line.replace('<version>', version));
  const reply = await exchange(target, {
    send: Buffer.concat(raw.send),
    fence: closes || raw.fence === false ? undefined : BINARY_FENCE,
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
  { name: 'MemoryServer', start: startOurs, atHand: true },
  ...MEMCACHEDS.map(({ name, version, program }) => ({
    name: `memcached ${name}`,
    start: startReal(name, version),
    atHand: program !== undefined,
  })),
];
const TRANSPORTS = [
  { transport: 'TCP', unix: false },
  { transport: 'a unix socket', unix: true },
];

for (const { name, start, atHand } of SERVERS) {
  for (const { transport, unix } of TRANSPORTS) {
    describe.skipIf(!atHand)(`${name} over ${transport}`, () => {
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

  describe.skipIf(!atHand)(`${name} with ASCII authentication`, () => {
    let target: Target;
    beforeAll(async () => {
      target = await start(false, 'text');
    });
    afterAll(() => target.stop());
    test.each(asciiAuthenticationCases)('$name', (raw) => runText(target, { fence: false, ...raw }));
  });

  describe.skipIf(!atHand)(`${name} with SASL`, () => {
    let target: Target;
    beforeAll(async () => {
      target = await start(false, 'sasl');
    });
    afterAll(() => target.stop());
    test.each(saslCases)('$name', (raw) => runBinary(target, raw));
  });
}
