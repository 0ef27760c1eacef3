import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { ErrorCode, MemcacheError } from '../../../src/errors.ts';
import type { Serializer } from '../../../src/serializers/serializer.ts';
import { thrownBy } from '../../support/outcomes.ts';

const SET = 0x01;
const GET = 0x00;
const APPEND = 0x0e;

/** What lies on the server. */
export interface Stored {
  bytes: Buffer;
  flags: number;
}

/** Serializes for `set`, with the caller's flags. */
export function store<TIn>(serializer: Serializer<TIn, unknown>, value: TIn, flags = 0): Stored {
  const extras = Buffer.alloc(8);
  extras.writeUInt32BE(flags, 0);
  extras.writeUInt32BE(3600, 4);
  const given = Buffer.from(extras);
  const serialized = serializer.serialize(SET, value, extras);
  expect(extras).toEqual(given);
  expect(serialized.extras.readUInt32BE(4)).toBe(3600);
  return { bytes: Buffer.from(serialized.value), flags: serialized.extras.readUInt32BE(0) };
}

/** Deserializes what `get` brought, and looks that the flags come along as they were. */
export function load<TOut>(serializer: Serializer<never, TOut>, { bytes, flags }: Stored): TOut {
  const extras = Buffer.alloc(4);
  extras.writeUInt32BE(flags, 0);
  const { value, extras: after } = serializer.deserialize(GET, bytes, extras);
  expect(after.readUInt32BE(0)).toBe(flags);
  return value;
}

/** Stores and loads. */
export function roundTrip<TIn, TOut>(serializer: Serializer<TIn, TOut>, value: TIn, flags?: number): TOut {
  return load(serializer, store(serializer, value, flags));
}

/** What goes to the server for `append`. */
export function append<TIn>(serializer: Serializer<TIn, unknown>, value: TIn): string | Uint8Array {
  const { value: bytes, extras } = serializer.serialize(APPEND, value, Buffer.alloc(0));
  expect(extras.length).toBe(0);
  return bytes;
}

/** The MemcacheError that something throws, which has to have this code. */
export function thrown(code: ErrorCode, run: () => unknown): MemcacheError {
  const error = thrownBy(run);
  expect(error.code).toBe(code);
  return error;
}

/** The same value, -0, NaN and a property `__proto__` included, on which `toStrictEqual` stumbles. */
export function expectSame(value: unknown, meant: unknown): void {
  if (!isDeepStrictEqual(value, meant)) expect(value).toStrictEqual(meant);
  expect(isDeepStrictEqual(value, meant)).toBe(true);
}
