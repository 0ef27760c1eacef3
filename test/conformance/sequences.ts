import fc from 'fast-check';
import { Opcode } from '../../src/memory-server/wire/binary.ts';
import { frame } from '../support/binary-frames.ts';

/** Commands to send one after the other; all of them text, or all of them binary frames. */
export interface Sequence {
  protocol: 'text' | 'binary';
  commands: readonly Buffer[];
}

/** A property that holds for sequences of both kinds. */
export function sequences(longest: number): fc.Arbitrary<Sequence> {
  return fc.oneof({ weight: 3, arbitrary: textSequences(longest) }, { weight: 2, arbitrary: binarySequences(longest) });
}

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'n', 'n', 'k'.repeat(250));
const ttls = fc.constantFrom('0', '0', '100', '2', '1', '-1', '2592000', '2592001', '4294967295', '-4294967295');
const numbers = fc.constantFrom('0', '1', '2', '5', '10', '99', '18446744073709551615', '9223372036854775808', '65536');
const oddNumbers = fc.constantFrom(
  '-1',
  'x',
  '',
  '1x',
  '+3',
  '18446744073709551616',
  '4294967297',
  '\t7',
  '99999999999999999999999',
  '-0',
  '-',
  '+',
  '00000000000',
  '000000000007',
  '0000000000000000000005',
  '4294967296',
  '-2147483649',
  'noreply',
);
const anyNumber = fc.oneof({ weight: 9, arbitrary: numbers }, { weight: 1, arbitrary: oddNumbers });

const LIMIT = 1024 * 1024;
/** Around the item limit, half of it (past which memcached sees no number) and the end of a key. */
const largeLengths = fc.oneof(
  fc.integer({ min: LIMIT - 70, max: LIMIT - 50 }),
  fc.integer({ min: LIMIT / 2 - 70, max: LIMIT / 2 - 50 }),
);
/** Not only spaces, past which memcached would look for a number in what another item has left behind them. */
const values = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '',
      'x',
      '0',
      '7',
      '10',
      '99',
      '00',
      '5 ',
      ' 12',
      '12 a',
      '-3',
      '+4',
      '7\0',
      'abc',
      '18446744073709551615',
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .string({ unit: 'binary', maxLength: 30 })
      .map((text) => Buffer.from(/^[ \t\n\v\f\r]+$/.test(text) ? `x${text}` : text).toString('latin1')),
  },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }).map(String) },
);
/** Large values are rare, since they take most of the time. */
const storedValues = fc.oneof(
  { weight: 400, arbitrary: values },
  { weight: 1, arbitrary: largeLengths.map((length) => '1'.padEnd(length, ' ')) },
);
const noreply = fc.constantFrom('', '', '', '', ' noreply', ' norepl', ' 0', ` x${' y'.repeat(25)} noreply`);
const clientFlags = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('0', '0', '1', '4294967295', '77') },
  { weight: 1, arbitrary: oddNumbers },
);
/** How much longer or shorter a data block is than it was said to be. */
const slips = fc.oneof(
  { weight: 30, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('x', '\r\n', 'yz') },
);

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const classicStore = fc
  .tuple(
    fc.constantFrom('set', 'set', 'add', 'replace', 'append', 'prepend', 'cas'),
    keys,
    // Without them the CAS would be the length of a data block that never comes.
    clientFlags.filter((flags) => flags !== ''),
    ttls,
    storedValues,
    numbers,
    noreply,
    slips,
  )
  .map(([name, key, flags, ttl, value, cas, quiet, slip]) =>
    latin1(
      `${name} ${key} ${flags} ${ttl} ${value.length}${name === 'cas' ? ` ${cas}` : ''}${quiet}\r\n${value}${slip}\r\n`,
    ),
  );

