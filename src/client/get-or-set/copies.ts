import { Op } from '../../protocol/op.ts';
import type { StoreItem } from '../../protocol/request.ts';
import { readValue } from '../commands/read.ts';
import type { Engine } from '../engine.ts';

/** Value and flags as a server has them. */
export interface StoredItem {
  value: Buffer;
  flags: Buffer;
}

/** A value for several callers, of which each gets one of its own: what one does to it, no other sees. */
export class Copies {
  readonly #engine: Engine;
  readonly #item: StoredItem;
  readonly #first: unknown;

  /** Throws what the serializer throws. */
  constructor(engine: Engine, item: StoredItem) {
    this.#engine = engine;
    this.#item = item;
    this.#first = read(engine, item);
  }

  /** Whether the value is a kept `null`. */
  get isMiss(): boolean {
    return this.#first === null;
  }

  /** A value for one caller; to be called a last time for the last of them, since that one may share its memory. */
  take(last: boolean): unknown {
    if (last) return this.#first;
    const { value, flags } = this.#item;
    return read(this.#engine, { value: Buffer.from(value), flags: Buffer.from(flags) });
  }
}

function read(engine: Engine, { value, flags }: StoredItem): unknown {
  return readValue(engine, Op.Get, { value, extras: flags }).value;
}

/** What others will read of what is about to be stored, in memory of its own. */
export function storedOf({ value, flags }: StoreItem): StoredItem {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(flags);
  return { value: Buffer.from(value), flags: bytes };
}
