import { Op } from '../protocol/op.ts';
import type { CommandHost } from './command.ts';
import { readValue } from './retrieval.ts';
import { ChangeCommand, fillInsert } from './storage.ts';

/** Value and flags as a server has them. */
export interface StoredItem {
  value: Buffer;
  flags: Buffer;
}

/** A value for several callers, of which each gets one of its own: what one does to it, no other sees. */
export class Copies {
  readonly #host: CommandHost;
  readonly #item: StoredItem;
  readonly #first: unknown;

  /** Throws what the serializer throws. */
  constructor(host: CommandHost, item: StoredItem) {
    this.#host = host;
    this.#item = item;
    this.#first = read(host, item);
  }

  /** A value for one caller; to be called a last time for the last of them, since that one may share its memory. */
  take(last: boolean): unknown {
    if (last) return this.#first;
    const { value, flags } = this.#item;
    return read(this.#host, { value: Buffer.from(value), flags: Buffer.from(flags) });
  }
}

function read(host: CommandHost, { value, flags }: StoredItem): unknown {
  return readValue(host, Op.Get, { value, extras: flags }).value;
}

/** What a value comes to when it is stored. Throws what can't be. */
export function toStored(host: CommandHost, value: unknown): StoredItem {
  const command = new ChangeCommand(Op.Set, '', host);
  fillInsert(command, value, { expires: 0 }, host);
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(command.flags);
  return { value: Buffer.from(command.value as string | Uint8Array), flags };
}
