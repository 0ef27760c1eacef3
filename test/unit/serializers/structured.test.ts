import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressed } from '../../../src/serializers/compress.ts';
import { jsonSerializer } from '../../../src/serializers/json.ts';
import { type StructuredInput, structuredSerializer } from '../../../src/serializers/structured.ts';
import { append, expectSame, load, roundTrip, store, thrown } from './support.ts';

const serializer = structuredSerializer();
/** What the types refuse. */
const anything = structuredSerializer<unknown>();
const marked = (type: number) => (0x6d000000 | (type << 16)) >>> 0;
const BYTES = marked(1);
const PLAIN = marked(5);
const TAGGED = marked(6);
const tagged = (text: string) => ({ bytes: Buffer.from(text), flags: TAGGED });
const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as StructuredInput;

describe('what went in comes back', () => {
  it.each<[string, StructuredInput, string]>([
    ['undefined', undefined, '{"$undefined":true}'],
    ['NaN', Number.NaN, '{"$number":"NaN"}'],
    ['minus infinity', Number.NEGATIVE_INFINITY, '{"$number":"-Infinity"}'],
    ['minus zero', [-0], '[{"$number":"-0"}]'],
    ['a number after others', [1, 2, Number.POSITIVE_INFINITY, 3], '[1,2,{"$number":"Infinity"},3]'],
    ['a bigint', { id: -(2n ** 70n) }, '{"id":{"$bigint":"-1180591620717411303424"}}'],
    ['a Date', { at: new Date(5) }, '{"at":{"$date":5}}'],
    ['a Map', new Map<unknown, unknown>([[{ a: 1 }, new Set(['x'])]]), '{"$map":[[{"a":1},{"$set":["x"]}]]}'],
    ['an empty Set', new Set(), '{"$set":[]}'],
    ['a nested Buffer', [Buffer.from('hi')], '[{"$buffer":"aGk="}]'],
    ['a Uint8Array', new Uint8Array([1, 2]), '{"$Uint8Array":"AQI="}'],
    ['a Float64Array', new Float64Array([1, Number.NaN]), '{"$Float64Array":"AAAAAAAA8D8AAAAAAAD4fw=="}'],
    ['a BigInt64Array', { a: new BigInt64Array([-1n]) }, '{"a":{"$BigInt64Array":"//////////8="}}'],
    ['no prototype', Object.assign(Object.create(null), { $date: 1 }), '{"$dictionary":{"$date":1}}'],
    ['what looks like a tag', [{ $date: 0 }, undefined], '[{"$$date":0},{"$undefined":true}]'],
    ['what looks like an escape', [{ $$a: 0n }], '[{"$$$a":{"$bigint":"0"}}]'],
    ['two names with dollars', [{ $date: 0, $set: [] }, undefined], '[{"$date":0,"$set":[]},{"$undefined":true}]'],
  ])('%s', (_name, value, text) => {
    expect(store(serializer, value)).toEqual(tagged(text));
    expectSame(roundTrip(serializer, value), value);
  });

  it('an invalid Date', () => {
    expect(store(serializer, new Date(Number.NaN))).toEqual(tagged('{"$date":null}'));
    expect(roundTrip(serializer, new Date(Number.NaN))).toEqual(new Date(Number.NaN));
  });

  it('a Buffer, as its bytes', () => {
    expect(store(serializer, Buffer.from([255]))).toEqual({ bytes: Buffer.from([255]), flags: BYTES });
    expectSame(roundTrip(serializer, Buffer.from([255])), Buffer.from([255]));
  });

  it('typed arrays that begin in the middle of their memory', () => {
    const floats = new Float32Array(new Float32Array([1, 2, 3, 4]).buffer, 4, 2);
    expectSame(roundTrip(serializer, [floats]), [new Float32Array([2, 3])]);
  });

  it('plain JSON, in the bytes of JSON.stringify', () => {
    const looksTagged = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom('$date', '$$', '__proto__'), fc.jsonValue()),
    );
    fc.assert(
      fc.property(looksTagged, (value) => {
        const json = JSON.parse(JSON.stringify(value)) as StructuredInput;
        expect(store(serializer, json)).toEqual({ bytes: Buffer.from(JSON.stringify(json)), flags: PLAIN });
        expectSame(roundTrip(serializer, json), json);
        expectSame(load(jsonSerializer(), store(serializer, json)), json);
      }),
      { numRuns: 150 },
    );
  });

  it('anything of the kinds that it knows, at any depth', () => {
    const key = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', '$map', '$$x', 'a'),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.bigInt()),
        fc.constantFrom(null, undefined, Number.NaN, -0, 'a\ud800'),
        fc.date({ noInvalidDate: true }),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.oneof(fc.uint8Array(), fc.int16Array(), fc.uint32Array(), fc.float32Array(), fc.float64Array()),
        fc.bigInt64Array(),
        fc.array(tie('value')),
        fc.dictionary(key, tie('value'), { noNullPrototype: false }),
        fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
        fc.array(tie('value')).map((items) => new Set(items)),
      ),
    }));
    fc.assert(
      fc.property(value, (each) => expectSame(roundTrip(anything, each), each)),
      { numRuns: 500 },
    );
  });

  it('objects of another realm', () => {
    const value = runInNewContext('({ a: [1, { b: 2 }], at: new Date(3), map: new Map([[1, new Uint8Array(1)]]) })');
    const plain = { a: [1, { b: 2 }], at: new Date(3), map: new Map([[1, new Uint8Array(1)]]) };
    expectSame(roundTrip(anything, value), plain);
    expect(store(anything, runInNewContext('[{ a: [1] }]'))).toEqual({
      bytes: Buffer.from('[{"a":[1]}]'),
      flags: PLAIN,
    });
  });

  it('what holds the same object twice', () => {
    const shared = { at: new Date(1) };
    expectSame(roundTrip(serializer, [shared, shared]), [shared, shared]);
  });

  it('1,000 levels', () => {
    expectSame(roundTrip(serializer, nested(1000)), nested(1000));
    let value: unknown = 1n;
    for (let level = 0; level < 1000; level++) value = level % 2 ? new Map([[value, 1]]) : [value];
    expect(store(anything, value).flags).toBe(TAGGED);
    let found = roundTrip(anything, value);
    for (let level = 1000; level-- > 0; )
      found = level % 2 ? [...(found as Map<unknown, unknown>).keys()][0] : (found as unknown[])[0];
    expect(found).toBe(1n);
  });

  it('compressed', () => {
    const value = { list: Array.from({ length: 2000 }, (_, i) => new Date(i)) };
    expectSame(roundTrip(compressed(serializer), value), value);
  });

  it('what jsonSerializer wrote', () => {
    for (const value of ['text', 1.5, 5n, true, { a: 1 }]) {
      expectSame(load(serializer, store(jsonSerializer(), value)), value);
    }
    expect(load(serializer, { bytes: Buffer.from('of others'), flags: 0 })).toBe('of others');
  });

  it('what it is given stays as it was', () => {
    const value = Object.freeze({ a: Object.freeze([undefined, Object.freeze({ $b: new Date(1) })]) });
    expectSame(roundTrip(serializer, value), { a: [undefined, { $b: new Date(1) }] });
    expect(append(serializer, 'x')).toBe('x');
  });
});

