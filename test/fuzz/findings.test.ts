import { describe, expect, test } from 'vitest';
import { parseServers } from '../../src/cluster/address.ts';
import { dataBlock, parseConfiguration } from '../../src/cluster/discovery/elasticache-answer.ts';
import { MemcacheError } from '../../src/errors.ts';
import { Op } from '../../src/protocol/op.ts';
import { dalliSerializer } from '../../src/serializers/foreign/dalli.ts';
import { load } from '../../src/serializers/foreign/marshal.ts';
import { phpSerializer } from '../../src/serializers/foreign/php.ts';
import { pymemcacheSerializer } from '../../src/serializers/foreign/python.ts';
import { jsonSerializer } from '../../src/serializers/json.ts';
import { PROTOCOLS } from './exchanges.ts';
import { Witness, WitnessQueue } from './witness.ts';

/** What took minutes takes milliseconds, and this on a busy machine. */
const QUICK = 2000;

function quickly(read: () => void): void {
  const start = performance.now();
  read();
  expect(performance.now() - start).toBeLessThan(QUICK);
}

function refused(read: () => unknown): void {
  expect(read).toThrow(MemcacheError);
}

const flagsOf = (flags: number): Buffer => {
  const extras = Buffer.alloc(4);
  extras.writeUInt32BE(flags);
  return extras;
};

describe('a value that is no number takes no longer than its length says', () => {
  // Long enough to tell the two apart, and short enough for a test that fails to come to its end.
  const LENGTH = 0x20000;
  const spaces = Buffer.from(`1${' '.repeat(LENGTH)}x`);
  const digits = Buffer.from(`${'1'.repeat(LENGTH)}x`);

  test.each([
    ['php, an integer', () => phpSerializer().deserialize(0, spaces, flagsOf(1))],
    ['php, a double', () => phpSerializer().deserialize(0, digits, flagsOf(2))],
    ['python', () => pymemcacheSerializer().deserialize(0, spaces, flagsOf(2))],
    ['json, a number', () => jsonSerializer().deserialize(0, spaces, flagsOf(0x6d030000))],
    ['json, a bigint', () => jsonSerializer().deserialize(0, spaces, flagsOf(0x6d040000))],
    ['dalli', () => dalliSerializer({ serializer: 'json' }).deserialize(0, spaces, flagsOf(1))],
    // The length of the text, in three bytes, little-endian.
    ['marshal', () => load(Buffer.concat([Buffer.from([4, 8, 0x66, 3, 1, 0, 2]), digits]))],
  ])('%s', (_name, read) => {
    quickly(() => refused(read));
  });

  test('an integer of very many digits is not read', () => {
    const long = Buffer.from('9'.repeat(16 * 1024 * 1024));
    quickly(() => refused(() => phpSerializer().deserialize(0, long, flagsOf(1))));
    quickly(() => refused(() => jsonSerializer().deserialize(0, long, flagsOf(0x6d040000))));
    const much = '9'.repeat(100_000);
    expect(jsonSerializer().deserialize(0, Buffer.from(much), flagsOf(0x6d040000)).value).toBe(BigInt(much));
  });
});

test('no name of a host or a socket has a NUL or another control character', () => {
  for (const text of [
    'host\0.example.com',
    '[::1\0]',
    '[a b]',
    '/run/a\0b',
    'unix:///run/a\0b',
    'ho\x01st:11211',
    'h\x7f',
  ]) {
    expect(() => parseServers(text)).toThrow(/^Invalid servers: entry 1/);
  }
  expect(parseServers('[fe80::1%eth0]:1')).toEqual([{ host: 'fe80::1%eth0', port: 1 }]);
});

test('a node of a cluster has a whole number for a port', () => {
  for (const port of ['0.5', '1e3', '0x10', '-1', '65536', '', ' 5']) {
    const block = dataBlock(`CONFIG cluster 0 ${8 + port.length}\r\n1\nhost||${port}\r\nEND\r\n`) as string;
    expect(() => parseConfiguration(block)).toThrow(MemcacheError);
  }
  expect(parseConfiguration('1\nhost||11211').nodes).toEqual([{ host: 'host', port: 11211 }]);
});

describe.each(['binary', 'meta', 'classic'] as const)('%s: time grows with the stream, not faster', (protocol) => {
  const BYTES = 20 * 1024 * 1024;

  /** How long it takes to hand on that many bytes in pieces, and whether they were refused. */
  function decode(start: string, piece: Buffer, bytes: number): boolean {
    const witness = new Witness(Op.Get, 'key');
    witness.opaque = 7;
    const decoder = PROTOCOLS[protocol].createDecoder(new WitnessQueue([witness], Number.POSITIVE_INFINITY));
    const first = Buffer.from(start, 'latin1');
    try {
      decoder.decode(first, 0, first.length);
      for (let sent = 0; sent < bytes; sent += piece.length) decoder.decode(piece, 0, piece.length);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_PROTOCOL' });
      return true;
    }
    return false;
  }

  test('a value in small pieces', () => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(BYTES + 4);
    const starts = {
      binary: `\x81\0\0\0\x04\0\0\0${length.toString('latin1')}\0\0\0\x07${'\0'.repeat(8)}\0\0\0\0`,
      meta: `VA ${BYTES} f0 O7\r\n`,
      classic: `VALUE key 0 ${BYTES}\r\n`,
    };
    quickly(() => expect(decode(starts[protocol], Buffer.alloc(64, 'v'), BYTES - 64)).toBe(false));
  });

  test('a line that does not end is given up', () => {
    if (protocol === 'binary') return;
    for (const size of [1, 64, 64 * 1024]) {
      quickly(() => expect(decode('', Buffer.alloc(size, 'v'), BYTES)).toBe(true));
    }
  });
});
