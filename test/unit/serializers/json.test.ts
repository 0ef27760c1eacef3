import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dalliSerializer } from '../../../src/serializers/foreign/dalli.ts';
import { type JsonInput, type JsonOutput, jsonSerializer } from '../../../src/serializers/json.ts';
import { append, expectSame, load, roundTrip, store, thrown } from './support.ts';

const serializer = jsonSerializer();
const marked = (type: number) => (0x6d000000 | (type << 16)) >>> 0;
const BYTES = marked(1);
const STRING = marked(2);
const NUMBER = marked(3);
const BIGINT = marked(4);
const JSON_TEXT = marked(5);

describe('what went in comes back', () => {
  it.each<[string, JsonInput, number, string]>([
    ['a string', 'grüße 🎉', STRING, 'grüße 🎉'],
    ['an empty string', '', STRING, ''],
    ['a string that looks like a number', '42', STRING, '42'],
    ['a string that begins with a BOM', '\ufeffx', STRING, '\ufeffx'],
    ['half a surrogate pair', 'a\ud800', JSON_TEXT, '"a\\ud800"'],
    ['an integer', 42, NUMBER, '42'],
    ['a negative number', -1.5, NUMBER, '-1.5'],
    ['minus zero', -0, NUMBER, '-0'],
    ['NaN', Number.NaN, NUMBER, 'NaN'],
    ['infinity', Number.POSITIVE_INFINITY, NUMBER, 'Infinity'],
    ['minus infinity', Number.NEGATIVE_INFINITY, NUMBER, '-Infinity'],
    ['the largest number', Number.MAX_VALUE, NUMBER, '1.7976931348623157e+308'],
    ['the smallest number', Number.MIN_VALUE, NUMBER, '5e-324'],
    ['an integer that is not safe', 2 ** 64, NUMBER, '18446744073709552000'],
    ['a bigint', 2n ** 64n, BIGINT, '18446744073709551616'],
    ['a small negative bigint', -1n, BIGINT, '-1'],
    ['true', true, JSON_TEXT, 'true'],
    ['false', false, JSON_TEXT, 'false'],
    ['null', null, JSON_TEXT, 'null'],
    ['an object', { a: [1, 'b', null, { c: true }] }, JSON_TEXT, '{"a":[1,"b",null,{"c":true}]}'],
    ['an empty array', [], JSON_TEXT, '[]'],
  ])('%s', (_name, value, flags, text) => {
    expect(store(serializer, value)).toEqual({ bytes: Buffer.from(text), flags });
    expect(roundTrip(serializer, value)).toStrictEqual(value);
  });

  it('Buffers and Uint8Arrays, as Buffers', () => {
    const bytes = Buffer.from([0xff, 0, 0x80]);
    expect(store(serializer, bytes)).toEqual({ bytes, flags: BYTES });
    expect(roundTrip(serializer, bytes)).toEqual(bytes);
    expect(roundTrip(serializer, new Uint8Array([104, 105]))).toEqual(Buffer.from('hi'));
    expect(Buffer.isBuffer(roundTrip(serializer, new Uint8Array(0)))).toBe(true);
  });

  it('any string, number, bigint, bytes and JSON value', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `${text}\udc00`),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.boolean(),
      // JSON has no minus zero.
      fc.jsonValue().map((json) => JSON.parse(JSON.stringify(json)) as JsonInput),
    );
    fc.assert(fc.property(value, fc.nat(0xffff), (any, own) => expectSame(roundTrip(serializer, any, own), any)));
  });

  it('what classes and toJSON make of themselves', () => {
    class User {
      name = 'Ada';
    }
    expect(roundTrip(serializer, new User())).toEqual({ name: 'Ada' });
    expect(roundTrip(serializer, new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(roundTrip(serializer, Object.create(null) as object)).toEqual({});
  });

  it('what a replacer and a reviver agree on', () => {
    const withMaps = jsonSerializer({
      replacer: (_key, value) => (value instanceof Map ? { map: [...value] } : value),
      reviver: (_key, value) => (isMap(value) ? new Map(value.map) : value),
    });
    const isMap = (value: unknown): value is { map: [unknown, unknown][] } =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, 'map');
    const value = new Map([['a', new Map([[1, 2]])]]);
    expect(roundTrip(withMaps, value)).toEqual(value);
  });
});