class Point {
  x = 1;
}
class Moment extends Date {}
class List extends Array {}

describe('what would not come back is refused, by its place', () => {
  const cyclic: Record<string, unknown> = { a: {} };
  cyclic.a = [cyclic];
  const deep: unknown[] = [];
  it.each<[string, unknown, string]>([
    ['a function', { a: [{ b: () => 1 }] }, 'there is no form for the function at a[0].b'],
    ['a function by itself', () => 1, 'there is no form for the function'],
    ['a symbol', { a: Symbol('s') }, 'there is no form for the symbol at a'],
    ['a symbol as a name', { [Symbol('s')]: 1 }, 'there is no form for a symbol as a name'],
    ['the instance of a class', { a: new Point() }, 'there is no form for the instance of a class at a'],
    ['the instance of a class of Dates', [new Moment()], 'there is no form for the Date at [0]'],
    ['the instance of a class of arrays', { a: new List() }, 'there is no form for the instance of a class at a'],
    ['an Error', { a: new Error('secret') }, 'there is no form for the Error at a'],
    ['a Promise', { a: Promise.resolve() }, 'there is no form for the Promise at a'],
    ['a RegExp in a Map', { a: new Map([['secret', /x/]]) }, 'there is no form for the RegExp at a[…]'],
    ['an ArrayBuffer', { a: new ArrayBuffer(1) }, 'there is no form for the ArrayBuffer at a'],
    ['a boxed string', { a: Object('secret') }, 'there is no form for the String at a'],
    ['an own toJSON', { a: { toJSON: () => 1 } }, 'there is no form for the function at a.toJSON'],
    ['a cycle', cyclic, 'what holds itself has no form: there is a cycle at a[0]'],
    ['a Map that holds itself', deep, 'what holds itself has no form: there is a cycle at [0][…]'],
    [
      'an array with holes',
      { a: new Array(2) },
      'there is no form for an array with holes, or with properties that have a name at a',
    ],
    ['properties of a Map', { a: Object.assign(new Map(), { b: 1 }) }, 'there is no form for properties of a Map at a'],
    ['a name that is data', { 'ada@example.com': { b: () => 1 } }, 'there is no form for the function at […].b'],
    ['a name that is long', { [`a${'b'.repeat(30)}`]: () => 1 }, 'there is no form for the function at […]'],
    ['1,001 levels', nested(1001), `it is nested more than 1000 levels deep at …${'[0]'.repeat(100).slice(-200)}`],
    ['a huge bigint', { a: 10n ** 100_001n }, 'there is no form for a bigint of over 100000 digits at a'],
  ])('%s', (_name, value, reason) => {
    if (value === deep) deep[0] ??= new Map([[1, deep]]);
    const error = thrown('ERR_INVALID_ARGUMENT', () => store(anything, value));
    expect(error.message).toBe(`Invalid value: ${reason}`);
  });

  it('and so is what a getter throws', () => {
    const value = { get a() { throw new Error('mine'); } }; // biome-ignore format: short
    const error = thrown('ERR_INVALID_ARGUMENT', () => store(anything, value));
    expect((error.cause as Error).message).toBe('mine');
  });
});

