import { readValue } from '../client/commands/read.ts';
import { type Storing, toItem as toStoreItem } from '../client/commands/store.ts';
import type { Engine } from '../client/engine.ts';
import { invalidType } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { unreadable } from '../serializers/layout.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { decodeStructured, encodeStructured } from '../serializers/structured.ts';
import { isPlainJson } from '../serializers/structured-plain.ts';
import { type Encoded, Kind } from './envelope.ts';

const NULL: Encoded = { kind: Kind.Null, payload: Buffer.alloc(0), flags: 0 };

/** Turns values into what is stored, and back, by the serializer of a cache, which is `structuredSerializer` without one. */
export class Codec {
  readonly #storing: Storing | undefined;
  /** Whether plain data is frozen, since several may get the same. */
  readonly #freezes: boolean;
  /** What several get of what was stored: read once. */
  readonly #shared = new WeakMap<Encoded, { value: unknown }>();

  constructor(serializer: Serializer<unknown, unknown> | undefined, freezes: boolean, { options, log }: Engine) {
    this.#freezes = freezes;
    this.#storing = serializer && { serializer, options, log };
  }

  /** Throws `ERR_INVALID_ARGUMENT`, or what the serializer throws. */
  encode(value: unknown): Encoded {
    if (value === null) return NULL;
    if (value === undefined) throw invalidType('value', 'anything but undefined', value);
    const { bytes, flags } = this.#storing === undefined ? encodeStructured(value) : written(this.#storing, value);
    // In memory of its own: the caller may change what was passed as soon as it has been stored.
    return { kind: Kind.Value, payload: Buffer.from(bytes), flags };
  }

  /** The value for one caller; of a copy of the bytes, where others get them too. Throws what the serializer throws. */
  decode(encoded: Encoded, shared: boolean): unknown {
    const { kind, payload, flags } = encoded;
    if (kind === Kind.Null) return null;
    const known = this.#shared.get(encoded);
    if (known !== undefined) return known.value;
    const bytes = shared ? Buffer.from(payload) : payload;
    // Nothing but this has written it, so there is nothing of other clients to be read.
    const value = this.#storing === undefined ? decodeStructured(bytes, flags) : read(this.#storing, bytes, flags);
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

function written(storing: Storing, value: unknown): { bytes: string | Uint8Array; flags: number } {
  const { value: bytes, flags } = toStoreItem(Op.Set, value, { expires: 0 }, storing);
  return { bytes, flags };
}

function read(storing: Storing, value: Buffer, flags: number): unknown {
  const extras = Buffer.alloc(4);
  extras.writeUInt32BE(flags);
  return readValue(storing, Op.Get, { value, extras }).value;
}

/** Freezes plain data through and through. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
