import type { Decisions } from './decisions.ts';

/** Bytes, and up to where they are as they were. */
export interface Mutated {
  bytes: Buffer;
  intact: number;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What parsers trip over. */
const NASTY = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\0',
  '-1',
  '0',
  '4294967295',
  '4294967296',
  '1073741825',
  '9007199254740993',
  '18446744073709551615',
  '99999999999999999999',
  'x'.repeat(300),
  ' '.repeat(300),
  'x'.repeat(9000),
  'END\r\n',
  'EN\r\n',
  'HD\r\n',
  'MN\r\n',
  'VA 5 f0 O7\r\n',
  'VALUE plain 0 5\r\n',
  'STAT a b\r\n',
  'ERROR\r\n',
  'ERROR Too many open connections\r\n',
  'SERVER_ERROR out of memory\r\n',
  'CLIENT_ERROR bad data chunk\r\n',
  ' noreply',
  ' O7',
  ' c1',
  ' W Z X',
  '\xff\xff\xff\xff',
  '\x80',
  '\x81',
  '__proto__',
].map(latin1);

/** Lengths at the edges of what the fields of a frame and of a line can say. */
const EDGES = [0, 1, 23, 24, 0xff, 0xffff, 0x10000, 0x3fffffff, 0x40000000, 0x40010001, 0x7fffffff, 0xffffffff];

/** Where the fields of a frame's header are: lengths, status, opaque and CAS. */
const FIELDS = [2, 4, 6, 8, 12, 16];

/** A digit is looked for no further. */
const LINE = 60;

/** The changes that a decision may ask for: each takes the bytes and a place, and gives other bytes. */
const CHANGES: readonly ((bytes: Buffer, at: number, decisions: Decisions, begin: number) => Buffer)[] = [
  // A bit.
  (bytes, at, decisions) => put(bytes, at, Buffer.of((bytes[at] ?? 0) ^ (1 << decisions.below(8)))),
  // A byte.
  (bytes, at, decisions) => put(bytes, at, Buffer.of(decisions.below(256))),
  // Some bytes less.
  (bytes, at, decisions) => splice(bytes, at, 1 + decisions.below(40), EMPTY),
  // Some bytes twice.
  (bytes, at, decisions) => splice(bytes, at, 0, bytes.subarray(Math.max(0, at - 1 - decisions.below(60)), at)),
  // Something nasty in between, or instead.
  (bytes, at, decisions) => splice(bytes, at, decisions.below(3), decisions.of(NASTY)),
  // A piece of another place.
  (bytes, at, decisions) => {
    const from = decisions.below(bytes.length + 1);
    return splice(bytes, at, decisions.below(30), bytes.subarray(from, from + decisions.below(60)));
  },
  // The end is missing.
  (bytes, at) => bytes.subarray(0, at),
  // A field of a header is at an edge.
  (bytes, _at, decisions, begin) => {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(decisions.of(EDGES));
    const field = decisions.of(FIELDS);
    return put(bytes, begin + field, field < 8 ? value.subarray(2) : value);
  },
  // A number of a line is at an edge.
  (bytes, _at, decisions, begin) => {
    let start = begin;
    let end = begin;
    for (let skipped = decisions.below(4); skipped >= 0; skipped--) {
      start = end;
      while (start < bytes.length && start < begin + LINE && !isDigit(bytes[start])) start++;
      end = start;
      while (end < bytes.length && isDigit(bytes[end])) end++;
    }
    return splice(bytes, start, end - start, latin1(String(decisions.of(EDGES))));
  },
];

const EMPTY = Buffer.alloc(0);

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function splice(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

function put(bytes: Buffer, at: number, instead: Buffer): Buffer {
  return splice(bytes, at, instead.length, instead);
}

/** Makes up to `most` changes. `from` are places where something begins, which are worth more than others. */
export function mutate(bytes: Buffer, decisions: Decisions, most: number, from: readonly number[] = [0]): Mutated {
  let changed = bytes;
  let intact = bytes.length;
  for (let left = decisions.below(most + 1); left > 0; left--) {
    const begin = Math.min(decisions.of(from), changed.length);
    const near = decisions.below(2) === 0 ? begin + decisions.below(28) : decisions.below(changed.length + 1);
    const before = changed;
    changed = decisions.of(CHANGES)(changed, Math.min(near, changed.length), decisions, begin);
    intact = Math.min(intact, sameUpTo(before, changed));
  }
  return { bytes: changed, intact };
}

function sameUpTo(a: Buffer, b: Buffer): number {
  const end = Math.min(a.length, b.length);
  if (a.compare(b, 0, end, 0, end) === 0) return a.length === b.length ? Number.MAX_SAFE_INTEGER : end;
  let at = 0;
  while (a[at] === b[at]) at++;
  return at;
}

/** Cuts the input into pieces: in two, anywhere, or at every byte. */
export function cut(bytes: Buffer, decisions: Decisions): Buffer[] {
  const way = decisions.below(8);
  if (way === 0) return bytes.length > 200 ? [bytes] : Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  const pieces: Buffer[] = [];
  let at = 0;
  for (let left = way; left > 1 && at < bytes.length; left--) {
    const length = 1 + decisions.below(way < 5 ? bytes.length : 60);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at < bytes.length) pieces.push(bytes.subarray(at));
  return pieces;
}
