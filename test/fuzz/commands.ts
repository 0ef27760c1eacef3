import { makeRequestBuffer } from '../../src/protocol/binary/message.ts';
import { Op } from '../../src/protocol/op.ts';
import type { ProtocolName } from '../../src/protocol/protocol.ts';
import type { StoreItem } from '../../src/protocol/request.ts';
import type { Fields } from '../unit/protocol/harness.ts';

/** A command whose response is in the corpus. */
export interface Command {
  name: string;
  op: Op;
  key: string;
  fields: Fields;
  /** Where only some protocols have it. */
  only?: readonly ProtocolName[];
}

/** Every value tells which key it belongs to. */
export function markOf(key: string): string {
  return `<${key}>`;
}

function command(name: string, op: Op, key: string, fields: Fields = {}, only?: readonly ProtocolName[]): Command {
  return only === undefined ? { name, op, key, fields } : { name, op, key, fields, only };
}

const set = (key: string, rest: string, flags = 0): Command =>
  command(`set ${key}`, Op.Set, key, { value: markOf(key) + rest, flags });
const get = (key: string, fields: Fields = {}): Command =>
  command(`get ${key}${fields.returnCas ? ' with cas' : ''}`, Op.Get, key, fields);
const stored = (key: string): StoreItem => ({ value: markOf(key), flags: 3, expiration: 0 });

/** A frame that the caller builds has an opaque of the caller's. */
const RAW_OPAQUE = 0x0a0b0c0d;

/** The CAS of no item. */
const OTHER_CAS = 2n ** 62n;

/** What looks like answers of every protocol, inside a value. */
const TRICKY = '\r\nEND\r\nVALUE plain 0 4\r\nabcd\r\nEN\r\nHD O7\r\nSTORED\r\n\x81\x00\0\0\0\0\0\0\0\0\0\0';

const KEYS = ['plain', 'missing', 'tricky', 'large', 'missing too', 'flagged'];

/** A conversation with a response of every kind, in this order. */
export const COMMANDS: readonly Command[] = [
  set('plain', ' 0123456789'),
  get('plain'),
  get('plain', { returnCas: true }),
  get('missing'),
  set('tricky', TRICKY, 7),
  get('tricky'),
  set('large', 'x'.repeat(3000)),
  get('large'),
  set('larger', '\r\n'.repeat(4500)),
  get('larger'),
  set('flagged', '', 0xffffffff),
  get('flagged', { returnCas: true }),
  set('k'.repeat(250), ''),
  get('k'.repeat(250)),
  command('set with cas', Op.Set, 'plain', { value: markOf('plain'), returnCas: true }, ['binary', 'meta']),
  command('set of another cas', Op.Set, 'plain', { value: 'x', cas: OTHER_CAS }),
  command('set of a missing cas', Op.Set, 'gone', { value: 'x', cas: OTHER_CAS }),
  command('set too large', Op.Set, 'too-large', { value: 'x'.repeat(1_100_000) }),
  command('add', Op.Add, 'added', { value: markOf('added') }),
  command('add existing', Op.Add, 'added', { value: 'x' }),
  command('replace', Op.Replace, 'added', { value: markOf('added') }),
  command('replace missing', Op.Replace, 'gone', { value: 'x' }),
  command('append', Op.Append, 'added', { value: '.' }),
  command('append missing', Op.Append, 'gone', { value: '.' }),
  command('prepend', Op.Prepend, 'added', { value: '.' }),
  command('touch', Op.Touch, 'added', { expiration: 1000 }),
  command('touch missing', Op.Touch, 'gone', { expiration: 1000 }),
  command('get and touch', Op.GetAndTouch, 'added', { expiration: 1000 }),
  command('get and touch missing', Op.GetAndTouch, 'gone', { expiration: 1000 }),
  command('delete', Op.Delete, 'added'),
  command('delete missing', Op.Delete, 'gone'),
  command('set n', Op.Set, 'n', { value: '99' }),
  command('increment', Op.Increment, 'n', { amount: 1 }),
  command('decrement', Op.Decrement, 'n', { amount: 50 }),
  command('increment far', Op.Increment, 'n', { amount: 18446744073709551565n }),
  command('increment missing', Op.Increment, 'gone', { amount: 1 }),
  command('increment text', Op.Increment, 'plain', { amount: 1 }),
  command('version', Op.Version, ''),
  command('noop', Op.Noop, '', {}, ['binary', 'meta']),
  command('stats', Op.Stat, ''),
  command('stats items', Op.Stat, 'items'),
  command('stats unknown', Op.Stat, 'unknown'),
  command('stats reset', Op.Stat, 'reset'),
  command('get many', Op.GetMulti, 'plain', { keys: KEYS }),
  command('get many with cas', Op.GetMulti, 'plain', { keys: KEYS, returnCas: true }),
  command('set many', Op.SetMulti, 'a', { keys: ['a', 'b c', 'd'], stores: ['a', 'b c', 'd'].map(stored) }),
  command('delete many', Op.DeleteMulti, 'a', { keys: ['a', 'missing', 'd'] }),
  command('add many', Op.AddMulti, 'a', { keys: ['a', 'b c', 'e'], stores: ['a', 'b c', 'e'].map(stored) }),
  command('get with time left', Op.Get, 'plain', { returnCas: true, returnTimeLeft: true }, ['meta']),
  command('SASL mechanisms', Op.SaslList, '', {}, ['binary']),
  command('login', Op.TextAuth, 'memts', { value: 'user password', expiration: 3_000_000 }, ['meta', 'classic']),
  command('frame of a get with key', Op.Raw, 'plain', { value: raw(0x0c, 'plain') }, ['binary']),
  command('frame of statistics', Op.Raw, '', { value: raw(0x10, '') }, ['binary']),
  command('flush', Op.Flush, '', { expiration: 1000 }),
];

function raw(opcode: number, key: string): Buffer {
  return makeRequestBuffer(opcode, key, '', '', RAW_OPAQUE);
}

/** What the request of a command is known by; a batch counts on from there. */
export function opaqueOf({ op }: Command, index: number): number {
  return op === Op.Raw ? RAW_OPAQUE : 0x0d0a0000 + index * 32;
}