const classicOther = fc.oneof(
  fc
    .tuple(fc.constantFrom('get', 'gets'), fc.array(keys, { maxLength: 4 }))
    .map(([name, list]) => `${name} ${list.join(' ')}`),
  fc
    .tuple(fc.constantFrom('gat', 'gats'), fc.oneof(ttls, oddNumbers), fc.array(keys, { maxLength: 3 }))
    .map(([name, ttl, list]) => `${name} ${ttl} ${list.join(' ')}`),
  fc
    .tuple(fc.constantFrom('incr', 'decr'), keys, anyNumber, noreply)
    .map(([name, key, by, quiet]) => `${name} ${key} ${by}${quiet}`),
  fc
    .tuple(
      fc.oneof({ weight: 9, arbitrary: keys }, { weight: 1, arbitrary: fc.constant('noreply') }),
      fc.constantFrom('', '', ' 0', ' 1'),
      noreply,
    )
    .map(([key, delay, quiet]) => `delete ${key}${delay}${quiet}`),
  fc.tuple(keys, fc.oneof(ttls, oddNumbers), noreply).map(([key, ttl, quiet]) => `touch ${key} ${ttl}${quiet}`),
  fc.constantFrom(
    'version',
    'verbosity 0',
    'verbosity x',
    'foo',
    'foo noreply',
    'set a 0',
    'incr',
    'touch a',
    'cas a 1 1',
  ),
  fc.constantFrom(
    'gets',
    'gat 0',
    'get',
    '',
    'a',
    ' get a',
    'mx',
    'me',
    `get ${'k'.repeat(251)}`,
    `touch ${'k'.repeat(251)} 0`,
  ),
  fc.constantFrom(
    'flush_all',
    'flush_all 0',
    'flush_all 100',
    'flush_all 1',
    'flush_all x',
    'flush_all -1',
    'flush_all noreply',
    ' flush_all 0',
    'flush_all 0 x',
  ),
);
/** Flushing too often would leave nothing to look at. */
const classicRest = fc
  .tuple(classicOther, fc.integer({ min: 0, max: 5 }))
  .map(([line, dice]) => latin1(`${line.startsWith('flush_all') && dice > 0 ? 'get a b c n' : line}\r\n`));

const metaFlag = (letters: readonly string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...letters).chain((letter) => {
    if ('TNR'.includes(letter))
      return fc.oneof({ weight: 9, arbitrary: ttls }, { weight: 1, arbitrary: oddNumbers }).map((ttl) => letter + ttl);
    if ('CEDJ'.includes(letter)) return anyNumber.map((number) => letter + number);
    if (letter === 'F') return clientFlags.map((flags) => letter + flags);
    if (letter === 'O') return fc.constantFrom('O', 'O1', `O${'x'.repeat(31)}`, `O${'x'.repeat(32)}`);
    if (letter === 'M') return fc.constantFrom('M', 'MEE', 'Mx');
    return fc.constant(letter);
  });

/** `b` with keys that are base64 or not; raw keys without it. */
const metaKeys = fc.oneof(
  { weight: 8, arbitrary: keys.map((key) => [key, ''] as const) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('YQ==', 'Yg==', 'bg==', 'AAEC', 'YQ=', 'a', 'Y!Q==', 'YQ==YQ==', 'Y===', 'YQ=a')
      .map((key) => [key, ' b'] as const),
  },
);
const metaFlags = (letters: string, extra: readonly string[] = []) =>
  fc.uniqueArray(metaFlag([...letters, ...extra]), { maxLength: 7, selector: (flag) => flag[0] });

const metaLine = fc.oneof(
  fc.tuple(fc.constant('mg'), metaKeys, metaFlags('vkqstcfhluOTNRCEvtPLFDJIMx!')),
  fc.tuple(fc.constant('mg'), metaKeys, metaFlags('vkqstcfhluOTNRC')),
  fc.tuple(fc.constant('md'), metaKeys, metaFlags('kqOCEITFvtx')),
  fc.tuple(fc.constant('ma'), metaKeys, metaFlags('kqOCENJDTtcv', ['MI', 'MD', 'M+', 'M-', 'Mx'])),
  fc.tuple(
    fc.constant('me'),
    keys.map((key) => [key, ''] as const),
    fc.constant([] as string[]),
  ),
);
const metaOther = metaLine.map(([name, [key, base64], flags]) =>
  latin1(`${name} ${key}${base64}${flags.map((flag) => ` ${flag}`).join('')}\r\n`),
);

const metaStore = fc
  .tuple(metaKeys, storedValues, metaFlags('kqcsOCEFITNvt', ['ME', 'MA', 'MP', 'MR', 'MS', 'Mx']), slips)
  .map(([[key, base64], value, flags, slip]) =>
    latin1(`ms ${key} ${value.length}${base64}${flags.map((flag) => ` ${flag}`).join('')}\r\n${value}${slip}\r\n`),
  );

function textSequences(longest: number): fc.Arbitrary<Sequence> {
  const command = fc.oneof(classicStore, classicRest, metaOther, metaOther, metaStore);
  return fc
    .array(command, { minLength: 1, maxLength: longest, size: 'max' })
    .map((commands) => ({ protocol: 'text', commands }));
}

const uint32 = fc.constantFrom(0, 0, 1, 2, 100, 77, 2_592_000, 2_592_001, 0xffff_ffff, 0x8000_0000);
const uint64 = numbers.map(BigInt);
const casNumbers = fc.constantFrom(0n, 0n, 0n, 1n, 5n, 0xffff_ffff_ffff_ffffn);

