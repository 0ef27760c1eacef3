import type { StoredItem } from '../client/get-or-set/copies.ts';
import { invalid, invalidType, MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope, Kind, type TagVersion } from './envelope.ts';

/** A value as it is about to be stored: its bytes and flags, without what it rests on. */
export interface Encoded {
  readonly kind: Kind;
  readonly payload: Buffer;
  readonly flags: number;
}

/** What a value rests on, and for how long it is good. */
export type Footing = Pick<Envelope, 'freshUntil' | 'staleFor' | 'version'> & { readonly tags: readonly TagVersion[] };

const NULL: Encoded = { kind: Kind.Null, payload: Buffer.alloc(0), flags: 0 };

/** Turns values into what is stored, and back, by the serializer of a cache. */
export class Codec {
  readonly #serializer: Serializer<unknown, unknown>;

  constructor(serializer: Serializer<unknown, unknown>) {
    this.#serializer = serializer;
  }

  /** Throws `ERR_INVALID_ARGUMENT`, or what the serializer throws. */
  encode(value: unknown): Encoded {
    if (value === null) return NULL;
    if (value === undefined) throw invalidType('value', 'anything but undefined, which is a miss', value);
    const { value: bytes, extras } = this.#serializer.serialize(Op.Set, value, Buffer.alloc(8));
    if (typeof bytes !== 'string' && !(bytes instanceof Uint8Array)) {
      throw invalidType('value from the serializer', 'a string, Buffer or Uint8Array', bytes);
    }
    if (!(extras instanceof Uint8Array) || extras.length !== 8) {
      throw invalid('extras from the serializer', 'a Buffer of 8 bytes', extras);
    }
    // In memory of its own: the caller may change what was passed as soon as it has been stored.
    return { kind: Kind.Value, payload: Buffer.from(bytes), flags: extras.readUInt32BE(0) };
  }

  /** The value for one caller; of a copy of the bytes, where others get them too. Throws what the serializer throws. */
  decode({ kind, payload, flags }: Encoded, shared: boolean): unknown {
    if (kind === Kind.Null) return null;
    const extras = Buffer.alloc(4);
    extras.writeUInt32BE(flags);
    const { value } = this.#serializer.deserialize(Op.Get, shared ? Buffer.from(payload) : payload, extras);
    if (value === undefined || value === null) {
      throw new MemcacheError(
        'ERR_UNSUPPORTED',
        'The stored value can not be read: the serializer makes nothing of it',
      );
    }
    return value;
  }
}

/** What is stored. */
export function toItem({ kind, payload, flags }: Encoded, footing: Footing): { value: Buffer; flags: number } {
  return { value: encodeEnvelope({ ...footing, kind, payload }), flags };
}

/** What was stored; none where it is not of this form. */
export function fromItem({ value, flags }: StoredItem): (Encoded & Envelope) | undefined {
  const envelope = decodeEnvelope(value);
  return envelope && { ...envelope, flags: flags.length === 4 ? flags.readUInt32BE(0) : 0 };
}
