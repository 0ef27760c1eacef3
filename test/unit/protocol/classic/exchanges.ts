import { Op } from '../../../../src/protocol/op.ts';
import { Status } from '../../../../src/protocol/status.ts';
import { type Exchange, make } from '../harness.ts';

const KEYS = ['a', 'b c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];

/** Every kind of answer in the classic protocol, and what it means. */
export const CLASSIC_EXCHANGES: readonly Exchange[] = [
  hit('VALUE k 5 3\r\nabc\r\nEND\r\n', 'abc', 5),
  hit('VALUE k 4294967295 0\r\n\r\nEND\r\n', '', 4294967295),
  hit('VALUE k 0 13\r\n\r\nEND\r\nSTORED\r\nEND\r\n', '\r\nEND\r\nSTORED', 0),
  hit('VALUE k 1 2 17\r\nab\r\nEND\r\n', 'ab', 1),
  hit(`VALUE k 1 3000\r\n${'z'.repeat(3000)}\r\nEND\r\n`, 'z'.repeat(3000), 1),
  {
    request: () => make(Op.Get, 'é€', { returnCas: true }),
    answer: `VALUE ${Buffer.from('é€').toString('latin1')} 0 1 18446744073709551615\r\nx\r\nEND\r\n`,
    replies: [{ status: Status.Ok, value: 'x', flags: 0, cas: 18446744073709551615n }],
  },
  {
    request: () => make(Op.Get, Buffer.from([0xff, 0x80])),
    answer: 'VALUE \xff\x80 0 1\r\nx\r\nEND\r\n',
    replies: [{ status: Status.Ok, value: 'x', flags: 0 }],
  },
  simple(Op.Get, 'END\r\n', Status.Miss),
  simple(Op.Get, 'SERVER_ERROR Connection refused\r\n', Status.InternalError, {
    value: 'SERVER_ERROR Connection refused',
  }),
  {
    request: () => make(Op.GetAndTouch, 'k', { returnCas: true }),
    answer: 'VALUE k 1 2 9\r\nhi\r\nEND\r\n',
    replies: [{ status: Status.Ok, value: 'hi', flags: 1, cas: 9n }],
  },
  simple(Op.GetAndTouch, 'END\r\n', Status.Miss),
  simple(Op.Touch, 'TOUCHED\r\n', Status.Ok),
  simple(Op.Touch, 'NOT_FOUND\r\n', Status.Miss),
  simple(Op.Set, 'STORED\r\n', Status.Ok),
  simple(Op.Set, 'NOT_STORED\r\n', Status.NotStored),
  simple(Op.Set, 'EXISTS\r\n', Status.Exists),
  simple(Op.Set, 'NOT_FOUND\r\n', Status.Miss),
  simple(Op.Set, 'SERVER_ERROR object too large for cache\r\n', Status.TooLarge, {
    value: 'SERVER_ERROR object too large for cache',
  }),
  simple(Op.Set, 'SERVER_ERROR Out of memory allocating new item\r\n', Status.OutOfMemory, {
    value: 'SERVER_ERROR Out of memory allocating new item',
  }),
  simple(Op.Set, 'CLIENT_ERROR unauthenticated\r\n', Status.AuthError, { value: 'CLIENT_ERROR unauthenticated' }),
  simple(Op.Set, 'CLIENT_ERROR\r\n', Status.InvalidArguments, { value: 'CLIENT_ERROR' }),
  simple(Op.Set, 'ERROR\r\n', Status.UnknownCommand, { value: 'ERROR' }),
  simple(Op.Set, 'ERROR no such thing\r\n', Status.UnknownCommand, { value: 'ERROR no such thing' }),
  simple(Op.Add, 'NOT_STORED\r\n', Status.Exists),
  simple(Op.Add, 'EXISTS\r\n', Status.Exists),
  simple(Op.Replace, 'NOT_STORED\r\n', Status.Miss),
  simple(Op.Replace, 'NOT_FOUND\r\n', Status.Miss),
  simple(Op.Append, 'STORED\r\n', Status.Ok),
  simple(Op.Prepend, 'NOT_STORED\r\n', Status.NotStored),
  simple(Op.Delete, 'DELETED\r\n', Status.Ok),
  simple(Op.Delete, 'NOT_FOUND\r\n', Status.Miss),
  counter('12\r\n', 12),
  counter('9   \r\n', 9),
  counter('18446744073709551615\r\n', 18446744073709551615n),
  simple(Op.Decrement, 'NOT_FOUND\r\n', Status.Miss),
  simple(Op.Increment, 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n', Status.NonNumeric, {
    value: 'CLIENT_ERROR cannot increment or decrement non-numeric value',
  }),
  simple(Op.Noop, 'VERSION 1.6.18\r\n', Status.Ok),
  simple(Op.Version, 'VERSION 1.6.18\r\n', Status.Ok, { value: '1.6.18' }),
  simple(Op.Flush, 'OK\r\n', Status.Ok),
  simple(Op.Stat, 'RESET\r\n', Status.Ok),
  {
    request: () => make(Op.Stat, 'items'),
    answer: 'STAT items:1:number 3\r\nEND\r\n',
    replies: [{ status: Status.Ok, name: 'items:1:number', value: '3', more: true }, { status: Status.Ok }],
  },
  simple(Op.TextAuth, 'STORED\r\n', Status.Ok),
  simple(Op.TextAuth, 'CLIENT_ERROR authentication failure\r\n', Status.AuthError, {
    value: 'CLIENT_ERROR authentication failure',
  }),
  {
    // Two lines: eight of the keys, and the last two. A proxy may answer a line in another order.
    request: () => make(Op.GetMulti, 'a', { keys: KEYS, returnCas: true }),
    answer: 'VALUE d 1 1 5\r\nD\r\nVALUE a 0 3 6\r\nEND\r\nEND\r\nVALUE l 2 0 7\r\n\r\nEND\r\nVERSION 1\r\n',
    replies: [
      { status: Status.InvalidKey, index: 1, more: true },
      { status: Status.Ok, value: 'D', flags: 1, cas: 5n, index: 2, more: true },
      { status: Status.Ok, value: 'END', flags: 0, cas: 6n, index: 0, more: true },
      { status: Status.Ok, value: '', flags: 2, cas: 7n, index: 10, more: true },
      { status: Status.Ok, cas: 7n, index: 11 },
    ],
  },
  {
    request: () => make(Op.GetMulti, 'k', { keys: ['k', 'l', 'm n'] }),
    // In place of the line's end, as memcached has it.
    answer: 'SERVER_ERROR Connection refused\r\nVERSION 1\r\n',
    replies: [
      { status: Status.InvalidKey, index: 2, more: true },
      { status: Status.InternalError, value: 'SERVER_ERROR Connection refused', index: 0, more: true },
      { status: Status.InternalError, value: 'SERVER_ERROR Connection refused', index: 1, more: true },
      { status: Status.Ok, index: 3 },
    ],
  },
  {
    // In place of two of the values, as memcached's own proxy has it.
    request: () => make(Op.GetMulti, 'k', { keys: ['k', 'l', 'm', 'n'] }),
    answer: 'SERVER_ERROR one\r\nVALUE l 5 1\r\nx\r\nSERVER_ERROR two\r\nEND\r\nVERSION 1\r\n',
    replies: [
      { status: Status.Ok, value: 'x', flags: 5, index: 1, more: true },
      ...[0, 2, 3].map((index) => ({
        status: Status.InternalError,
        value: 'SERVER_ERROR one',
        index,
        more: true as const,
      })),
      { status: Status.Ok, index: 4 },
    ],
  },
  {
    // Behind a value, and with a further line; what has been answered by its end is a miss and no error.
    request: () =>
      make(Op.GetMulti, 'a', {
        keys: [...KEYS.filter((key) => key !== 'b c'), 'm', 'n', 'o', 'p', 'q', 'r', 's', 't'],
      }),
    answer:
      'VALUE a 0 1\r\nx\r\nEND\r\nVALUE k 0 1\r\ny\r\nSERVER_ERROR away\r\nVALUE r 0 1\r\nz\r\nEND\r\nVERSION 1\r\n',
    replies: [
      { status: Status.Ok, value: 'x', flags: 0, index: 0, more: true },
      { status: Status.Ok, value: 'y', flags: 0, index: 8, more: true },
      { status: Status.Ok, value: 'z', flags: 0, index: 15, more: true },
      ...[9, 10, 11, 12, 13, 14, 16, 17].map((index) => ({
        status: Status.InternalError,
        value: 'SERVER_ERROR away',
        index,
        more: true as const,
      })),
      { status: Status.Ok, index: 18 },
    ],
  },
  {
    // Of a line with one key, which ends it; the version may be refused as well.
    request: () => make(Op.GetMulti, 'k', { keys: ['k'] }),
    answer: 'SERVER_ERROR away\r\nSERVER_ERROR away\r\n',
    replies: [
      { status: Status.InternalError, value: 'SERVER_ERROR away', index: 0, more: true },
      { status: Status.Ok, index: 1 },
    ],
  },
  {
    // Asked for twice, so that it does not end the line alone.
    request: () => make(Op.GetMulti, 'noreply', { keys: ['noreply'] }),
    answer: 'VALUE noreply 0 1\r\nx\r\nVALUE noreply 0 1\r\nx\r\nEND\r\nVERSION 1\r\n',
    replies: [
      { status: Status.Ok, value: 'x', flags: 0, index: 0, more: true },
      { status: Status.Ok, value: 'x', flags: 0, index: 0, more: true },
      { status: Status.Ok, index: 1 },
    ],
  },
  {
    request: () => make(Op.Delete, 'noreply'),
    answer: 'TOUCHED\r\n',
    replies: [{ status: Status.Ok }],
  },
  {
    request: () => make(Op.DeleteMulti, 'a', { keys: ['a', 'noreply', 'noreply'] }),
    answer: 'DELETED\r\nTOUCHED\r\nNOT_FOUND\r\n',
    replies: [
      { status: Status.Miss, index: 2, more: true },
      { status: Status.Ok, index: 3 },
    ],
  },
  {
    request: () => make(Op.GetMulti, 'k', { keys: [' ', '\n'] }),
    answer: 'VERSION 1\r\n',
    replies: [
      { status: Status.InvalidKey, index: 0, more: true },
      { status: Status.InvalidKey, index: 1, more: true },
      { status: Status.Ok, index: 2 },
    ],
  },
  {
    request: () => make(Op.SetMulti, 'a', { keys: [' ', 'b', 'c', ' '] }),
    answer: 'STORED\r\nSERVER_ERROR object too large for cache\r\n',
    replies: [
      { status: Status.InvalidKey, index: 0, more: true },
      { status: Status.TooLarge, value: 'SERVER_ERROR object too large for cache', index: 2, more: true },
      { status: Status.InvalidKey, index: 3, more: true },
      { status: Status.Ok, index: 4 },
    ],
  },
  {
    request: () => make(Op.DeleteMulti, 'a', { keys: ['a', 'b'] }),
    answer: 'NOT_FOUND\r\nDELETED\r\n',
    replies: [
      { status: Status.Miss, index: 0, more: true },
      { status: Status.Ok, index: 2 },
    ],
  },
  {
    request: () => make(Op.DeleteMulti, 'a', { keys: ['\0'] }),
    answer: 'ERROR\r\n',
    replies: [
      { status: Status.InvalidKey, index: 0, more: true },
      { status: Status.UnknownCommand, value: 'ERROR', index: 0 },
    ],
  },
];

function hit(answer: string, value: string, flags: number): Exchange {
  return { request: () => make(Op.Get, 'k'), answer, replies: [{ status: Status.Ok, value, flags }] };
}

function counter(answer: string, value: number | bigint): Exchange {
  return { request: () => make(Op.Increment, 'k'), answer, replies: [{ status: Status.Ok, counter: value }] };
}

function simple(op: Op, answer: string, status: number, more: { value?: string } = {}): Exchange {
  return { request: () => make(op, 'k'), answer, replies: [{ status, ...more }] };
}
