import { expect } from 'vitest';
import { Op } from '../../../../src/protocol/op.ts';
import type { WireKey } from '../../../../src/protocol/request.ts';
import { Status } from '../../../../src/protocol/status.ts';
import type { Fields, KeptReply } from '../harness.ts';

const { Ok, Miss, Exists, NotStored, NonNumeric, TooLarge } = Status;
const MAX_UINT64 = 18446744073709551615n;
const OVERSIZE = Buffer.alloc(1_100_000, 0x78);
const HALF = Buffer.alloc(700_000, 0x79);

/** A request and what comes of it. */
export type Step = [op: Op, key: WireKey, fields: Fields, replies: Partial<KeptReply>];

const set = (key: WireKey, value: string | Uint8Array, fields: Fields = {}): Step => [
  Op.Set,
  key,
  { value, ...fields },
  { status: Ok },
];
const get = (key: WireKey, value: string, flags = 0): Step => [Op.Get, key, {}, { status: Ok, value, flags }];
const miss = (key: WireKey): Step => [Op.Get, key, {}, { status: Miss }];

/** What every protocol does alike, step by step, on an empty server. */
export const CASES: Record<string, Step[]> = {
  'gets and sets': [
    miss('k'),
    set('k', 'abc', { flags: 4294967295 }),
    get('k', 'abc', 4294967295),
    set('k', ''),
    get('k', ''),
    set('k', '\r\nEND\r\nVA 3\r\n'),
    get('k', '\r\nEND\r\nVA 3\r\n'),
    set('é€\u{1f600}', Buffer.from([0, 255, 10, 13])),
    get('é€\u{1f600}', '\0\xff\n\r'),
    set('k'.repeat(250), 'x'.repeat(100_000)),
    get('k'.repeat(250), 'x'.repeat(100_000)),
  ],
  adds: [
    [Op.Add, 'k', { value: 'a', flags: 1 }, { status: Ok }],
    [Op.Add, 'k', { value: 'b' }, { status: Exists }],
    get('k', 'a', 1),
    [Op.Add, 'k', { value: 'x'.repeat(600) }, { status: Exists }],
    [Op.Add, 'l', { value: 'x'.repeat(600), flags: 2 }, { status: Ok }],
    get('l', 'x'.repeat(600), 2),
  ],
  replaces: [
    [Op.Replace, 'k', { value: 'a' }, { status: Miss }],
    [Op.Replace, 'k', { value: 'x'.repeat(600) }, { status: Miss }],
    set('k', 'a'),
    [Op.Replace, 'k', { value: 'b', flags: 3 }, { status: Ok }],
    get('k', 'b', 3),
    [Op.Replace, 'k', { value: 'x'.repeat(600) }, { status: Ok }],
  ],
  'appends and prepends': [
    [Op.Append, 'k', { value: 'a' }, { status: NotStored }],
    [Op.Prepend, 'k', { value: 'a'.repeat(600) }, { status: NotStored }],
    set('k', 'b', { flags: 5 }),
    [Op.Append, 'k', { value: 'c' }, { status: Ok }],
    [Op.Prepend, 'k', { value: 'a' }, { status: Ok }],
    get('k', 'abc', 5),
    [Op.Append, 'k', { value: 'x'.repeat(600) }, { status: Ok }],
    get('k', `abc${'x'.repeat(600)}`, 5),
  ],
  'stores with a CAS that is not the item’s': [
    [Op.Set, 'k', { value: 'a', cas: 5n }, { status: Miss }],
    [Op.Add, 'k', { value: 'a', cas: 5n }, { status: Miss }],
    [Op.Replace, 'k', { value: 'a', cas: 5n }, { status: Miss }],
    set('k', 'a'),
    [Op.Set, 'k', { value: 'b', cas: MAX_UINT64 }, { status: Exists }],
    [Op.Add, 'k', { value: 'b', cas: MAX_UINT64 }, { status: Exists }],
    [Op.Replace, 'k', { value: 'b', cas: MAX_UINT64 }, { status: Exists }],
    [Op.Replace, 'k', { value: 'b'.repeat(600), cas: MAX_UINT64 }, { status: Exists }],
    get('k', 'a'),
  ],
  deletes: [[Op.Delete, 'k', {}, { status: Miss }], set('k', 'a'), [Op.Delete, 'k', {}, { status: Ok }], miss('k')],
  touches: [
    [Op.Touch, 'k', { expiration: 10 }, { status: Miss }],
    [Op.GetAndTouch, 'k', { expiration: 10 }, { status: Miss }],
    set('k', 'a', { flags: 7 }),
    [Op.Touch, 'k', { expiration: 10 }, { status: Ok }],
    [Op.GetAndTouch, 'k', { expiration: 0 }, { status: Ok, value: 'a', flags: 7 }],
    // A time in the past.
    [Op.Touch, 'k', { expiration: 2592001 }, { status: Ok }],
    miss('k'),
  ],
  'counters that are there': [
    set('k', '10'),
    [Op.Increment, 'k', { amount: 5 }, { status: Ok, counter: 15 }],
    [Op.Decrement, 'k', { amount: 6 }, { status: Ok, counter: 9 }],
    get('k', '9 '),
    [Op.Increment, 'k', { amount: 0 }, { status: Ok, counter: 9 }],
    [Op.Decrement, 'k', { amount: MAX_UINT64 }, { status: Ok, counter: 0 }],
    [Op.Increment, 'k', { amount: MAX_UINT64 }, { status: Ok, counter: MAX_UINT64 }],
    [Op.Increment, 'k', { amount: 1 }, { status: Ok, counter: 0 }],
    set('k', '9007199254740990'),
    [Op.Increment, 'k', { amount: 1 }, { status: Ok, counter: 9007199254740991 }],
    [Op.Increment, 'k', { amount: 1 }, { status: Ok, counter: 9007199254740992n }],
    set('k', 'abc'),
    [Op.Increment, 'k', { amount: 1 }, { status: NonNumeric }],
    [Op.Decrement, 'k', { amount: 1, initial: 4 }, { status: NonNumeric }],
  ],
  'counters that are not': [
    [Op.Increment, 'k', { amount: 1 }, { status: Miss }],
    [Op.Decrement, 'k', { amount: 1 }, { status: Miss }],
    [Op.Increment, 'k', { amount: 3, initial: 10 }, { status: Ok, counter: 10 }],
    [Op.Increment, 'k', { amount: 3, initial: 10 }, { status: Ok, counter: 13 }],
    get('k', '13'),
    [Op.Decrement, 'l', { amount: 3, initial: MAX_UINT64 }, { status: Ok, counter: MAX_UINT64 }],
    [Op.Decrement, 'l', { amount: 3, initial: 0 }, { status: Ok, counter: MAX_UINT64 - 3n }],
    [Op.Increment, 'm', { amount: 3, initial: 0, expiration: 2592001 }, { status: Ok, counter: 0 }],
    miss('m'),
  ],
  'values that are too large': [
    set('k', 'a'),
    [Op.Add, 'k', { value: OVERSIZE }, { status: TooLarge }],
    [Op.Replace, 'k', { value: OVERSIZE }, { status: TooLarge }],
    [Op.Append, 'k', { value: OVERSIZE }, { status: TooLarge }],
    [Op.Prepend, 'k', { value: OVERSIZE }, { status: TooLarge }],
    [Op.Add, 'k', { value: OVERSIZE, cas: 1n }, { status: TooLarge }],
    get('k', 'a'),
    [Op.Set, 'k', { value: OVERSIZE }, { status: TooLarge }],
    miss('k'),
    set('k', HALF),
    [Op.Append, 'k', { value: HALF }, { status: NotStored }],
    get('k', HALF.toString()),
  ],
  flushes: [
    set('k', 'a'),
    [Op.Flush, '', {}, { status: Ok }],
    miss('k'),
    [Op.Flush, '', { expiration: 1000 }, { status: Ok }],
    [Op.Noop, '', {}, { status: Ok }],
    [Op.Version, '', {}, { status: Ok, value: expect.stringMatching(/^\d+\.\d+/) }],
    [Op.Stat, 'reset', {}, { status: Ok }],
    [Op.Stat, 'detail on', {}, { status: Ok }],
    [Op.Stat, 'detail off', {}, { status: Ok }],
    [Op.Stat, 'no such group', {}, { status: Miss }],
  ],
};
