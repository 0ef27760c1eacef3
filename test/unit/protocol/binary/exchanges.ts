import { makeRequestBuffer } from '../../../../src/protocol/binary/message.ts';
import { Op } from '../../../../src/protocol/op.ts';
import { Status } from '../../../../src/protocol/status.ts';
import { counterValue, response } from '../../../support/binary-frames.ts';
import { type Exchange, type Fields, type KeptReply, make } from '../harness.ts';

const FLAGS = 0x01020304;

/** Extras of these client flags. */
export function flagBytes(flags: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(flags);
  return bytes;
}

const extras = flagBytes(FLAGS);
const AWKWARD = Buffer.alloc(300, 'ü\r\nEND\r\n');

/** Answers of every kind (`protocol-binary.txt`, "Packet structure"), and what becomes of them. */
export const BINARY_EXCHANGES: readonly Exchange[] = [
  one(Op.Get, { extras, value: 'value', cas: 9n }, { status: Status.Ok, value: 'value', flags: FLAGS }),
  one(Op.Get, { status: 1, value: 'Not found' }, { status: Status.Miss, value: 'Not found' }),
  one(Op.Set, { cas: 5n }, { status: Status.Ok }),
  one(
    Op.Get,
    { extras, cas: 2n ** 64n - 1n },
    { status: Status.Ok, value: '', flags: FLAGS, cas: 2n ** 64n - 1n },
    { returnCas: true },
  ),
  ...[
    [0n, 0],
    [1n, 1],
    [0xffffffffn, 0xffffffff],
    [0x100000000n, 0x100000000],
    [5_000_000_000n, 5_000_000_000],
    [2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
    [2n ** 53n, 2n ** 53n],
    [2n ** 63n, 2n ** 63n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
  ].map(([value, counter]) =>
    one(
      Op.Increment,
      { value: counterValue(value as bigint) },
      { status: Status.Ok, counter: counter as number | bigint },
    ),
  ),
  {
    request: () => make(Op.Stat),
    answer: (opaque) =>
      Buffer.concat([
        response(Op.Stat, { opaque, key: 'pid', value: '42' }),
        response(Op.Stat, { opaque, key: 'empty' }),
        response(Op.Stat, { opaque }),
      ]),
    replies: [
      { status: Status.Ok, name: 'pid', value: '42', more: true },
      { status: Status.Ok, name: 'empty', value: '', more: true },
      { status: Status.Ok },
    ],
  },
  one(Op.Add, { status: 2, value: 'Data exists for key.' }, { status: Status.Exists, value: 'Data exists for key.' }),
  one(Op.Touch, { extras }, { status: Status.Ok, value: extras.toString('latin1') }),
  one(Op.Get, { extras, value: AWKWARD }, { status: Status.Ok, value: AWKWARD.toString('latin1'), flags: FLAGS }),
  one(Op.Delete, {}, { status: Status.Ok }),
  {
    request: () => make(Op.GetMulti, '', { keys: ['a', 'b', 'c', 'd'] }),
    answer: (opaque) =>
      Buffer.concat([
        response(0x09, { opaque: opaque + 1, extras, value: 'b' }),
        response(0x09, { opaque: opaque + 2, status: 0x85, value: 'Busy' }),
        response(Op.Get, { opaque: opaque + 3, extras, value: 'd' }),
      ]),
    replies: [
      { status: Status.Ok, value: 'b', flags: FLAGS, index: 1, more: true },
      { status: Status.Busy, value: 'Busy', index: 2, more: true },
      { status: Status.Ok, value: 'd', flags: FLAGS, index: 3, more: true },
      { status: Status.Ok, index: 4 },
    ],
  },
  {
    request: () => make(Op.GetMulti, '', { keys: ['a', 'b'] }),
    answer: (opaque) => response(Op.Get, { opaque: opaque + 1, status: 1, value: 'Not found' }),
    replies: [
      { status: Status.Miss, value: 'Not found', index: 1, more: true },
      { status: Status.Ok, index: 2 },
    ],
  },
  {
    request: () => make(Op.DeleteMulti, '', { keys: ['a', 'b'] }),
    answer: (opaque) =>
      Buffer.concat([
        response(0x14, { opaque, status: 1, value: 'Not found' }),
        response(Op.Noop, { opaque: opaque + 2 }),
      ]),
    replies: [
      { status: Status.Miss, value: 'Not found', index: 0, more: true },
      { status: Status.Ok, index: 2 },
    ],
  },
  // Frames that the caller built get the whole response, and all of several.
  {
    request: () => make(Op.Raw, '', { value: makeRequestBuffer(0x0c, 'key', '', '', 7) }),
    answer: (opaque) => response(0x0c, { opaque, extras, key: 'key', value: 'value' }),
    replies: [{ status: Status.Ok, opcode: 0x0c }],
  },
  {
    request: () => make(Op.Raw, '', { value: makeRequestBuffer(0x10, '', '', '', 8) }),
    answer: (opaque) => Buffer.concat([response(0x10, { opaque, key: 'pid', value: '1' }), response(0x10, { opaque })]),
    replies: [
      { status: Status.Ok, opcode: 0x10, more: true },
      { status: Status.Ok, opcode: 0x10 },
    ],
  },
];

/** One frame for a response. */
function one(op: Op, parts: Parameters<typeof response>[1], replies: KeptReply, fields: Fields = {}): Exchange {
  return {
    request: () => make(op, 'k', fields),
    answer: (opaque) => response(op, { opaque, ...parts }),
    replies: [replies],
  };
}
