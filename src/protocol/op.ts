/**
 * What a request asks for, whatever protocol carries it. The numbers are the binary protocol's opcodes
 * (memcached's `protocol_binary.h`), because serializers are handed them; from 0x100 on they are ours.
 */
export const Op = {
  Get: 0x00,
  Set: 0x01,
  Add: 0x02,
  Replace: 0x03,
  Delete: 0x04,
  Increment: 0x05,
  Decrement: 0x06,
  Quit: 0x07,
  Flush: 0x08,
  Noop: 0x0a,
  Version: 0x0b,
  Append: 0x0e,
  Prepend: 0x0f,
  Stat: 0x10,
  Touch: 0x1c,
  GetAndTouch: 0x1d,
  SaslList: 0x20,
  SaslAuth: 0x21,
  /** A binary frame that the caller built: {@link Request.value} holds it, its opaque included. */
  Raw: 0x100,
  /** A login in text (`protocol.txt`, "Authentication"): key and value are what the server wants them to be. */
  TextAuth: 0x101,
  /** Reads {@link Request.keys}; answered by the hits, each with its index, and an end. */
  GetMulti: 0x102,
  /** Stores {@link Request.keys} and {@link Request.stores}; answered by what was refused, each with its index, and an end. */
  SetMulti: 0x103,
  /** Deletes {@link Request.keys}; answered by those that were not there or went wrong, each with its index, and an end. */
  DeleteMulti: 0x104,
  /** Reads a key and, where nothing or only something old is there, hands one asker the right to make it anew. */
  Lease: 0x105,
} as const;

export type Op = (typeof Op)[keyof typeof Op];