it('has types for what goes in and comes out', () => {
  interface User {
    name: string;
    age?: number;
  }
  const user: User = { name: 'Ada' };
  // Interfaces have no index signature, which JsonValue would ask for.
  const any: JsonOutput | null = roundTrip(serializer, user);
  const typed: User | null = roundTrip(jsonSerializer<User, User>(), user);
  expect(any).toEqual(typed);
  // @ts-expect-error: undefined is no value
  const refused = () => serializer.serialize(1, undefined, Buffer.alloc(8));
  thrown('ERR_INVALID_ARGUMENT', refused);
});

describe('what can not be kept is refused', () => {
  const cyclic: { self?: unknown; secret: string } = { secret: 'hunter2' };
  cyclic.self = cyclic;
  const throwing = {
    toJSON() {
      throw new TypeError('not today');
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => 'hunter2'],
    ['a symbol', Symbol('hunter2')],
    ['something cyclic', cyclic],
    ['a bigint inside', { hunter2: 1n }],
    ['a Map', new Map([['hunter2', 1]])],
    ['a Set', new Set(['hunter2'])],
    ['a Promise', Promise.resolve()],
    ['an error', new Error('hunter2')],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['numbers in a typed array', new Float64Array(2)],
    ['a boxed string', Object('hunter2')],
    ['a toJSON that throws', throwing],
    ['a toJSON that gives undefined', { toJSON: () => undefined }],
    ['a revoked proxy', revoked.proxy],
  ])('%s', (_name, value) => {
    const { message } = thrown('ERR_INVALID_ARGUMENT', () => store(serializer, value as JsonInput));
    expect(message).not.toContain('hunter2');
  });

  it('keeps the error of the caller’s own code as the cause', () => {
    expect(thrown('ERR_INVALID_ARGUMENT', () => store(serializer, throwing)).cause).toBeInstanceOf(TypeError);
  });

  it('depth past what the stack holds', () => {
    let deep: unknown[] = [];
    for (let depth = 0; depth < 1e5; depth++) deep = [deep];
    thrown('ERR_INVALID_ARGUMENT', () => store(serializer, deep));
  });

  it('wrong options', () => {
    thrown('ERR_INVALID_ARGUMENT', () => jsonSerializer({ unmarked: 'utf8' as 'auto' }));
  });
});

describe('flags', () => {
  it('leave the lower half to the caller', () => {
    expect(store(serializer, 'x', 0xbeef).flags).toBe(STRING + 0xbeef);
    expect(roundTrip(serializer, { a: 1 }, 0xffff)).toEqual({ a: 1 });
  });

  it('of the upper half are refused', () => {
    for (const flags of [0x10000, 0x80000000, STRING]) {
      const { message } = thrown('ERR_INVALID_ARGUMENT', () => store(serializer, 'x', flags));
      expect(message).toContain('0xffff0000');
    }
  });
});

describe('values of other clients', () => {
  const text = Buffer.from('grüße');
  const binary = Buffer.from([0xff, 0xfe]);

  it.each([0, 1, 2, 8, 16, 0xffff, 0x10000, 0x6c020000, 0xdeadbeef])('with flags %i: UTF-8 is a string', (flags) => {
    expect(load(serializer, { bytes: text, flags })).toBe('grüße');
    expect(load(serializer, { bytes: binary, flags })).toEqual(binary);
    expect(load(serializer, { bytes: Buffer.alloc(0), flags })).toBe('');
  });

  it('a counter that the server made shorter is its digits alone; all else keeps its spaces', () => {
    const ofServer = (bytes: string): unknown[] =>
      [serializer, jsonSerializer({ unmarked: 'string' }), dalliSerializer()].map((each) =>
        load(each, { bytes: Buffer.from(bytes), flags: 0 }),
      );
    expect(ofServer('9 ')).toEqual(['9', '9', '9']);
    expect(ofServer('0                   ')).toEqual(['0', '0', '0']);
    for (const text of [' 9', '9', '9  x', '-9 ', '9\n', ' ', 'nine ', '9'.repeat(20).concat(' ')]) {
      expect(ofServer(text)).toEqual([text, text, text]);
    }
    expect(load(jsonSerializer({ unmarked: 'buffer' }), { bytes: Buffer.from('9 '), flags: 0 })).toEqual(
      Buffer.from('9 '),
    );
    expect(roundTrip(serializer, '9 ')).toBe('9 ');
  });

  it('as the option says', () => {
    const stored = { bytes: text, flags: 1 };
    expect(load(jsonSerializer({ unmarked: 'buffer' }), stored)).toEqual(text);
    expect(load(jsonSerializer({ unmarked: 'string' }), { bytes: binary, flags: 0 })).toBe('\ufffd\ufffd');
    const own = jsonSerializer({ unmarked: (bytes, flags) => (flags === 1 ? { given: String(bytes) } : null) });
    expect(load(own, stored)).toEqual({ given: 'grüße' });
    expect(roundTrip(own, 'ours')).toBe('ours');
  });

  it('an error of the option’s function has a code', () => {
    const failing = jsonSerializer({ unmarked: (bytes) => JSON.parse(String(bytes)) as unknown });
    thrown('ERR_UNSUPPORTED', () => load(failing, { bytes: text, flags: 0 }));
    const outer = jsonSerializer({
      unmarked: () => {
        throw thrown('ERR_UNSUPPORTED', () => load(serializer, { bytes: text, flags: NUMBER }));
      },
    });
    thrown('ERR_UNSUPPORTED', () => load(outer, { bytes: text, flags: 0 }));
  });

  it('a miss stays null', () => {
    expect(serializer.deserialize(0, null, Buffer.alloc(0)).value).toBeNull();
  });
});

