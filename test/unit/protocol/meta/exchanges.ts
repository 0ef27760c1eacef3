import { Op } from '../../../../src/protocol/op.ts';
import type { ItemFacts } from '../../../../src/protocol/request.ts';
import { Status } from '../../../../src/protocol/status.ts';
import { type Exchange, type KeptReply, make } from '../harness.ts';

const BIG_COUNTER = 18446744073709551615n;

const SOME_ITEM: ItemFacts = {
  timeLeft: -1,
  size: 0,
  idle: 0,
  fetched: false,
  flags: 0,
  cas: 0n,
  stale: false,
  leased: false,
};

/** Every kind of answer in the meta protocol, and what it means. */
export const META_EXCHANGES: readonly Exchange[] = [
  hit('VA 3 f5 O?\r\nabc\r\n', 'abc', 5),
  hit('VA 0 f4294967295 O?\r\n\r\n', '', 4294967295),
  hit('VA 9 f0 O?\r\n\r\nEN\r\nHD \r\n', '\r\nEN\r\nHD ', 0),
  hit('VA 2 W f1 O? X Z s2 kabc b t-1\r\nab\r\n', 'ab', 1),
  hit('VA 100 O? f1\r\n'.concat('z'.repeat(100), '\r\n'), 'z'.repeat(100), 1),
  hit('VA 3000 f1 O?\r\n'.concat('z'.repeat(3000), '\r\n'), 'z'.repeat(3000), 1),
  {
    request: () => make(Op.Get, 'k', { returnCas: true }),
    answer: 'VA 1 f0 c18446744073709551615 O?\r\nx\r\n',
    replies: [{ status: Status.Ok, value: 'x', flags: 0, cas: BIG_COUNTER }],
  },
  ifChanged('HD f0 c5 O?\r\n', { status: Status.Ok, cas: 5n }),
  ifChanged('HD f0 c5 O? X W\r\n', { status: Status.Ok, cas: 5n }),
  ifChanged('VA 2 f3 c6 O?\r\nab\r\n', { status: Status.Ok, value: 'ab', flags: 3, cas: 6n }),
  ifChanged('VA 0 f3 c6 O?\r\n\r\n', { status: Status.Ok, value: '', flags: 3, cas: 6n }),
  ifChanged('VA 0 f0 c6 O? Z\r\n\r\n', { status: Status.Miss }),
  ifChanged('EN\r\n', { status: Status.Miss }),
  ifChanged('CLIENT_ERROR invalid flag\r\n', {
    status: Status.InvalidArguments,
    value: 'CLIENT_ERROR invalid flag',
  }),
  inspection('HD t-1 s5 l0 h0 f0 c0 O?\r\n', { timeLeft: -1, size: 5, cas: 0n }),
  inspection('HD t100 s1048576 l77 h1 f4294967295 c18446744073709551615 O? X Z kabc b\r\n', {
    timeLeft: 100,
    size: 1_048_576,
    idle: 77,
    fetched: true,
    flags: 4_294_967_295,
    cas: BIG_COUNTER,
    stale: true,
    leased: true,
  }),
  inspection('HD O? c9 f1 h1 l2 s3 t4 W\r\n', { timeLeft: 4, size: 3, idle: 2, fetched: true, flags: 1, cas: 9n }),
  simple(Op.Inspect, 'EN O?\r\n', Status.Miss),
  simple(Op.Inspect, 'SERVER_ERROR backend failure\r\n', Status.InternalError, {
    value: 'SERVER_ERROR backend failure',
  }),
  simple(Op.Get, 'EN\r\n', Status.Miss),
  simple(Op.Get, 'EN O?\r\n', Status.Miss),
  simple(Op.Get, 'SERVER_ERROR out of memory writing get response\r\n', Status.OutOfMemory, {
    value: 'SERVER_ERROR out of memory writing get response',
  }),
  {
    request: () => make(Op.GetAndTouch, 'k', { expiration: 5 }),
    answer: 'VA 2 f1 O?\r\nhi\r\n',
    replies: [{ status: Status.Ok, value: 'hi', flags: 1 }],
  },
  simple(Op.GetAndTouch, 'EN O?\r\n', Status.Miss),
  simple(Op.Touch, 'HD O?\r\n', Status.Ok),
  simple(Op.Touch, 'EN\r\n', Status.Miss),
  simple(Op.Set, 'HD O?\r\n', Status.Ok),
  simple(Op.Set, 'NF O?\r\n', Status.Miss),
  simple(Op.Set, 'EX O?\r\n', Status.Exists),
  simple(Op.Set, 'NS O?\r\n', Status.NotStored),
  simple(Op.Set, 'SERVER_ERROR object too large for cache\r\n', Status.TooLarge, {
    value: 'SERVER_ERROR object too large for cache',
  }),
  simple(Op.Set, 'SERVER_ERROR out of memory storing object\r\n', Status.OutOfMemory, {
    value: 'SERVER_ERROR out of memory storing object',
  }),
  simple(Op.Set, 'CLIENT_ERROR bad data chunk\r\n', Status.InvalidArguments, { value: 'CLIENT_ERROR bad data chunk' }),
  simple(Op.Set, 'SERVER_ERROR backend failure\r\n', Status.InternalError, { value: 'SERVER_ERROR backend failure' }),
  simple(Op.Set, 'ERROR\r\n', Status.UnknownCommand, { value: 'ERROR' }),
  {
    request: () => make(Op.Set, 'k', { returnCas: true }),
    answer: 'HD c12 O?\r\n',
    replies: [{ status: Status.Ok, cas: 12n }],
  },
  simple(Op.Add, 'NS O?\r\n', Status.Exists),
  simple(Op.Add, 'STORED\r\n', Status.Ok),
  simple(Op.Add, 'NOT_STORED\r\n', Status.Exists),
  simple(Op.Replace, 'NS O?\r\n', Status.Miss),
  simple(Op.Replace, 'NOT_STORED\r\n', Status.Miss),
  simple(Op.Append, 'NS O?\r\n', Status.NotStored),
  simple(Op.Append, 'EX O?\r\n', Status.Exists),
  simple(Op.Prepend, 'NOT_STORED\r\n', Status.NotStored),
  simple(Op.Delete, 'HD O?\r\n', Status.Ok),
  simple(Op.Delete, 'NF O?\r\n', Status.Miss),
  simple(Op.Delete, 'EX O?\r\n', Status.Exists),
  counter('VA 2 O?\r\n12\r\n', 12),
  counter('VA 4 O?\r\n9   \r\n', 9),
  counter('VA 20 O?\r\n18446744073709551615\r\n', BIG_COUNTER),
  counter('VA 16 O?\r\n9007199254740991\r\n', Number.MAX_SAFE_INTEGER),
  counter('VA 16 O?\r\n9007199254740992\r\n', 9007199254740992n),
  simple(Op.Decrement, 'NF O?\r\n', Status.Miss),
  simple(Op.Decrement, 'EX O?\r\n', Status.Exists),
  simple(Op.Increment, 'NS O?\r\n', Status.NotStored),
  simple(Op.Increment, 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n', Status.NonNumeric, {
    value: 'CLIENT_ERROR cannot increment or decrement non-numeric value',
  }),
  simple(Op.Noop, 'MN\r\n', Status.Ok),
  simple(Op.Flush, 'OK\r\n', Status.Ok),
  simple(Op.Flush, 'CLIENT_ERROR flush_all not allowed\r\n', Status.FlushOff, {
    value: 'CLIENT_ERROR flush_all not allowed',
  }),
  simple(Op.Version, 'VERSION 1.6.18\r\n', Status.Ok, { value: '1.6.18' }),
  simple(Op.Stat, 'RESET\r\n', Status.Ok),
  simple(Op.Stat, 'OK\r\n', Status.Ok),
  simple(Op.Stat, 'ERROR\r\n', Status.Miss, { value: 'ERROR' }),
  simple(Op.Stat, 'CLIENT_ERROR usage: stats detail on|off|dump\r\n', Status.Miss, {
    value: 'CLIENT_ERROR usage: stats detail on|off|dump',
  }),
  {
    request: () => make(Op.Stat),
    answer: 'STAT pid 12\r\nSTAT empty \r\nSTAT none\r\nSTAT a:b:c two words\r\nPREFIX foo get 2 hit 1\r\nEND\r\n',
    replies: [
      { status: Status.Ok, name: 'pid', value: '12', more: true },
      { status: Status.Ok, name: 'empty', value: '', more: true },
      { status: Status.Ok, name: 'none', value: '', more: true },
      { status: Status.Ok, name: 'a:b:c', value: 'two words', more: true },
      { status: Status.Ok, name: 'foo', value: 'get 2 hit 1', more: true },
      { status: Status.Ok },
    ],
  },
  simple(Op.TextAuth, 'STORED\r\n', Status.Ok),
  simple(Op.TextAuth, 'CLIENT_ERROR authentication failure\r\n', Status.AuthError, {
    value: 'CLIENT_ERROR authentication failure',
  }),
  simple(Op.TextAuth, 'CLIENT_ERROR bad authentication token format\r\n', Status.AuthError, {
    value: 'CLIENT_ERROR bad authentication token format',
  }),
  {
    request: () => make(Op.GetMulti, 'a', { keys: ['a', 'b', 'c', 'd'] }),
    answer: 'EN O?\r\nVA 2 f1 O?+1\r\nbb\r\nSERVER_ERROR busy\r\nVA 1 f0 O?+3\r\nd\r\n',
    replies: [
      { status: Status.Ok, value: 'bb', flags: 1, index: 1, more: true },
      { status: Status.InternalError, value: 'SERVER_ERROR busy', index: 2, more: true },
      { status: Status.Ok, value: 'd', flags: 0, index: 3, more: true },
      { status: Status.Ok, index: 4 },
    ],
  },
  {
    request: () => make(Op.GetMulti, 'a', { keys: ['a', `\n${'x'.repeat(200)}`, 'b', 'c'], returnCas: true }),
    answer:
      'VA 1 f2 c123 O?\r\na\r\nVA 2 W O?+2 c18446744073709551615 f4294967295 khm\r\nbb\r\nVA 0 c1 f0 O?+3 \r\n\r\n',
    replies: [
      { status: Status.Ok, value: 'a', flags: 2, cas: 123n, index: 0, more: true },
      { status: Status.InvalidKey, index: 1, more: true },
      { status: Status.Ok, value: 'bb', flags: 4294967295, cas: 18446744073709551615n, index: 2, more: true },
      { status: Status.Ok, value: '', flags: 0, cas: 1n, index: 3, more: true },
      { status: Status.Ok, cas: 1n, index: 4 },
    ],
  },
  {
    request: () => make(Op.SetMulti, 'a', { keys: ['a', ` ${'x'.repeat(200)}`, 'c'] }),
    answer: 'SERVER_ERROR object too large for cache\r\nHD O?+2\r\n',
    replies: [
      { status: Status.TooLarge, value: 'SERVER_ERROR object too large for cache', index: 0, more: true },
      { status: Status.InvalidKey, index: 1, more: true },
      { status: Status.Ok, index: 3 },
    ],
  },
  {
    request: () => make(Op.DeleteMulti, 'a', { keys: [`\n${'x'.repeat(200)}`] }),
    answer: 'MN\r\n',
    replies: [
      { status: Status.InvalidKey, index: 0, more: true },
      { status: Status.Ok, index: 1 },
    ],
  },
  {
    request: () => make(Op.DeleteMulti, 'a', { keys: ['a', 'b'] }),
    answer: 'NF O?\r\nHD O?+1\r\n',
    replies: [
      { status: Status.Miss, index: 0, more: true },
      { status: Status.Ok, index: 2 },
    ],
  },
];

function hit(answer: string, value: string, flags: number): Exchange {
  return { request: () => make(Op.Get, 'k'), answer, replies: [{ status: Status.Ok, value, flags }] };
}

function ifChanged(answer: string, replies: KeptReply): Exchange {
  return { request: () => make(Op.GetIfChanged, 'k', { cas: 5n, returnCas: true }), answer, replies: [replies] };
}

function inspection(answer: string, facts: Partial<ItemFacts>): Exchange {
  return {
    request: () => make(Op.Inspect, 'k'),
    answer,
    replies: [{ status: Status.Ok, facts: { ...SOME_ITEM, ...facts } }],
  };
}

function counter(answer: string, value: number | bigint): Exchange {
  return { request: () => make(Op.Increment, 'k'), answer, replies: [{ status: Status.Ok, counter: value }] };
}

function simple(op: Op, answer: string, status: number, more: { value?: string } = {}): Exchange {
  return { request: () => make(op, 'k'), answer, replies: [{ status, ...more }] };
}
