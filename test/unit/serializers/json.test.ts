import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dalliSerializer } from '../../../src/serializers/foreign/dalli.ts';
import { phpSerializer } from '../../../src/serializers/foreign/php.ts';
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
    ['a bigint inside', { count: 1n, secret: 'hunter2' }],
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

describe('what JSON would lose inside of an object', () => {
  class Order {
    lines = new Map([['hunter2', 1]]);
  }
  function* generated(): Generator<string> {
    yield 'hunter2';
  }

  it.each<[string, unknown, string]>([
    ['a Map', new Map([['hunter2', 1]]), 'Map'],
    ['a Set', new Set(['hunter2']), 'Set'],
    ['a WeakMap', new WeakMap(), 'WeakMap'],
    ['a Buffer', Buffer.from('hunter2'), 'Buffer'],
    ['a Uint8Array', Uint8Array.of(1, 2), 'Uint8Array'],
    ['a Float64Array', Float64Array.of(1, 2), 'Float64Array'],
    ['an ArrayBuffer', new ArrayBuffer(8), 'ArrayBuffer'],
    ['a DataView', new DataView(new ArrayBuffer(8)), 'DataView'],
    ['a function', () => 'hunter2', 'function'],
    ['a class', Order, 'function'],
    ['a promise', Promise.resolve('hunter2'), 'Promise'],
    ['a symbol', Symbol('hunter2'), 'symbol'],
    ['a bigint', 5n, 'bigint'],
    ['an error', new RangeError('hunter2'), 'Error'],
    ['a regular expression', /hunter2/, 'RegExp'],
    ['a generator', generated(), 'Generator'],
    ['an iterator', new Map().keys(), 'Map Iterator'],
    ['search parameters', new URLSearchParams('hunter2=1'), 'URLSearchParams'],
    ['a boxed number', Object(5), 'Number'],
    ['what toJSON gives', { toJSON: () => new Set(['hunter2']) }, 'Set'],
  ])('is refused by its path: %s', (_name, lost, kind) => {
    for (const each of [serializer, phpSerializer(), dalliSerializer({ serializer: 'json' })]) {
      const refused = (value: unknown): string =>
        thrown('ERR_INVALID_ARGUMENT', () => store(each, value as JsonInput)).message;
      const message = `Invalid value: JSON has no form for the ${kind} at `;
      expect(refused({ id: 1, user: { tags: [null, { all: lost }] } })).toContain(`${message}user.tags[1].all;`);
      expect(refused([[lost]])).toContain(`${message}[0][0];`);
      expect(refused({ 'content-type': { at: new Date(), lost } })).toContain(`${message}['content-type'].lost;`);
      expect(refused({ toJSON: () => ({ made: lost }) })).toContain(`${message}made;`);
    }
  });

  it('is refused in an instance of a class, and where a value stands at two places', () => {
    const { message } = thrown('ERR_INVALID_ARGUMENT', () => store(serializer, { order: new Order() }));
    expect(message).toContain('the Map at order.lines;');
    const shared = { id: 1 };
    const twice = { first: shared, second: { shared, bad: new Set() } };
    expect(thrown('ERR_INVALID_ARGUMENT', () => store(serializer, twice)).message).toContain(' at second.bad;');
  });

  it('is refused without names of properties that may be data, and in a line that can be read', () => {
    const names = ['hunter2@example.com', '7hunter2', 'hunter2 is secret', '5f3c9a6e-hunter2', 'x'.repeat(31), ''];
    for (const name of names) {
      const value = { sessions: { [name]: { data: new Map() } } };
      const { message } = thrown('ERR_INVALID_ARGUMENT', () => store(serializer, value));
      expect(message).toContain('the Map at sessions[…].data;');
    }
    let deep: object = { end: new Map() };
    for (let depth = 0; depth < 500; depth++) deep = { deeper: deep };
    const { message } = thrown('ERR_INVALID_ARGUMENT', () => store(serializer, deep));
    expect(message).toContain('.deeper.deeper.end;');
    expect(message.length).toBeLessThan(400);
  });

  it('is left to a replacer where there is one', () => {
    const withReplacer = jsonSerializer({ replacer: (_key, value) => value });
    expect(roundTrip(withReplacer, { map: new Map([[1, 2]]), bytes: Buffer.from('a') })).toEqual({
      map: {},
      bytes: { type: 'Buffer', data: [97] },
    });
  });
});

describe('what JSON has rules for is stored by them inside of objects', () => {
  class Account {
    owner = 'Ada';
    #balance = 5;
    get balance(): number {
      return this.#balance;
    }
    pay(): void {
      this.#balance--;
    }
  }
  function OldClass(this: { name: string }): void {
    this.name = 'Ada';
  }
  // With enumerable methods, as classes were made before there were any.
  OldClass.prototype.greet = function greet(): void {};
  const oldInstance: object = Reflect.construct(OldClass, []);

  it.each<[string, object, string]>([
    [
      'dates',
      { at: new Date(0), all: [new Date(0)] },
      '{"at":"1970-01-01T00:00:00.000Z","all":["1970-01-01T00:00:00.000Z"]}',
    ],
    ['undefined', { a: undefined, b: [undefined] }, '{"b":[null]}'],
    ['NaN and the infinities', { a: Number.NaN, b: Number.POSITIVE_INFINITY }, '{"a":null,"b":null}'],
    ['a hole in an array', { a: new Array(1) }, '{"a":[null]}'],
    ['names that are symbols', { [Symbol('a')]: 1, b: 2 }, '{"b":2}'],
    ['a class with methods and private fields', { account: new Account() }, '{"account":{"owner":"Ada"}}'],
    ['an instance with methods that are enumerable', { oldInstance }, '{"oldInstance":{"name":"Ada"}}'],
    ['an empty instance', { none: new (class None {})() }, '{"none":{}}'],
    ['no prototype', { bare: Object.assign(Object.create(null), { a: 1 }) }, '{"bare":{"a":1}}'],
    [
      'objects of another realm',
      { there: runInNewContext('({ a: [1, { b: 2 }] })') as object },
      '{"there":{"a":[1,{"b":2}]}}',
    ],
    [
      'toJSON',
      { url: new URL('http://a/'), own: { toJSON: (name: string) => name } },
      '{"url":"http://a/","own":"own"}',
    ],
    ['a Map with toJSON', { map: Object.assign(new Map([[1, 2]]), { toJSON: () => [1, 2] }) }, '{"map":[1,2]}'],
  ])('%s', (_name, value, text) => {
    expect(store(serializer, value)).toEqual({ bytes: Buffer.from(text), flags: JSON_TEXT });
  });

  it('a bigint with toJSON, as programs give it', () => {
    const toJSON = { value: (_name: string) => 'five', configurable: true };
    Object.defineProperty(BigInt.prototype, 'toJSON', toJSON);
    try {
      expect(roundTrip(serializer, { count: 5n })).toEqual({ count: 'five' });
    } finally {
      Reflect.deleteProperty(BigInt.prototype, 'toJSON');
    }
  });

  it('any JSON value has the bytes of JSON.stringify', () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
        expect(store(serializer, value).bytes.toString()).toBe(JSON.stringify(value));
      }),
    );
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
