import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src/index.ts';
import { type Options, useClients } from '../faults/clients.ts';
import { response } from '../support/binary-frames.ts';
import { type Failure, failure } from '../support/outcomes.ts';
import { afterProbe, type Behaviour, startRogueServer } from '../support/rogue-server.ts';

const clients = useClients();

/** Of a command and of a connection, in seconds. */
const TIMEOUT = 0.3;

/** How much later than promised an error may come: the rogue floods this very process. In milliseconds. */
const SLACK = 2000;

/** What may lie in memory that was not there before: buffers of the system, of the rogue and of the client. */
const MOST_GROWTH = 200 * 1024 * 1024;

const PROTOCOLS = ['binary', 'meta', 'classic'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** A response with the opaque of the request. */
function answerTo(
  request: Buffer,
  fields: { opcode?: number; status?: number; body?: Buffer; length?: number; key?: number },
): Buffer {
  const { opcode = request[1] as number, status = 0, body: value = Buffer.alloc(0), length = value.length } = fields;
  const parts = { status, value, keyLength: fields.key ?? 0, bodyLength: length, opaque: request.readUInt32BE(12) };
  return response(opcode, parts);
}

/** The opaque that a meta command wants back. */
function opaqueOf(request: Buffer): string {
  return / (O\d+)/.exec(request.toString('latin1'))?.[1] ?? '';
}

/** Sends this as often as the client takes it, until it hangs up. */
function flood(socket: Socket, piece: Buffer): void {
  const write = (): void => {
    for (let goesOn = true; goesOn && !socket.destroyed; ) goesOn = socket.write(piece);
  };
  socket.on('drain', write);
  write();
}

/** Does this when the first command has come, whatever else comes. */
function onRequest(answer: (socket: Socket, request: Buffer) => void): Behaviour {
  return afterProbe((socket) => {
    socket.once('data', (request: Buffer) => answer(socket, request));
  });
}

interface Attack {
  what: string;
  protocols?: readonly Protocol[];
  answer: (socket: Socket, request: Buffer, protocol: Protocol) => void;
  /** @default `get` */
  call?: (client: Client) => Promise<unknown>;
  codes: readonly string[];
}

const repeat = (text: string, bytes = 64 * 1024): Buffer =>
  Buffer.from(text.repeat(Math.ceil(bytes / text.length)), 'latin1');
const get = (client: Client): Promise<unknown> => client.get('key');
const stats = async (client: Client): Promise<unknown> => {
  for (const result of Object.values(await client.stats())) if (result instanceof Error) throw result;
  throw new Error('there were statistics');
};
const version = (client: Client): Promise<unknown> => client.version();

const TEXT = ['meta', 'classic'] as const;
const PROTOCOL = ['ERR_PROTOCOL'];
const HUNDRED_MB = 100 * 1024 * 1024;

const ATTACKS: readonly Attack[] = [
  { what: 'a line that does not end', answer: (socket) => flood(socket, repeat('A')), codes: PROTOCOL },
  { what: 'line ends that do not end', answer: (socket) => flood(socket, repeat('\r\n')), codes: PROTOCOL },
  {
    what: 'answers that nobody has asked for',
    answer: (socket, request, protocol) => {
      const text = protocol === 'meta' ? 'HD O1\r\n' : 'STORED\r\n';
      flood(socket, protocol === 'binary' ? repeat(answerTo(request, { opcode: 1 }).toString('latin1')) : repeat(text));
    },
    codes: PROTOCOL,
  },
  {
    what: 'a length of 4 GB',
    protocols: ['binary'],
    answer: (socket, request) => flood(socket, answerTo(request, { length: 0xffffffff })),
    codes: PROTOCOL,
  },
  ...['9007199254740992', '18446744073709551616', '1073741825', '-1', '1e3', '0x10', ''].map((length) => ({
    what: `a length of ${length || 'nothing'}`,
    protocols: TEXT,
    answer: (socket: Socket, request: Buffer, protocol: Protocol) => {
      socket.write(protocol === 'meta' ? `VA ${length} f0 ${opaqueOf(request)}\r\n` : `VALUE key 0 ${length}\r\n`);
    },
    codes: PROTOCOL,
  })),
  {
    what: 'a length of 1 GB, and silence',
    answer: (socket, request, protocol) => {
      if (protocol === 'binary') socket.write(answerTo(request, { length: 0x40000000 }));
      else
        socket.write(protocol === 'meta' ? `VA 1073741824 f0 ${opaqueOf(request)}\r\n` : 'VALUE key 0 1073741824\r\n');
    },
    codes: ['ERR_TIMEOUT'],
  },
  {
    what: 'a value for another key',
    answer: (socket, request, protocol) => {
      if (protocol === 'binary') socket.write(answerTo(request, { body: Buffer.from('otherx'), key: 5 }));
      else socket.write(protocol === 'meta' ? 'VA 1 f0 O1\r\nx\r\n' : 'VALUE other 0 1\r\nx\r\nEND\r\n');
    },
    codes: PROTOCOL,
  },
  {
    what: 'more values than asked for',
    protocols: ['classic'],
    answer: (socket) => flood(socket, repeat('VALUE key 0 1\r\nx\r\n')),
    codes: PROTOCOL,
  },
  {
    what: 'statistics that do not end',
    answer: (socket, request, protocol) => {
      let piece = '';
      for (let i = 0; i < 500; i++) {
        const name = `name-${i}`;
        const body = Buffer.from(`${name}${'v'.repeat(500)}`);
        if (protocol === 'binary') piece += answerTo(request, { key: name.length, body }).toString('latin1');
        else piece += `STAT ${name} ${'v'.repeat(500)}\r\n`;
      }
      flood(socket, Buffer.from(piece, 'latin1'));
    },
    call: stats,
    codes: ['ERR_TIMEOUT'],
  },
  {
    what: 'a version of 100 MB',
    answer: (socket, request, protocol) => {
      const start = protocol === 'binary' ? answerTo(request, { length: HUNDRED_MB }) : Buffer.from('VERSION ');
      socket.write(start);
      flood(socket, repeat('1'));
    },
    call: version,
    codes: PROTOCOL,
  },
  {
    what: 'an error of 100 MB',
    answer: (socket, request, protocol) => {
      const start = protocol === 'binary' ? answerTo(request, { length: HUNDRED_MB, status: 0x84 }) : 'SERVER_ERROR ';
      socket.write(start);
      flood(socket, repeat('e'));
    },
    codes: PROTOCOL,
  },
];

const OPTIONS: Options = { timeout: TIMEOUT, conntimeout: TIMEOUT, retries: 1 };

/** The error of a call, which has to come in time and without much memory. */
async function withinBounds(call: () => Promise<unknown>): Promise<Failure> {
  const start = performance.now();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  const error = await failure(call()).finally(() => clearInterval(watch));
  expect(performance.now() - start).toBeLessThan(2 * TIMEOUT * 1000 + SLACK);
  expect(Math.max(most, process.memoryUsage().rss) - before).toBeLessThan(MOST_GROWTH);
  return error;
}

describe.each(PROTOCOLS)('a hostile server, over %s', (protocol) => {
  const able = ATTACKS.filter(({ protocols = PROTOCOLS }) => (protocols as readonly string[]).includes(protocol));
  test.each(able.map((attack) => [attack.what, attack] as const))(
    'sends %s',
    async (_what, { answer, call = get, codes }) => {
      await using rogue = await startRogueServer(onRequest((socket, request) => answer(socket, request, protocol)));
      const client = clients.create(rogue.address, { ...OPTIONS, protocol });
      const error = await withinBounds(() => call(client));
      expect(codes).toContain(error.code);
      expect(error.message.length).toBeLessThan(300);
    },
  );
});

test('more values than asked for, to a batch: what was asked for, or an error', async () => {
  for (const protocol of PROTOCOLS) {
    const behaviour = onRequest((socket, request) => {
      if (protocol === 'binary')
        flood(socket, repeat(answerTo(request, { body: Buffer.from('\0\0\0\0x') }).toString('latin1')));
      else if (protocol === 'meta') flood(socket, repeat(`VA 1 f0 ${opaqueOf(request)}\r\nx\r\n`));
      else flood(socket, repeat('VALUE a 0 1\r\nx\r\n'));
    });
    await using rogue = await startRogueServer(behaviour);
    const client = clients.create(rogue.address, { ...OPTIONS, protocol });
    expect(await withinBounds(() => client.getMulti(['a', 'b', 'c']))).toMatchObject({ code: 'ERR_PROTOCOL' });
  }
});

test('more statistics than can be believed are an error, and are not kept', async () => {
  const line = `STAT name-? ${'v'.repeat(8000)}\r\n`;
  const lines = Array.from({ length: 5000 }, (_, index) => line.replace('?', String(index))).join('');
  await using rogue = await startRogueServer(onRequest((socket) => void socket.write(`${lines}END\r\n`)));
  const client = clients.create(rogue.address, { retries: 1, timeout: 10, protocol: 'classic' });
  const result = await client.statsWithKey('').catch((error: unknown) => error);
  expect(result).toMatchObject({ code: 'ERR_PROTOCOL' });
});

describe('while a connection is opened', () => {
  const login = { username: 'user', password: 's3cr3t' };

  test('a SASL server that asks on and on is asked no more than twice', async () => {
    await using rogue = await startRogueServer((socket) => {
      socket.on('data', (request: Buffer) => {
        const isList = request[1] === 0x20;
        socket.write(
          answerTo(request, isList ? { body: Buffer.from('PLAIN') } : { status: 0x21, body: Buffer.from('more') }),
        );
      });
    });
    const client = clients.create(rogue.address, { ...OPTIONS, ...login, protocol: 'binary' });
    expect(await withinBounds(() => client.get('key'))).toMatchObject({ code: 'ERR_AUTH' });
    expect(rogue.connections).toBe(1);
    const [received] = rogue.received as [Buffer];
    // The question for the mechanisms and one login.
    expect(received.length).toBe(24 + 24 + 'PLAIN'.length + '\0user\0s3cr3t'.length);
  });

  test.each(['auto', ...PROTOCOLS] as const)('data that does not end, over %s', async (protocol) => {
    for (const piece of ['x', '\r\n', '\x81', 'VERSION 1\r\n']) {
      await using rogue = await startRogueServer((socket) => flood(socket, repeat(piece)));
      for (const credentials of [{}, login]) {
        const client = clients.create(rogue.address, { ...OPTIONS, ...credentials, protocol });
        const { code } = await withinBounds(() => client.get('key'));
        expect(['ERR_PROTOCOL', 'ERR_CONNECT', 'ERR_TIMEOUT', 'ERR_AUTH']).toContain(code);
        client.close();
      }
    }
  });

  test('data that does not end in place of a TLS handshake', async () => {
    for (const piece of ['x', '\x16\x03\x03\xff\xff']) {
      await using rogue = await startRogueServer((socket) => flood(socket, repeat(piece)));
      const client = clients.create(rogue.address, { ...OPTIONS, ...login, tls: true });
      const { code } = await withinBounds(() => client.get('key'));
      expect(['ERR_CONNECT', 'ERR_TIMEOUT']).toContain(code);
      for (const received of rogue.received) expect(received.includes('s3cr3t')).toBe(false);
    }
  });
});
