import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { structuredSerializer } from '../../../src/serializers/structured.ts';
import { roundTrip, store, thrown } from './support.ts';

const serializer = structuredSerializer<unknown>();
const NAME = Symbol('name');
const named = <T extends object>(value: T): T => Object.assign(value, { name: 'x' });
const symbolic = <T extends object>(value: T): T => Object.assign(value, { [NAME]: 'x' });
const sized = <T>(length: number, item: (index: number) => T): T[] => Array.from({ length }, (_, index) => item(index));
const lastIndex = /x/g;
lastIndex.lastIndex = 3;
class Text extends String {}
class Keys extends Map<unknown, unknown> {}
class Tags extends Set<unknown> {}
class Bytes extends Uint8Array {}
class Point {
  x = 1;
}
function givenArguments(..._given: unknown[]): unknown {
  // biome-ignore lint/complexity/noArguments: it is what a caller may pass along.
  return arguments;
}

/** What JavaScript has that JSON, or JSON with tags, could pass by. */
const VALUES: Readonly<Record<string, unknown>> = {
  'an array with a name': named([1]),
  'an array of text with a name': named(['a', 'b']),
  'an empty array with a name': named([]),
  'a long array with a name': named(sized(1000, (i) => i)),
  'a long array of texts with a name': named(sized(80, String)),
  'an array of objects with a name': named([{ a: 1 }]),
  'an array of Dates with a name': named([new Date(1)]),
  'an array with a name that looks like an index': Object.assign([1], { '-1': 2, '01': 3 }),
  'an array with a symbol': symbolic([1]),
  'an array of bigints with a symbol': symbolic([1n]),
  'a long array with a symbol': symbolic(sized(1000, (i) => i)),
  'what a pattern has found': /b(.)/.exec('abc'),
  'an object with a symbol': symbolic({ a: 1 }),
  'an object with a symbol and a Date': symbolic({ a: new Date(1) }),
  'an object with a symbol alone': symbolic({}),
  'an object with a getter': { get a() { return 1; } }, // biome-ignore format: short
  'an object with a hidden property': Object.defineProperty({ a: 1 }, 'hidden', { value: 2 }),
  'a frozen object': Object.freeze({ a: Object.freeze([1]) }),
  'no prototype': Object.assign(Object.create(null), { a: 1 }),
  'no prototype, and a symbol': symbolic(Object.create(null)),
  'a prototype of the caller’s': Object.create({ a: 1 }),
  'the instance of a class': new Point(),
  arguments: givenArguments(1, 2),
  Math,
  'an Error with more': Object.assign(new Error('x'), { status: 404 }),
  'an Error without a prototype': Object.setPrototypeOf(new Error('x'), null),
  'a Date without a prototype': Object.setPrototypeOf(new Date(1), null),
  'a hole': new Array(2),
  'a hole between': Object.assign(new Array(3), { 0: 1, 2: 3 }),
  '-0': -0,
  '-0 in an array': [0, -0],
  '-0 in an object': { a: -0 },
  '-0 in a Map': new Map([[1, -0]]),
  NaN: [Number.NaN],
  'a boxed number': Object(1),
  'a boxed text': new Text('x'),
  'a boxed bigint': Object(1n),
  'a boxed symbol': Object(NAME),
  'a boxed boolean without a prototype': Object.setPrototypeOf(Object(true), null),
  'a RegExp': /x/gi,
  'a RegExp with lastIndex': lastIndex,
  'a view of larger memory': new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2),
  'a Buffer of larger memory': Buffer.from('abcdef').subarray(2, 4),
  'a typed array with a name': named(new Uint8Array(2)),
  'a long typed array with a name': named(new Float64Array(1000)),
  'a typed array with a symbol': symbolic(new Uint8Array(200)),
  'a class of typed arrays': new Bytes(2),
  'a Buffer with a name': named(Buffer.from('ab')),
  'a long Buffer with a name': named(Buffer.alloc(1000)),
  'a DataView': new DataView(new ArrayBuffer(2)),
  'a SharedArrayBuffer': new SharedArrayBuffer(2),
  'a Map with a name': named(new Map([[1, 2]])),
  'a Map with a symbol': symbolic(new Map([[1, 2]])),
  'a class of Maps': new Keys([[1, 2]]),
  'a Set with a name': named(new Set([1])),
  'a Set with a symbol': symbolic(new Set([1])),
  'a class of Sets': new Tags([1]),
  'a Date with a name': named(new Date(1)),
  'a Date with a symbol': symbolic(new Date(1)),
  'the last Date': new Date(8.64e15),
  bigints: [0n, -1n, 2n ** 64n],
  'half a surrogate pair': ['\ud800', { '\udc00': 1 }],
  'a WeakMap': new WeakMap(),
  'a URL': new URL('http://localhost/'),
  'a Promise': Promise.resolve(1),
  'an iterator': [1].values(),
  'a generator': (function* () {})(),
  'globals of the language': Intl,
  '__proto__ as a name': JSON.parse('{"__proto__":{"a":1}}'),
  'what looks like a tag': { $date: 0 },
};

const PLACES: Readonly<Record<string, (value: unknown) => unknown>> = {
  alone: (value) => value,
  'in an object': (value) => ({ a: value }),
  'in an array': (value) => ['x', value],
  'beside a Date': (value) => ({ at: new Date(1), list: [value] }),
  'in a Map': (value) => new Map([['a', { b: value }]]),
};

it.each(Object.entries(VALUES))('comes back as it went in, or is refused: %s', (_name, value) => {
  for (const place of Object.values(PLACES)) {
    const whole = place(value);
    let back: unknown;
    try {
      back = roundTrip(serializer, whole);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(/^Invalid value: /) });
      continue;
    }
    expect(isDeepStrictEqual(back, whole)).toBe(true);
  }
});

it.each([
  ['an array', named([1]), 'an array with holes, or with properties that have a name'],
  ['a long array', named(sized(1000, (i) => i)), 'an array with holes, or with properties that have a name'],
  ['a typed array', named(new Uint8Array(100)), 'properties of a Uint8Array'],
  ['a Map', symbolic(new Map()), 'properties of a Map'],
  ['an object', symbolic({ b: 1 }), 'a symbol as a name'],
])('names the place of a property that has none in its form: %s', (_name, value, what) => {
  const { message } = thrown('ERR_INVALID_ARGUMENT', () => store(serializer, { rows: [{ a: value }] }));
  expect(message).toBe(`Invalid value: there is no form for ${what} at rows[0].a`);
});

it('stores what has no such properties as plain JSON, of whatever length', () => {
  for (const length of [0, 1, 79, 80, 1000]) {
    for (const value of [sized(length, (i) => i), sized(length, String), runInNewContext(`Array(${length}).fill(1)`)]) {
      expect(store(serializer, value).bytes.toString()).toBe(JSON.stringify(value));
    }
    expect(store(serializer, Buffer.alloc(length)).bytes).toEqual(Buffer.alloc(length));
  }
});