describe('what is read', () => {
  const refused = (text: string, flags = TAGGED) =>
    thrown('ERR_UNSUPPORTED', () => load(serializer, { bytes: Buffer.from(text), flags }));

  it.each([
    '{"$undefined":1}',
    '{"$number":1}',
    '{"$number":"1e5"}',
    '{"$bigint":"1.5"}',
    '{"$bigint":7}',
    `{"$bigint":"${'9'.repeat(100_001)}"}`,
    '{"$date":8640000000000001}',
    '{"$date":"2020"}',
    '{"$date":0.5}',
    '{"$map":{}}',
    '{"$map":[[1]]}',
    '{"$map":[[1,2,3]]}',
    '{"$map":[[1,2],[1,3]]}',
    '{"$set":[1,1]}',
    '{"$set":{"length":4294967295}}',
    '{"$buffer":"a"}',
    '{"$buffer":"!!!!"}',
    '{"$buffer":{"length":1e9}}',
    '{"$Float64Array":"AAAA"}',
    '{"$Uint16Array":"AA=="}',
    '{"$dictionary":[1]}',
    '{"$dictionary":null}',
    '{"$constructor":1}',
    '{"$__proto__":1}',
    '{"$":1}',
    '[{"$future":1}]',
    '{"a":',
    '\xff',
  ])('is an error where it is none of the forms: %.40s', (text) => {
    const { message } = refused(text);
    expect(message).toMatch(/^The stored value can't be read: /);
  });

  it.each([
    ['plain', PLAIN, '['.repeat(1001) + ']'.repeat(1001)],
    ['plain, with text that looks like less', PLAIN, `["]\\"]]]",${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}]`],
    ['plain and far deeper', PLAIN, '['.repeat(200_000) + ']'.repeat(200_000)],
    ['tagged', TAGGED, '['.repeat(1001) + ']'.repeat(1001)],
    ['tagged, in Sets', TAGGED, '{"$set":['.repeat(1001) + ']}'.repeat(1001)],
    ['tagged and far deeper', TAGGED, `${'{"$$a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ])('is an error over 1,000 levels: %s', (_name, flags, text) => {
    expect(refused(text, flags).message).toBe(
      "The stored value can't be read: it is nested more than 1000 levels deep",
    );
  });

  it('may have brackets in its text, and many side by side', () => {
    const value = { text: `${'['.repeat(3000)}"\\"[[\\\\`, list: Array.from({ length: 3000 }, () => [{}]) };
    expectSame(roundTrip(serializer, value), value);
  });

  it('pollutes nothing', () => {
    const hostile =
      '[{"__proto__":{"polluted":{"$date":1}}},{"$dictionary":{"__proto__":{"polluted":1}}},{"$undefined":true}]';
    const [object, dictionary] = load(serializer, tagged(hostile)) as [object, object];
    for (const found of [object, dictionary, {}]) expect(Reflect.get(found, 'polluted')).toBeUndefined();
    expect(Object.keys(object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(Object.keys(dictionary)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(dictionary)).toBeNull();
  });

  it('is a counter where the server has counted', () => {
    expect(load(serializer, { bytes: Buffer.from('9 '), flags: PLAIN })).toBe(9);
    expect(load(serializer, { bytes: Buffer.from('9007199254740992'), flags: PLAIN })).toBe(2 ** 53);
    thrown('ERR_COUNTER_RANGE', () => load(serializer, { bytes: Buffer.from('9007199254740993'), flags: PLAIN }));
  });
});
