import { invalid, invalidType } from '../../errors.ts';
import type { Op } from '../../protocol/op.ts';
import type { StoreItem, WireValue } from '../../protocol/request.ts';
import { noopSerializer, type Serialized } from '../../serializers/serializer.ts';
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
    fillItem(this, this.op, this.value, this.options, engine);
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

/** Puts value, flags and expiration into `item`, by way of the serializer; throws what can't be stored. */
export function fillItem(
  item: Omit<StoreItem, 'value'> & { value: WireValue | undefined },
  op: Op,
  value: unknown,
  { expires, flags }: InsertOptions,
  engine: Storing,
): void {
  const expiration = toExpiration(expires, engine);
  // What most commands never set stands in their prototype.
  if (expiration !== 0) item.expiration = expiration;
  if (flags !== undefined && flags !== null) item.flags = checkFlags(flags);
  if (engine.serializer === noopSerializer) {
    item.value = checkValue(value);
    return;
  }
  const given = Buffer.alloc(8);
  given.writeUInt32BE(item.flags, 0);
  given.writeUInt32BE(item.expiration, 4);
  const { value: serialized, extras } = serialize(op, value, given, engine);
  if (!(extras instanceof Uint8Array) || extras.length !== 8) {
    throw invalid('extras from the serializer', 'a Buffer of 8 bytes', extras);
  }
  const buffer = Buffer.from(extras.buffer, extras.byteOffset, 8);
  item.flags = buffer.readUInt32BE(0);
  item.expiration = buffer.readUInt32BE(4);
  item.value = checkValue(serialized);
}

/** What is stored of a value. */
export function toItem(op: Op, value: unknown, options: InsertOptions, engine: Storing): StoreItem {
  const item: StoreItem = { value: '', flags: 0, expiration: 0 };
  fillItem(item, op, value, options, engine);
  return item;
}

function serialize(op: Op, value: unknown, extras: Buffer, { serializer }: Storing): Serialized<unknown, unknown> {
  const serialized: unknown = serializer.serialize(op, value, extras);
  if (typeof serialized === 'object' && serialized !== null) return serialized as Serialized<unknown, unknown>;
  throw invalidType('result of serialize', 'an object with value and extras', serialized);
}

function checkValue(value: unknown): WireValue {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw invalidType('value', 'a string, Buffer or Uint8Array', value);
}

export function checkFlags(flags: unknown): number {
  if (Number.isInteger(flags) && (flags as number) >= 0 && (flags as number) <= 0xffffffff) return flags as number;
  throw invalid('flags', 'an integer from 0 to 4,294,967,295', flags);
}
