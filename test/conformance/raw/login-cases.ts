import { Opcode } from '../../../src/memory-server/wire/binary.ts';
import { frame } from '../../support/binary-frames.ts';
import type { BinaryCase, RawCase } from './case.ts';

/** ASCII authentication; the users are `user` with `secret` and `bob` with `pa:ss:x`. */
export const asciiAuthenticationCases: readonly RawCase[] = [
  {
    name: 'a command before the login',
    send: 'mn\r\n',
    expect: '',
    closes: true,
    upTo: { '1.6.38': { expect: 'CLIENT_ERROR unauthenticated\r\n', closes: false } },
  },
  {
    name: 'a short line',
    send: 'mn\r\n',
    expect: '',
    closes: true,
    upTo: { '1.6.38': { expect: 'CLIENT_ERROR unauthenticated\r\n', closes: false } },
  },
  {
    name: 'a word that only begins with set',
    send: 'setx a 0 0 11\r\nuser secret\r\n',
    expect: 'STORED\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR unauthenticated\r\n' },
  },
  {
    name: 'a line that ends in LF alone',
    send: 'set a 0 0 11x\nuser secret\r\n',
    expect: 'STORED\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR unauthenticated\r\n' },
  },
  {
    name: 'credentials past 16 KB',
    send: 'set a 0 0 16385\r\n',
    expect: 'CLIENT_ERROR auth token too long\r\n',
    upTo: { '1.6.38': '' },
  },
  {
    name: 'a length with a sign',
    send: 'set a 0 0 +11\r\n',
    expect: 'CLIENT_ERROR unauthenticated\r\n',
    upTo: { '1.6.38': '' },
  },
  {
    name: 'a get before the login',
    send: 'get a\r\n',
    expect: 'CLIENT_ERROR unauthenticated\r\n',
  },
  {
    name: 'an empty line',
    send: '\r\n',
    expect: '',
    upTo: { '1.6.38': 'CLIENT_ERROR unauthenticated\r\n' },
  },
  {
    name: 'the login',
    send: 'set a 0 0 11\r\nuser secret\r\nversion\r\n',
    expect: 'STORED\r\nVERSION <version>\r\n',
  },
  {
    name: 'a wrong password',
    send: 'set a 0 0 10\r\nuser wrong\r\n',
    expect: 'CLIENT_ERROR authentication failure\r\n',
  },
  {
    name: 'a wrong password, then the right one',
    send: 'set a 0 0 10\r\nuser wrong\r\nset a 0 0 11\r\nuser secret\r\nmn\r\n',
    expect: 'STORED\r\nMN\r\n',
    ours: 'CLIENT_ERROR authentication failure\r\nSTORED\r\nMN\r\n',
  },
  {
    name: 'an unknown user',
    send: 'set a 0 0 8\r\nbob blub\r\n',
    expect: 'CLIENT_ERROR authentication failure\r\n',
  },
  {
    name: 'no password',
    send: 'set a 0 0 4\r\nuser\r\n',
    expect: 'CLIENT_ERROR bad authentication token format\r\n',
  },
  {
    name: 'a data block without an end',
    send: 'set a 0 0 11\r\nuser secretxx',
    expect: 'CLIENT_ERROR bad command line termination\r\n',
  },
  {
    name: 'a bad length',
    send: 'set a 0 0 x\r\nset a 0 0\r\nadd a 0 0 11\r\n',
    expect: 'CLIENT_ERROR unauthenticated\r\n',
    ours: 'CLIENT_ERROR unauthenticated\r\nCLIENT_ERROR unauthenticated\r\nCLIENT_ERROR unauthenticated\r\n',
  },
  {
    name: 'noreply is not heeded',
    send: 'set a 0 0 11 noreply\r\nuser secret\r\n',
    expect: 'STORED\r\n',
  },
  {
    name: 'words that mean nothing',
    send: 'set a b c 11\r\nuser secret\r\n',
    expect: 'STORED\r\n',
  },
  {
    name: 'more words than two',
    send: 'set a 0 0 15\r\nuser secret xxx\r\n',
    expect: 'CLIENT_ERROR authentication failure\r\n',
    upTo: { '1.6.38': 'STORED\r\n' },
  },
  {
    name: 'spaces',
    send: 'set a 0 0 12\r\nuser  secret\r\n',
    expect: 'CLIENT_ERROR authentication failure\r\n',
    upTo: { '1.6.38': 'STORED\r\n' },
  },
  {
    name: 'a password with a colon',
    send: 'set a 0 0 11\r\nbob pa:ss:x\r\n',
    expect: 'STORED\r\n',
  },
  {
    name: 'no second login',
    send: 'set a 0 0 11\r\nuser secret\r\nset a 0 0 10\r\nuser wrong\r\nget a\r\n',
    expect: 'STORED\r\nSTORED\r\nVALUE a 0 10\r\nuser wrong\r\nEND\r\n',
  },
  {
    name: 'a long line without an end',
    send: 'x'.repeat(2050),
    expect: '',
    closes: true,
  },
  {
    name: 'credentials that are too long',
    send: `set a 0 0 40000\r\n${'x'.repeat(20000)}`,
    expect: '',
    closes: true,
    ours: 'CLIENT_ERROR auth token too long\r\n',
  },
];

