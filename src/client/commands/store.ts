import { invalid, invalidType, isInteger } from '../../errors.ts';
import { checkThere } from '../../protocol/large.ts';
import { MAX_UINT32 } from '../../protocol/limits.ts';
import type { Op } from '../../protocol/op.ts';
import type { StoreItem, WireValue } from '../../protocol/request.ts';
import { backgroundOf, noopSerializer, type Serialized } from '../../serializers/serializer.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import type { Key } from '../keys.ts';
import { ChangeCommand, type ChangeOptions, checkCas } from './change.ts';

/** Options of `set`, `add` and `replace`. */
export interface InsertOptions extends ChangeOptions {
  /** The expiration in seconds: 0 is never; from 1,000,000,000 on it is a Unix time. @default the client's `expires` */
  expires?: number | undefined;
  /** The client flags, uint32, which come back with the value. @default 0 */
  flags?: number | undefined;
}

/** Stores a value, which may be conditional: `set`, `add`, `replace`. */
export class StoreCommand extends ChangeCommand<InsertOptions> {
  constructor(op: Op, key: Key, value: unknown, options: InsertOptions, engine: Engine) {
    super(op, key, options, engine);
    // As the caller has it, until it is prepared.
    this.value = value as WireValue;
  }

  protected override prepare(engine: Engine): void {
    const { cas } = this.options;
    if (cas !== undefined && cas !== null) this.cas = checkCas(cas);
    const made = fillItem(this, this.op, this.value, this.options, engine);
    if (made) engine.held.hold(this, made);
  }
}

/** Puts something before or behind a value: `append`, `prepend`. */
export class AppendCommand extends ChangeCommand {
  constructor(op: Op, key: Key, value: unknown, options: ChangeOptions, engine: Engine) {
    super(op, key, options, engine);
    this.value = value as WireValue;
  }

  protected override prepare(engine: Engine): void {
    super.prepare(engine);
    const value: unknown = this.value;
    if (engine.serializer === noopSerializer) this.value = checkValue(value);
    else this.value = checkValue(serialize(this.op, value, Buffer.alloc(0), engine).value);
  }
}

/** What stands behind the storing of a value. */
export type Storing = Pick<Engine, 'serializer' | 'options' | 'log'>;

type ItemToFill = Omit<StoreItem, 'value'> & { value: WireValue | undefined };

/**
 * Puts value, flags and expiration into `item`, by way of the serializer; throws what can't be stored. What the serializer
 * makes in the background is there when the promise that is returned resolves.
 */
export function fillItem(
  item: ItemToFill,
  op: Op,
  value: unknown,
  options: InsertOptions,
  engine: Storing,
): Promise<void> | undefined {
  const given = setOptions(item, options, engine);
  if (given === undefined) {
    item.value = checkValue(value);
    return undefined;
  }
  const inBackground = backgroundOf(engine.serializer);
  const made = inBackground?.(op, value, given);
  if (made instanceof Promise) return setWhenMade(item, made);
  setMade(item, made ?? serialize(op, value, given, engine));
  return undefined;
}

async function setWhenMade(item: ItemToFill, made: Promise<Serialized<unknown, unknown>>): Promise<void> {
  setMade(item, await made);
}

/** What is stored of a value, all of it made now. */
export function toItem(op: Op, value: unknown, options: InsertOptions, engine: Storing): StoreItem {
  const item: StoreItem = { value: '', flags: 0, expiration: 0 };
  const given = setOptions(item, options, engine);
  if (given === undefined) item.value = checkValue(value);
  else setMade(item, serialize(op, value, given, engine));
  return item;
}

/** Puts expiration and flags into `item`, and returns the extras for the serializer, unless that changes nothing. */
function setOptions(item: ItemToFill, { expires, flags }: InsertOptions, engine: Storing): Buffer | undefined {
  const expiration = toExpiration(expires, engine);
  // What most commands never set stands in their prototype.
  if (expiration !== 0) item.expiration = expiration;
  if (flags !== undefined && flags !== null) item.flags = checkFlags(flags);
  if (engine.serializer === noopSerializer) return undefined;
  const given = Buffer.allocUnsafe(8);
  given.writeUInt32BE(item.flags, 0);
  given.writeUInt32BE(item.expiration, 4);
  return given;
}

/** Puts what a serializer has made into `item`. */
function setMade(item: ItemToFill, { value, extras }: Serialized<unknown, unknown>): void {
  if (!(extras instanceof Uint8Array) || extras.length !== 8) {
    throw invalid('extras from the serializer', 'a Buffer of 8 bytes', extras);
  }
  item.flags = readUint32(extras, 0);
  item.expiration = readUint32(extras, 4);
  item.value = checkValue(value);
}

/** A Buffer's own method, which every `Uint8Array` may have: a Buffer of the same memory would cost more than the reading. */
function readUint32(bytes: Uint8Array, offset: number): number {
  return Buffer.prototype.readUInt32BE.call(bytes, offset);
}

function serialize(op: Op, value: unknown, extras: Buffer, { serializer }: Storing): Serialized<unknown, unknown> {
  const serialized: unknown = serializer.serialize(op, value, extras);
  if (typeof serialized === 'object' && serialized !== null) return serialized as Serialized<unknown, unknown>;
  throw invalidType('result of serialize', 'an object with value and extras', serialized);
}

function checkValue(value: unknown): WireValue {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) {
    checkThere(value);
    return value;
  }
  throw invalidType('value', 'a string, Buffer or Uint8Array', value);
}

export function checkFlags(flags: unknown): number {
  if (isInteger(flags, 0, MAX_UINT32)) return flags;
  throw invalid('flags', 'an integer from 0 to 4,294,967,295', flags);
}
