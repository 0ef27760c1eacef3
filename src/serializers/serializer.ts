/** A value and the extras of the binary protocol that go with it. */
export interface Serialized<TValue, TExtras = Buffer> {
  value: TValue;
  extras: TExtras;
}

/**
 * Turns the caller's values into bytes and back. `opcode` and `extras` are those of the binary protocol, whatever
 * protocol is spoken: for set, add and replace the extras are the client flags and the expiration, four bytes each;
 * for append and prepend there are none; for what was read they are the four bytes of the flags.
 */
export interface Serializer<TIn, TOut> {
  serialize(opcode: number, value: TIn, extras: Buffer): Serialized<string | Uint8Array>;
  deserialize(opcode: number, value: Buffer | null, extras: Buffer): Serialized<TOut>;
}

/** Passes everything unchanged. */
export const noopSerializer: Serializer<string | Uint8Array, Buffer | null> = {
  serialize: (_opcode, value, extras) => ({ value, extras }),
  deserialize: (_opcode, value, extras) => ({ value, extras }),
};

type Serialize = (opcode: number, value: unknown, extras: Buffer) => Serialized<string | Uint8Array>;

/** The same as a `serialize`, with what takes long done in the background. */
export type SerializeInBackground = (
  opcode: number,
  value: unknown,
  extras: Buffer,
) => Serialized<string | Uint8Array> | Promise<Serialized<string | Uint8Array>>;

/** By the function, so that who wraps a serializer in one of their own has what that does, and nothing else. */
const inBackground = new WeakMap<Serialize, SerializeInBackground>();

/** Gives a serializer a way to do its work in the background; a client takes it where there is one. */
export function setBackground(serialize: Serialize, background: SerializeInBackground): void {
  inBackground.set(serialize, background);
}

export function backgroundOf({ serialize }: { serialize: Serialize }): SerializeInBackground | undefined {
  return inBackground.get(serialize);
}
