import { readValue } from '../client/commands/read.ts';
import { type Storing, toItem as toStoreItem } from '../client/commands/store.ts';
import type { Engine } from '../client/engine.ts';
import type { StoredItem } from '../client/get-or-set/copies.ts';
import { invalidType } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { unreadable } from '../serializers/layout.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { decodeStructured, encodeStructured } from '../serializers/structured.ts';
import { isPlainJson } from '../serializers/structured-plain.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope, Kind } from './envelope.ts';

/** A value as it is about to be stored: its bytes and flags, without what it rests on. */
export interface Encoded {
  readonly kind: Kind;
  readonly payload: Buffer;
  readonly flags: number;
}

/** What was stored of a value, and what it rests on. */
export type Stored = Encoded &
  Envelope & {
    /** The index of a value that is stored in parts. */
    readonly index?: string;
  };

/** What a value rests on, and for how long it is good. */
export type Footing = Pick<Envelope, 'freshUntil' | 'staleFor' | 'version' | 'tags'>;

const NULL: Encoded = { kind: Kind.Null, payload: Buffer.alloc(0), flags: 0 };

/** What `structuredSerializer` does, without what it reads of others: here nothing but this has written. */
const STRUCTURED: Serializer<unknown, unknown> = {
  serialize(_opcode, value, extras) {
    const { bytes, flags } = encodeStructured(value);
    extras.writeUInt32BE(flags >>> 0);
    return { value: bytes, extras };
  },
  deserialize: (_opcode, value, extras) => ({ value: decodeStructured(value as Buffer, extras.readInt32BE()), extras }),
};

/** Turns values into what is stored, and back, by the serializer of a cache. */
export class Codec {
  readonly #storing: Storing;
  /** Whether plain data is frozen, since several may get the same. */
  readonly #freezes: boolean;
  /** What several get of what was stored: read once. */
  readonly #shared = new WeakMap<Encoded, { value: unknown }>();

  constructor(serializer: Serializer<unknown, unknown> | undefined, freezes: boolean, { options, log }: Engine) {
    this.#freezes = freezes;
    this.#storing = { serializer: serializer ?? STRUCTURED, options, log };
  }

  /** Throws `ERR_INVALID_ARGUMENT`, or what the serializer throws. */
  encode(value: unknown): Encoded {
    if (value === null) return NULL;
    if (value === undefined) throw invalidType('value', 'anything but undefined', value);
    const { value: bytes, flags } = toStoreItem(Op.Set, value, { expires: 0 }, this.#storing);
    // In memory of its own: the caller may change what was passed as soon as it has been stored.
    return { kind: Kind.Value, payload: Buffer.from(bytes), flags };
  }

  /** The value for one caller; of a copy of the bytes, where others get them too. Throws what the serializer throws. */
  decode(encoded: Encoded, shared: boolean): unknown {
    const { kind, payload, flags } = encoded;
    if (kind === Kind.Null) return null;
    const known = this.#shared.get(encoded);
    if (known !== undefined) return known.value;
    const extras = Buffer.alloc(4);
    extras.writeUInt32BE(flags);
    const { value } = readValue(this.#storing, Op.Get, { value: shared ? Buffer.from(payload) : payload, extras });
    if (value === undefined || value === null) {
      throw unreadable('the serializer makes nothing of it');
    }
    if (!this.#freezes || !isPlainJson(value)) return value;
    deepFreeze(value);
    if (shared) this.#shared.set(encoded, { value });
    return value;
  }

  /** Whether all who read it get the same, frozen. */
  isShared(encoded: Encoded): boolean {
    return encoded.kind === Kind.Null || this.#shared.has(encoded);
  }
}

/** Freezes plain data through and through. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}

/** What is stored. */
export function toItem({ kind, payload, flags }: Encoded, footing: Footing): { value: Buffer; flags: number } {
  return { value: encodeEnvelope({ ...footing, kind, payload }), flags };
}

/** What was stored; none where it is not of this form. */
export function fromItem({ value, flags }: StoredItem): Stored | undefined {
  const envelope = decodeEnvelope(value);
  return envelope && { ...envelope, flags: flags.length === 4 ? flags.readUInt32BE(0) : 0 };
}
