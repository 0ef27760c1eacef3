import { readValue } from '../client/commands/read.ts';
import { type Storing, toItem as toStoreItem } from '../client/commands/store.ts';
import type { Engine } from '../client/engine.ts';
import { invalidType } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { unreadable, withFlags } from '../serializers/layout.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { decodeStructured, encodeStructured } from '../serializers/structured.ts';
import { isPlainJson } from '../serializers/structured-plain.ts';
import type { Encoded } from './envelope.ts';
import { NULL, VALUE } from './kind.ts';

/** Turns values into what is stored, and back, by the serializer of a cache, which is `structuredSerializer` without one. */
export class Codec {
  readonly #storing: Storing | undefined;
  /** Whether plain data is frozen, since several may get the same. */
  readonly #freezes: boolean;
  /** What several get of what was stored: read once. */
  readonly #shared = new WeakMap<Encoded, unknown>();

  constructor(serializer: Serializer<unknown, unknown> | undefined, freezes: boolean, { options, log }: Engine) {
    this.#freezes = freezes;
    this.#storing = serializer && { serializer, options, log };
  }

  /** Throws `ERR_INVALID_ARGUMENT`, or what the serializer throws. */
  encode(value: unknown): Encoded {
    if (value === null) return { kind: NULL, payload: Buffer.alloc(0), flags: 0 };
    if (value === undefined) throw invalidType('value', 'anything but undefined', value);
    let bytes: string | Uint8Array;
    let flags: number;
    if (this.#storing) ({ value: bytes, flags } = toStoreItem(Op.Set, value, { expires: 0 }, this.#storing));
    else ({ bytes, flags } = encodeStructured(value));
    // In memory of its own: the caller may change what was passed as soon as it has been stored.
    return { kind: VALUE, payload: Buffer.from(bytes), flags };
  }

  /** The value that all who read it get, where it has been read; `undefined` otherwise. */
  known(encoded: Encoded): unknown {
    return encoded.kind === NULL ? null : this.#shared.get(encoded);
  }

  /** The value for one caller; of a copy of the bytes, where others get them too. Throws what the serializer throws. */
  decode(encoded: Encoded, shared: boolean): unknown {
    const known = this.known(encoded);
    if (known !== undefined) return known;
    const { payload, flags } = encoded;
    const bytes = shared ? Buffer.from(payload) : payload;
    // Nothing but this has written it, so there is nothing of other clients to be read.
    const value = this.#storing
      ? readValue(this.#storing, Op.Get, { value: bytes, extras: withFlags(Buffer.alloc(4), flags) }).value
      : decodeStructured(bytes, flags);
    if (value === undefined || value === null) throw unreadable('the serializer makes nothing of it');
    if (this.#freezes && isPlainJson(value)) {
      deepFreeze(value);
      if (shared) this.#shared.set(encoded, value);
    }
    return value;
  }
}

/** Freezes plain data through and through. */
function deepFreeze(value: unknown): void {
  if (typeof value === 'object' && value) for (const part of Object.values(Object.freeze(value))) deepFreeze(part);
}