function extras(...fields: readonly (number | bigint)[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      const bytes = Buffer.alloc(typeof field === 'bigint' ? 8 : 4);
      if (typeof field === 'bigint') bytes.writeBigUInt64BE(field);
      else bytes.writeUInt32BE(field);
      return bytes;
    }),
  );
}

/** Only well-formed requests: on the others memcached closes, and what is on the way then is anybody's guess. */
const binaryCommand = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(Opcode.Set, Opcode.SetQ, Opcode.Add, Opcode.AddQ, Opcode.Replace, Opcode.ReplaceQ),
      keys,
      uint32,
      uint32,
      storedValues,
      casNumbers,
    )
    .map(([opcode, key, flags, ttl, value, cas]) => frame(opcode, { key, extras: extras(flags, ttl), value, cas })),
  fc
    .tuple(
      fc.constantFrom(Opcode.Append, Opcode.AppendQ, Opcode.Prepend, Opcode.PrependQ),
      keys,
      storedValues,
      casNumbers,
    )
    .map(([opcode, key, value, cas]) => frame(opcode, { key, value, cas })),
  fc
    .tuple(
      fc.constantFrom(Opcode.Get, Opcode.GetQ, Opcode.GetK, Opcode.GetKQ, Opcode.Delete, Opcode.DeleteQ),
      keys,
      casNumbers,
    )
    .map(([opcode, key, cas]) => frame(opcode, { key, cas })),
  fc
    .tuple(fc.constantFrom(Opcode.Touch, Opcode.Gat, Opcode.GatQ, Opcode.GatK, Opcode.GatKQ), keys, uint32)
    .map(([opcode, key, ttl]) => frame(opcode, { key, extras: extras(ttl) })),
  fc
    .tuple(
      fc.constantFrom(Opcode.Increment, Opcode.IncrementQ, Opcode.Decrement, Opcode.DecrementQ),
      keys,
      uint64,
      uint64,
      uint32,
      casNumbers,
    )
    .map(([opcode, key, by, initial, ttl, cas]) => frame(opcode, { key, extras: extras(by, initial, ttl), cas })),
  fc.constantFrom(
    frame(Opcode.Version),
    frame(Opcode.Noop),
    frame(0x50),
    frame(Opcode.SaslList),
    frame(Opcode.Stat, { key: 'nope' }),
  ),
);

function binarySequences(longest: number): fc.Arbitrary<Sequence> {
  return fc
    .array(binaryCommand, { minLength: 1, maxLength: longest, size: 'max' })
    .map((commands) => ({ protocol: 'binary', commands }));
}

/** Stores with short expirations under many keys, and what asks for them afterwards. */
export function expiringSequences(keyCount: number): fc.Arbitrary<{ first: Sequence; second: Sequence }> {
  const ttl = fc.constantFrom('0', '1', '2', '3', '100', '-1');
  const change = fc.constantFrom('none', 'touch', 'mg', 'incr', 'append', 'stale', 'vivify');
  return fc
    .array(fc.tuple(ttl, change, ttl), { minLength: keyCount, maxLength: keyCount, size: 'max' })
    .map((plans) => {
      const first: Buffer[] = [];
      const second: Buffer[] = [];
      plans.forEach(([before, what, after], i) => {
        const key = `key${i}`;
        first.push(
          latin1(what === 'vivify' ? `mg ${key} N${before} t\r\n` : `set ${key} 1 ${before} 2\r\n${10 + (i % 90)}\r\n`),
        );
        if (what === 'touch') first.push(latin1(`touch ${key} ${after}\r\n`));
        if (what === 'mg') first.push(latin1(`mg ${key} T${after} t\r\n`));
        if (what === 'incr') first.push(latin1(`incr ${key} 95\r\n`));
        if (what === 'append') first.push(latin1(`append ${key} 0 0 1\r\n5\r\n`));
        if (what === 'stale') first.push(latin1(`md ${key} I T${after}\r\n`));
        second.push(
          latin1(
            [
              'mg KEY t v f h c\r\n',
              'get KEY\r\n',
              'add KEY 0 0 1\r\nx\r\n',
              'incr KEY 1\r\n',
              'md KEY\r\n',
              'ms KEY 1 MA c\r\nx\r\n',
            ][i % 6]?.replace('KEY', key) ?? '',
          ),
        );
      });
      return { first: { protocol: 'text', commands: first }, second: { protocol: 'text', commands: second } };
    });
}