describe('counters', () => {
  it('may have got shorter, and have spaces behind them', () => {
    expect(load(serializer, { bytes: Buffer.from('9 '), flags: NUMBER })).toBe(9);
    expect(load(serializer, { bytes: Buffer.from('0   '), flags: BIGINT })).toBe(0n);
  });

  it('past 2^53 − 1 are an error as numbers, and exact as bigints', () => {
    const bytes = Buffer.from('18446744073709551615');
    thrown('ERR_COUNTER_RANGE', () => load(serializer, { bytes, flags: NUMBER }));
    expect(load(serializer, { bytes, flags: BIGINT })).toBe(2n ** 64n - 1n);
  });
});

describe('append and prepend', () => {
  it('take strings and bytes', () => {
    expect(append(serializer, 'é')).toBe('é');
    expect(append(serializer, Buffer.from('x'))).toEqual(Buffer.from('x'));
  });

  it.each<[string, JsonInput]>([
    ['a number', 1],
    ['an object', {}],
    ['null', null],
    ['half a surrogate pair', '\ud800'],
  ])('refuse %s', (_name, value) => {
    thrown('ERR_INVALID_ARGUMENT', () => append(serializer, value));
  });

  it('bytes behind a string that are no UTF-8 make it a Buffer', () => {
    const bytes = Buffer.concat([Buffer.from('é'), Buffer.from([0xff])]);
    expect(load(serializer, { bytes, flags: STRING })).toEqual(bytes);
  });
});

describe('bytes that are not what their flags say', () => {
  it.each<[string, number, string]>([
    ['no number', NUMBER, 'hunter2'],
    ['an empty number', NUMBER, ''],
    ['a hexadecimal number', NUMBER, '0x10'],
    ['a number with a space before it', NUMBER, ' 1'],
    ['no bigint', BIGINT, 'hunter2'],
    ['a bigint with a point', BIGINT, '1.5'],
    ['no JSON', JSON_TEXT, 'hunter2'],
    ['JSON with something behind it', JSON_TEXT, '{}hunter2'],
    ['a type of the future', marked(6), 'hunter2'],
    ['the mark alone', marked(0), 'hunter2'],
    ['something compressed', STRING + 0x100000, 'hunter2'],
  ])('%s', (_name, flags, text) => {
    const error = thrown('ERR_UNSUPPORTED', () => load(serializer, { bytes: Buffer.from(text), flags }));
    expect(error.message).not.toContain('hunter2');
    expect(error.cause).toBeUndefined();
    expect(error.connectionSurvives).toBe(true);
  });

  it('JSON that is not UTF-8', () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    thrown('ERR_UNSUPPORTED', () => load(serializer, { bytes, flags: JSON_TEXT }));
  });

  it('a reviver that fails is the cause', () => {
    const failing = jsonSerializer({
      reviver: () => {
        throw new RangeError('mine');
      },
    });
    expect(thrown('ERR_UNSUPPORTED', () => roundTrip(failing, {})).cause).toBeInstanceOf(RangeError);
  });
});

describe('__proto__ in JSON', () => {
  const poison = { bytes: Buffer.from('{"__proto__":{"admin":true},"constructor":{"prototype":1}}'), flags: JSON_TEXT };

  it('is a property like any other', () => {
    const value = load(serializer, poison) as { admin?: boolean };
    expect(value.admin).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expectSame(roundTrip(serializer, value), value);
  });

  it('can be taken out by a reviver', () => {
    const strict = jsonSerializer({ reviver: (key, value) => (key === '__proto__' ? undefined : value) });
    expect(Object.keys(load(strict, poison) as object)).toEqual(['constructor']);
  });
});