/** SASL; the same users. */
export const saslCases: readonly BinaryCase[] = [
  {
    name: 'the mechanisms',
    send: [frame(Opcode.SaslList), frame(Opcode.Version)],
    expect: ['20 status=00 value=PLAIN opaque=7', '0b status=00 value=<version> opaque=7'],
    fence: false,
  },
  {
    name: 'a get before the login',
    send: [frame(Opcode.Get, { key: 'a' })],
    expect: ['00 status=20 value=Auth failure. opaque=7'],
    closes: true,
  },
  {
    name: 'a no-op before the login',
    send: [frame(Opcode.Noop)],
    expect: ['0a status=20 value=Auth failure. opaque=7'],
    closes: true,
  },
  {
    name: 'the login',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' })],
    expect: ['21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'a wrong password',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0wrong' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=<version> opaque=7'],
    fence: false,
  },
  {
    name: 'a wrong password, then the right one',
    send: [
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0wrong' }),
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
    ],
    expect: ['21 status=20 value=Auth failure. opaque=7', '21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'an unknown user',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0nobody\0x' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=<version> opaque=7'],
    fence: false,
  },
  {
    name: 'an unknown mechanism',
    send: [frame(Opcode.SaslAuth, { key: 'FOO', value: '\0user\0secret' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=<version> opaque=7'],
    fence: false,
  },
  {
    name: 'a mechanism in small letters',
    send: [frame(Opcode.SaslAuth, { key: 'plain', value: '\0user\0secret' })],
    expect: ['21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'credentials in a second step',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN' }), frame(Opcode.SaslStep, { key: 'PLAIN', value: '\0user\0secret' })],
    expect: ['21 status=21 opaque=7', '22 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'a step without a start',
    send: [frame(Opcode.SaslStep, { key: 'PLAIN', value: '\0user\0secret' }), frame(Opcode.Version)],
    expect: ['22 status=20 value=Auth failure. opaque=7', '0b status=00 value=<version> opaque=7'],
    fence: false,
  },
  {
    name: 'credentials without NULs',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: 'user' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=<version> opaque=7'],
    fence: false,
  },
  {
    name: 'too many NULs',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret\0x' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=<version> opaque=7'],
    fence: false,
  },
  {
    name: 'on behalf of oneself',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: 'user\0user\0secret' })],
    expect: ['21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'on behalf of another',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: 'other\0user\0secret' }), frame(Opcode.Noop)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0a status=20 value=Auth failure. opaque=7'],
    closes: true,
  },
  {
    name: 'a second login fails',
    send: [
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
      frame(Opcode.Noop),
    ],
    expect: [
      '21 status=00 value=Authenticated opaque=7',
      '21 status=20 value=Auth failure. opaque=7',
      '0a status=20 value=Auth failure. opaque=7',
    ],
    closes: true,
  },
  {
    name: 'asking for mechanisms logs out',
    send: [
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
      frame(Opcode.SaslList),
      frame(Opcode.Noop),
    ],
    expect: [
      '21 status=00 value=Authenticated opaque=7',
      '20 status=00 value=PLAIN opaque=7',
      '0a status=20 value=Auth failure. opaque=7',
    ],
    closes: true,
  },
  {
    name: 'mechanism names of 32 and 33 bytes',
    send: [
      frame(Opcode.SaslAuth, { key: 'x'.repeat(32), value: '\0user\0secret' }),
      frame(Opcode.SaslAuth, { key: 'x'.repeat(33), value: '\0user\0secret' }),
      frame(Opcode.Version),
    ],
    expect: [
      '21 status=20 value=Auth failure. opaque=7',
      '21 status=04 value=Invalid arguments opaque=7',
      '0b status=00 value=<version> opaque=7',
    ],
    fence: false,
  },
  {
    name: 'text',
    send: [Buffer.from('get aaaaaaaaaaaaaaaaaaaaaaaaa\r\n')],
    expect: [],
    closes: true,
  },
];
